"""Settings: where the servers are, and where the keys lie.

Either all of it is named by environment (production), or all of it is found in the data
directory of the embedded stack. A mixture, or a setting nobody reads, stops the start. Temporal
itself is named by Temporal's own variables and profiles (`TEMPORAL_ADDRESS`, …).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.stack.layout import StackPaths
from infra.stack.secrets import KeyFile, Role, key_file
from infra.stack.state import dsn, read_state
from schemas.errors import SettingsError, UnreachableError

_PREFIX = "SAFEPATH_"
_ONLY_WITH_DSN = ("kek_file", "operations_key_file", "notices_dir")


class Settings(BaseSettings):
    """What `SAFEPATH_*` says. Every one is listed in docs/operations.md."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="forbid", frozen=True)

    data_dir: Path = Path(".safepath")
    dsn_owner: str | None = None
    dsn_journeys: str | None = None
    dsn_web: str | None = None
    dsn_audit: str | None = None
    dsn_gate: str | None = None
    kek_file: Path | None = None
    operations_key_file: Path | None = None
    notices_dir: Path | None = None
    protocol_owners_file: Path | None = None
    build: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,64}$")
    actor: str | None = None
    telemetry: bool = False
    otlp_endpoint: str | None = Field(default=None, pattern=r"^https?://[^\s/]+(/\S*)?$")
    metrics_address: str | None = None
    log: bool = False


@dataclass(frozen=True)
class Installation:
    """Where everything is, however it was named."""

    dsns: Mapping[Role, str]
    kek_file: Path
    operations_key_file: Path
    notices_dir: Path
    temporal_address: str | None
    """Of the embedded stack; None means Temporal's own settings name it."""
    telemetry: bool = False
    otlp_endpoint: str | None = Field(default=None, pattern=r"^https?://[^\s/]+(/\S*)?$")
    metrics_address: str | None = None
    """Where the worker shows Prometheus its counts; None: nowhere."""
    log: bool = False
    protocol_owners_file: Path | None = None
    """The public keys of those who may sign a protocol; None: nobody may."""
    protocol_keys_dir: Path | None = None
    """Where an embedded stack keeps the private keys of its development owners."""
    build: str | None = None
    """Which build of the worker this is; None: workers are not told apart."""

    @property
    def contacts_dir(self) -> Path:
        """Where texts to her are put, until a gateway sends them."""
        return self.notices_dir / "to-her"

    def dsn(self, role: Role) -> str:
        """The DSN of a role.

        Raises:
            SettingsError: it was not named.
        """
        try:
            return self.dsns[role]
        except KeyError:
            name = f"{_PREFIX}DSN_{role.value.removeprefix('sp_').upper()}"
            raise SettingsError(f"Set {name}: this command works as {role}.") from None


def load_settings() -> Settings:
    """Settings from the environment.

    Raises:
        SettingsError: a variable of ours that nobody reads, or a value that cannot be used.
    """
    known = {f"{_PREFIX}{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.startswith(_PREFIX) and name not in known)
    if unknown:
        raise SettingsError(
            f"Nobody reads {', '.join(unknown)}: known are {', '.join(sorted(known))}."
        )
    try:
        return Settings()
    except ValidationError as error:
        names = ", ".join(f"{_PREFIX}{str(e['loc'][0]).upper()}" for e in error.errors())
        raise SettingsError(f"The value of {names} cannot be used.") from None


def find_installation(data_dir: Path | None = None) -> Installation:
    """The servers named by settings, or else those of the embedded stack.

    Raises:
        SettingsError: settings contradict each other.
        UnreachableError: neither names anything, or the stack is not running.
    """
    settings = load_settings()
    if settings.otlp_endpoint and not settings.telemetry:
        raise SettingsError(
            f"{_PREFIX}OTLP_ENDPOINT is read only with {_PREFIX}TELEMETRY: set both, or neither."
        )
    if _named_dsns(settings):
        _refuse(settings, ("data_dir",), "names an embedded stack, but a DSN is set too")
        return _from_settings(settings)
    _refuse(settings, _ONLY_WITH_DSN, "is read only where a DSN is set too, and none is")
    return _from_stack(data_dir or settings.data_dir, settings)


def _refuse(settings: Settings, names: tuple[str, ...], why: str) -> None:
    found = [f"{_PREFIX}{name.upper()}" for name in names if name in settings.model_fields_set]
    if found:
        raise SettingsError(f"{', '.join(found)} {why}: unset one or the other.")


def owner_dsn(data_dir: Path | None = None) -> str:
    """The DSN that migrations run on: named by settings, or the embedded stack's."""
    named = load_settings().dsn_owner
    return named or find_installation(data_dir).dsn(Role.OWNER)


def _named_dsns(settings: Settings) -> dict[Role, str]:
    pairs = {
        Role.OWNER: settings.dsn_owner,
        Role.JOURNEYS: settings.dsn_journeys,
        Role.WEB: settings.dsn_web,
        Role.AUDIT: settings.dsn_audit,
        Role.GATE: settings.dsn_gate,
    }
    return {role: value for role, value in pairs.items() if value}


def _from_settings(settings: Settings) -> Installation:
    missing = [
        f"{_PREFIX}{name}"
        for name, value in (
            ("KEK_FILE", settings.kek_file),
            ("OPERATIONS_KEY_FILE", settings.operations_key_file),
            ("NOTICES_DIR", settings.notices_dir),
        )
        if value is None
    ]
    if (
        settings.kek_file is None
        or settings.operations_key_file is None
        or not settings.notices_dir
    ):
        raise SettingsError(f"A DSN is set, so these must be too: {', '.join(missing)}.")
    return Installation(
        dsns=_named_dsns(settings),
        kek_file=settings.kek_file,
        operations_key_file=settings.operations_key_file,
        notices_dir=settings.notices_dir,
        protocol_owners_file=settings.protocol_owners_file,
        temporal_address=None,
        telemetry=settings.telemetry,
        otlp_endpoint=settings.otlp_endpoint,
        metrics_address=settings.metrics_address,
        log=settings.log,
        build=settings.build,
    )


def _from_stack(data_dir: Path, settings: Settings) -> Installation:
    state = read_state(data_dir)
    if state is None or state.pid is None:
        raise UnreachableError(
            f"No stack runs on {data_dir.absolute()}: start one with `safepath up`, or name the "
            "folder of the one that runs with --data-dir, or servers by SAFEPATH_DSN_… "
            "(docs/operations.md)."
        )
    paths = StackPaths.at(data_dir)
    return Installation(
        dsns={role: dsn(role.value, state, paths) for role in Role},
        kek_file=key_file(paths, KeyFile.KEK),
        operations_key_file=key_file(paths, KeyFile.OPERATIONS),
        notices_dir=paths.notices,
        protocol_owners_file=settings.protocol_owners_file or paths.protocol_owners,
        protocol_keys_dir=paths.secrets,
        temporal_address=state.temporal_address,
        telemetry=settings.telemetry,
        otlp_endpoint=settings.otlp_endpoint,
        metrics_address=settings.metrics_address,
        log=settings.log,
        build=settings.build,
    )
