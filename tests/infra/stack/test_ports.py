"""Ports: as wished, as last time, or free; refusals are sentences."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.stack.ports import choose_ports
from infra.stack.state import Ports
from schemas.errors import BadInputError, StackError
from tests.infra.stack.standins import REPOSITORY

_FIRST_FREE_FOR_ALL = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
_WITHOUT_PRIVILEGE = """
import os
from infra.stack.ports import choose_ports
from infra.stack.state import Ports
from schemas.errors import StackError
if os.geteuid() == 0:
    os.setgroups([])
    os.setuid(65534)
try:
    choose_ports(Ports(ui=80), Ports())
except StackError as error:
    print(error)
"""


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_every_listener_gets_a_port_of_its_own() -> None:
    """Free ones, all different."""
    chosen = choose_ports(Ports(), Ports()).model_dump().values()
    assert len(Ports.model_fields) == len(set(chosen))
    assert all(chosen)


def test_ports_stay_as_they_were_last_time() -> None:
    """So that bookmarks and shells still work."""
    last = choose_ports(Ports(), Ports())
    assert last == choose_ports(Ports(), last)


def test_a_port_used_last_time_and_taken_since_gives_way_to_a_free_one(taken: int) -> None:
    """Nobody asked for it by name, so no refusal."""
    chosen = choose_ports(Ports(), Ports(ui=taken))
    assert chosen.ui not in {0, taken}


def test_a_wished_port_is_used_and_keeps_its_number_from_the_others() -> None:
    """A port of last time never collides with a wish."""
    last = choose_ports(Ports(), Ports())
    chosen = choose_ports(Ports(codec=last.ui), last)
    assert last.ui == chosen.codec
    assert chosen.ui != chosen.codec


def test_a_taken_port_is_refused_with_a_sentence(taken: int) -> None:
    """It names the port and the option."""
    with pytest.raises(StackError, match=f"Port {taken} is taken: .* --temporal-port"):
        choose_ports(Ports(temporal=taken), Ports())


@pytest.mark.skipif(
    int(_FIRST_FREE_FOR_ALL.read_text()) <= 80, reason="this machine lets anybody use port 80"
)
def test_a_privileged_port_is_refused_with_a_sentence() -> None:
    """Tried in a process without privileges."""
    outcome = subprocess.run(
        [sys.executable, "-c", _WITHOUT_PRIVILEGE],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    expected = (
        "Port 80 may only be used by a privileged user: choose one above 1023 with --ui-port.\n"
    )
    assert expected == outcome.stdout


@pytest.mark.parametrize("port", [-1, 65536])
def test_what_is_no_port_number_is_bad_input(port: int) -> None:
    """Exit code 2, and the option is named."""
    with pytest.raises(BadInputError, match=f"--postgres-port: {port} is no port"):
        choose_ports(Ports(postgres=port), Ports())


def test_one_port_for_two_listeners_is_bad_input() -> None:
    """The sentence names both options."""
    with pytest.raises(BadInputError, match="--ui-port: 7000 is already given to --temporal-port"):
        choose_ports(Ports(temporal=7000, ui=7000), Ports())
