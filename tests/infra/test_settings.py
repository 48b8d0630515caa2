"""Settings: all of one installation or all of another, and nothing that nobody reads."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.settings import Installation, find_installation, load_settings, owner_dsn
from infra.stack.layout import StackPaths, prepare
from infra.stack.secrets import Role, ensure_secrets
from infra.stack.state import Ports, StackState, write_state
from schemas.errors import SettingsError, UnreachableError

DSN = "postgresql://sp_web:top-secret@db.example/safepath"
WHOLE = {
    "SAFEPATH_DSN_WEB": DSN,
    "SAFEPATH_KEK_FILE": "/keys/kek.key",
    "SAFEPATH_OPERATIONS_KEY_FILE": "/keys/operations.key",
    "SAFEPATH_NOTICES_DIR": "/notices",
}


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever is set where the tests run."""
    for name in [name for name in os.environ if name.upper().startswith("SAFEPATH_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def named(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    """Set these variables."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


def a_stack(folder: Path, *, runs: bool = True) -> StackPaths:
    """What a stack leaves in its directory."""
    paths = StackPaths.at(folder)
    prepare(paths, lambda _: None)
    ensure_secrets(paths)
    now = datetime.now(UTC)
    state = StackState(
        version="0", pid=1 if runs else None, started_at=now, ports=Ports(postgres=5, temporal=6)
    )
    write_state(paths, state)
    return paths


def test_a_variable_that_nobody_reads_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt setting is not a setting left alone."""
    named(monkeypatch, SAFEPATH_DSN_WBE=DSN)
    with pytest.raises(SettingsError, match="Nobody reads SAFEPATH_DSN_WBE: known are") as caught:
        load_settings()
    assert "SAFEPATH_DSN_WEB" in str(caught.value)
    assert "top-secret" not in str(caught.value)


def test_a_value_that_cannot_be_used_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    """It could be a password in the wrong place."""
    named(monkeypatch, SAFEPATH_TELEMETRY="top-secret")
    with pytest.raises(SettingsError, match="SAFEPATH_TELEMETRY cannot be used") as caught:
        load_settings()
    assert "top-secret" not in str(caught.value)


def test_logs_and_traces_are_off_unless_somebody_asked() -> None:
    """What is not written cannot leak."""
    settings = load_settings()
    assert (settings.log, settings.telemetry) == (False, False)


def test_servers_named_by_settings_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """And Temporal is named by its own settings."""
    named(monkeypatch, **WHOLE)
    found = find_installation()
    assert found.dsn(Role.WEB) == DSN
    assert (found.kek_file, found.temporal_address) == (Path("/keys/kek.key"), None)


@pytest.mark.parametrize("role", [Role.JOURNEYS, Role.AUDIT, Role.OWNER])
def test_a_role_that_was_not_named_says_which_setting_names_it(
    monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    """Each process is given its own role and no other."""
    named(monkeypatch, **WHOLE)
    setting = f"SAFEPATH_DSN_{role.value.removeprefix('sp_').upper()}"
    with pytest.raises(SettingsError, match=f"Set {setting}: this command works as {role.value}"):
        find_installation().dsn(role)


@pytest.mark.parametrize("missing", [name for name in WHOLE if name != "SAFEPATH_DSN_WEB"])
def test_half_of_an_installation_names_the_other_half(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """No key is ever made up, and none is taken from somewhere else."""
    named(monkeypatch, **{name: value for name, value in WHOLE.items() if name != missing})
    with pytest.raises(SettingsError, match=rf"must be too: {missing}\.$"):
        find_installation()


def test_settings_of_two_installations_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Which of the two was meant, only a person knows."""
    named(monkeypatch, **WHOLE, SAFEPATH_DATA_DIR=str(tmp_path))
    with pytest.raises(SettingsError, match="SAFEPATH_DATA_DIR names an embedded stack"):
        find_installation()


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "SAFEPATH_DSN_WEB"])
def test_a_setting_that_the_embedded_stack_would_not_read_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """Somebody believes that his key is in use."""
    a_stack(tmp_path / "data")
    named(monkeypatch, **{name: WHOLE[name]})
    with pytest.raises(SettingsError, match=f"{name} is read only where a DSN is set too"):
        find_installation(tmp_path / "data")


def test_where_nothing_is_named_the_running_stack_is_used(tmp_path: Path) -> None:
    """With every role, its own keys, and its own Temporal."""
    paths = a_stack(tmp_path / "data")
    found = find_installation(tmp_path / "data")
    assert {role: f"{role.value}:" in found.dsn(role) for role in Role} == dict.fromkeys(Role, True)
    assert found.temporal_address == "127.0.0.1:6"
    assert {found.kek_file.parent, found.operations_key_file.parent} == {paths.secrets}


@pytest.mark.parametrize("was_there", [True, False], ids=["stopped", "never started"])
def test_a_stack_that_does_not_run_is_said_to_be_down(tmp_path: Path, was_there: bool) -> None:
    """And how to start one."""
    if was_there:
        a_stack(tmp_path / "data", runs=False)
    with pytest.raises(UnreachableError, match="start one with `safepath up`"):
        find_installation(tmp_path / "data")


def test_migrations_need_the_owners_dsn_and_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever migrates need not be able to read a single text."""
    named(monkeypatch, SAFEPATH_DSN_OWNER=DSN)
    assert owner_dsn() == DSN


def test_an_installation_does_not_have_what_nobody_gave_it() -> None:
    """No role stands in for another."""
    nowhere = Path("/nowhere")
    empty = Installation({}, nowhere, nowhere, nowhere, temporal_address=None)
    for role in Role:
        with pytest.raises(SettingsError, match=f"this command works as {role.value}"):
            empty.dsn(role)
