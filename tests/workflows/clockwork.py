"""The clockwork under test: Temporal with skipped time, our worker, and the real record."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.converter import PayloadCodec
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from activities.ports import NOTHING, Beside, Judge, Written
from infra.codec import CaseCodec
from infra.contacts import FileContacts
from infra.database import Pool, Scope
from infra.keys import FileKeyProvider, Keyring, read_key_file
from infra.notices import FileNotices, file_name
from infra.record import PostgresRecord
from infra.stack.binaries import temporal_binary
from infra.stack.secrets import Role
from infra.temporal import JOURNEYS, plugins
from schemas.command_base import Command
from schemas.errors import UnreachableError
from schemas.ids import CaseRef
from schemas.snapshot import Dispatch
from tests.conftest import People
from workers.journeys import journeys_worker

NEEDED: Mapping[str, str] = MappingProxyType(
    {
        "frontend.WorkflowTimeSkippingEnabled": "true",
        "history.timerProcessorMaxTimeShift": '"1ms"',
        "history.transferProcessorMaxPollRPS": "2000",
    }
)
"""Without the first there is no skipping; without the second every skip takes a second."""

_ATTRIBUTES: tuple[SearchAttributeKey[Any], ...] = (
    SearchAttributeKey.for_keyword("JourneyStage"),
    SearchAttributeKey.for_keyword("Awaiting"),
    SearchAttributeKey.for_keyword("OwningUnit"),
    SearchAttributeKey.for_datetime("NextDue"),
    SearchAttributeKey.for_bool("Overdue"),
)


@asynccontextmanager
async def temporal_with_skipped_time(
    codec: PayloadCodec | None,
    database: Path | None = None,
    *,
    is_traced: bool = False,
    **more: str,
) -> AsyncIterator[WorkflowEnvironment]:
    """A dev server whose workflows keep real time until a test moves their clocks.

    Args:
        codec: what seals payloads.
        database: the file it keeps everything in; none for memory.
        is_traced: whether client and worker trace what they do.
        more: further dynamic configuration, by name with `__` for the dots.
    """
    wanted = dict(NEEDED) | {name.replace("__", "."): value for name, value in more.items()}
    args = [
        part
        for name, value in wanted.items()
        for part in ("--dynamic-config-value", f"{name}={value}")
    ]
    env = await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        namespace=JOURNEYS,
        plugins=plugins(codec, telemetry=is_traced),
        identity="tests",
        search_attributes=_ATTRIBUTES,
        dev_server_existing_path=str(temporal_binary()),
        dev_server_database_filename=str(database) if database else None,
        dev_server_extra_args=args,
        dev_server_log_level="error",
        dev_server_startup_timeout=timedelta(seconds=30),
    )
    try:
        yield env
    finally:
        await env.shutdown()


class StumblingRecord(PostgresRecord):
    """The real record, away for commands of some kinds for as long as a test says."""

    def __init__(self, pool: Pool, keyring: Keyring, scope: Scope) -> None:
        super().__init__(pool, keyring, scope)
        self.stumbled: list[Command] = []
        self._away_for: tuple[type[Command], ...] = ()
        self._loses_answers = False
        self._lost: set[Command] = set()
        self._meanwhile: dict[type[Command], Callable[[], Awaitable[object]]] = {}

    async def change(
        self,
        command: Command,
        judge: Judge,
        *,
        services: tuple[str, ...] = (),
        beside: Beside = NOTHING,
    ) -> Written:
        """As ever, or not at all."""
        if isinstance(command, self._away_for):
            self.stumbled.append(command)
            raise UnreachableError("PostgreSQL does not answer.")
        written = await super().change(command, judge, services=services, beside=beside)
        if meanwhile := self._meanwhile.pop(type(command), None):
            await meanwhile()
        if self._loses_answers and command not in self._lost:
            self._lost.add(command)
            raise UnreachableError("PostgreSQL does not answer.")
        return written

    def meanwhile(self, kind: type[Command], happens: Callable[[], Awaitable[object]]) -> None:
        """Have something happen once such a command is written, and before anybody hears of it."""
        self._meanwhile[kind] = happens

    @contextmanager
    def away_for(self, *kinds: type[Command]) -> Iterator[None]:
        """An outage that only these commands meet."""
        self._away_for = kinds
        try:
            yield
        finally:
            self._away_for = ()

    @contextmanager
    def losing_answers(self) -> Iterator[None]:
        """Everything is done, and each time the worker does not hear of it at first."""
        self._loses_answers = True
        try:
            yield
        finally:
            self._loses_answers = False


class NotedNotices(FileNotices):
    """The real files, and which notice each of them is: their names do not say."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.keys: dict[str, str] = {}

    async def post(self, case_ref: CaseRef, dispatch: Dispatch) -> None:
        """As ever, and remember what it was."""
        self.keys[file_name(case_ref, dispatch.key)] = dispatch.key
        await super().post(case_ref, dispatch)


class Clockwork:
    """One Temporal with one worker of ours, which can be sent to rest."""

    def __init__(
        self,
        env: WorkflowEnvironment,
        codec: PayloadCodec | None,
        record: StumblingRecord,
        notices_dir: Path,
        *,
        cached: int = 1_000,
    ) -> None:
        self.env = env
        self.codec = codec
        self.record = record
        self.notices_dir = notices_dir
        self.notices = NotedNotices(notices_dir)
        self.cached = cached
        self.build: str | None = None
        self._working = AsyncExitStack()

    @property
    def client(self) -> Client:
        """A client of the namespace of journeys."""
        return self.env.client

    async def start(self) -> None:
        """Put the worker to work."""
        worker = journeys_worker(
            self.client,
            self.record,
            self.notices,
            FileContacts(self.notices_dir / "to-her"),
            cached=self.cached,
            build=self.build,
        )
        await self._working.enter_async_context(worker)

    async def stop(self) -> None:
        """Let the worker finish what it began, and go."""
        await self._working.aclose()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A worker for as long as the block runs."""
        await self.start()
        try:
            yield
        finally:
            await self.stop()

    @asynccontextmanager
    async def at_rest(self) -> AsyncIterator[None]:
        """No worker for as long as the block runs; then a new one, which remembers nothing."""
        await self.stop()
        try:
            yield
        finally:
            await self.start()


@asynccontextmanager
async def clockwork(
    people: People,
    notices_dir: Path,
    *,
    cached: int = 1_000,
    is_sealed: bool = True,
    is_traced: bool = False,
    database: Path | None = None,
    **server: str,
) -> AsyncIterator[Clockwork]:
    """Everything a journey runs on, for as long as the block runs.

    Args:
        people: whose record it is.
        notices_dir: where notices go.
        cached: workflows the worker keeps in memory; 0 replays each from its history each time.
        is_sealed: whether payloads are; where not, people must be fictional and the file read.
        is_traced: whether client and worker trace what they do.
        database: the file Temporal keeps everything in; none for memory.
        server: further dynamic configuration of Temporal, by name with `__` for the dots.
    """
    installation = people.servers.installation
    pool = await people.pool_of(Role.JOURNEYS)
    keyring = Keyring(pool, FileKeyProvider(installation.kek_file), Scope())
    operations_key = read_key_file(installation.operations_key_file)
    codec = CaseCodec(keyring, operations_key) if is_sealed else None
    async with temporal_with_skipped_time(codec, database, is_traced=is_traced, **server) as env:
        record = StumblingRecord(pool, keyring, Scope())
        found = Clockwork(env, codec, record, notices_dir, cached=cached)
        await found.start()
        try:
            yield found
        finally:
            await found.stop()
