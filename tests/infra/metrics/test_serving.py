"""Where metrics are shown: at the address named, on the loopback unless told, or nowhere."""

import socket
from urllib.request import urlopen

import pytest

from infra.metrics.counters import OTHER, STEPS, code_label, show_from_start
from infra.metrics.serving import Metrics
from schemas.errors import DamagedTextError, SettingsError


def a_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def listens(host: str, port: int) -> bool:
    """Whether somebody answers there."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


@pytest.mark.parametrize("address", ["", "nowhere", "127.0.0.1", ":", "1.2.3.4:99999", "h:1/path"])
def test_an_address_that_is_none_stops_the_start(address: str) -> None:
    """A sentence that says what one looks like; an empty one is as none."""
    if not address:
        assert Metrics(address).runtime
        return
    with pytest.raises(SettingsError, match="SAFEPATH_METRICS_ADDRESS is host:port"):
        Metrics(address)


@pytest.mark.parametrize("form", ["{port}", ":{port}", "127.0.0.1:{port}", "localhost:{port}"])
def test_metrics_are_shown_on_the_loopback_unless_told(form: str) -> None:
    """A port alone is one of this machine; when the block ends, nobody listens."""
    port = a_port()
    show_from_start(["deliver_packet"])
    with Metrics(form.format(port=port)).shown():
        with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            text = answer.read().decode()
        assert not listens("127.0.0.2", port)
    assert 'safepath_steps_total{activity="deliver_packet",code="done"}' in text
    assert not listens("127.0.0.1", port)


def test_an_address_that_is_taken_stops_the_start() -> None:
    """Two workers with one address: whoever starts the second is told."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(SettingsError, match="Nothing can listen at SAFEPATH_METRICS_ADDRESS"),
        Metrics(f"127.0.0.1:{server.getsockname()[1]}").shown(),
    ):
        pytest.fail("it listens where somebody else does")


def test_a_code_that_is_not_ours_is_no_label() -> None:
    """Types of foreign exceptions are many, and may be named after anything."""
    assert DamagedTextError.code == code_label(DamagedTextError.code)
    assert "already_shared" == code_label("already_shared")
    assert (OTHER, OTHER) == (code_label("ZuleikaDobsonError"), code_label(None))


def test_what_nobody_raised_is_shown_as_nothing() -> None:
    """Else the first rise would be seen by nobody."""
    show_from_start(["send_contact"])
    shown = [s.labels for family in STEPS.collect() for s in family.samples]
    assert {"activity": "send_contact", "code": "key_unavailable"} in shown
