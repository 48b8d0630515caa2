"""`stack.json`: where a running stack answers, and what it used last, for a stable next start."""

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, computed_field

from infra.stack.layout import StackPaths, write_private
from infra.stack.secrets import Role, read_password
from schemas.errors import StackError

LOOPBACK = "127.0.0.1"
DATABASE = "safepath"


class Ports(BaseModel):
    """A port for each thing that listens; 0 means any free one."""

    model_config = ConfigDict(frozen=True)

    postgres: int = 0
    temporal: int = 0
    ui: int = 0
    codec: int = 0
    http: int = 0
    metrics: int = 0
    worker_metrics: int = 0


class ChildState(BaseModel):
    """One child process; `born` tells it from a later process with the same number."""

    model_config = ConfigDict(frozen=True)

    pid: int
    born: int


class StackState(BaseModel):
    """What the other verbs may know of a stack. `pid` is None after an ordered stop.

    `expected` names every child that should run, `children` those that do.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: str
    pid: int | None
    started_at: datetime
    ready_at: datetime | None = None
    stopped_at: datetime | None = None
    ports: Ports
    expected: tuple[str, ...] = ()
    children: dict[str, ChildState] = {}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def postgres_address(self) -> str:
        """Host and port of PostgreSQL."""
        return f"{LOOPBACK}:{self.ports.postgres}"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def temporal_address(self) -> str:
        """Host and port of Temporal's frontend (gRPC)."""
        return f"{LOOPBACK}:{self.ports.temporal}"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def temporal_ui(self) -> str:
        """Temporal's web pages."""
        return f"http://{LOOPBACK}:{self.ports.ui}"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def codec_endpoint(self) -> str:
        """Where Temporal's web pages ask for payloads in the clear."""
        return f"http://{LOOPBACK}:{self.ports.codec}"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def metrics(self) -> str:
        """Where Prometheus reads the worker's metrics."""
        return f"http://{LOOPBACK}:{self.ports.worker_metrics}/metrics"


def read_state(data_dir: Path) -> StackState | None:
    """The state of the stack in `data_dir`, None if there never was one.

    Raises:
        StackError: `stack.json` is there but not readable as ours.
    """
    file = StackPaths.at(data_dir).state
    try:
        return StackState.model_validate_json(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValidationError, UnicodeDecodeError):
        raise StackError(
            f"{file} cannot be read as the state of a stack: remove it and run safepath up."
        ) from None


def write_state(paths: StackPaths, state: StackState) -> None:
    """Replace `stack.json` in one step."""
    write_private(paths.state, state.model_dump_json(indent=2) + "\n")


def dsn(role: Role | str, state: StackState, paths: StackPaths) -> str:
    """How `role` reaches the database, password included: never log or print it."""
    password = read_password(paths, Role(role))
    return f"postgresql://{Role(role)}:{password}@{state.postgres_address}/{DATABASE}"
