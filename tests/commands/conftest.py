"""The command line as people type it, on the database of the tests or on a whole stack."""

from collections.abc import AsyncIterator, Callable

import pytest
from typer.testing import CliRunner, Result

from safepath import build
from schemas.ids import CaseRef
from tests.conftest import People, Servers
from tests.infra.cases import delivered
from tests.journeys.standing import Stack, a_stack

ANN = "caseworker@northmarch-police:ann"
SUE = "safeguarding_supervisor@northmarch-police:sue"
BO = "ngo_intake@harbour-house:bo"
DI = "ngo_worker@harbour-house:di"

Safepath = Callable[..., Result]
"""`safepath("hold lift", "bafod-kisut-n/1", by=BO)`."""


@pytest.fixture
def safepath(postgres: Servers) -> Safepath:
    """A verb. Nobody answers for Temporal: what still works without it is tested here."""

    def run(verb: str, *arguments: str, by: str, said: str = "") -> Result:
        given = (*verb.split(), *arguments, "--as", by)
        data_dir = ("--data-dir", str(postgres.paths.data_dir))
        return CliRunner().invoke(build(), (*given, *data_dir), input=said)

    return run


@pytest.fixture
async def case(people: People) -> CaseRef:
    """A case whose one referral lies in the inbox of Harbour House, with name and safe contact."""
    return await delivered(people.record_for)


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Everything that `safepath up` runs, once for all verbs that a journey decides."""
    async with a_stack(tmp_path_factory.mktemp("typed") / "data") as stack:
        yield stack


@pytest.fixture
def on_stack(stack: Stack) -> Safepath:
    """A verb on the whole stack, that must not fail unless it is said how it ends."""

    def run(verb: str, *arguments: str, by: str = ANN, said: str = "", ends: int = 0) -> Result:
        given = (*verb.split(), *arguments, "--as", by)
        data_dir = ("--data-dir", str(stack.paths.data_dir))
        answer = CliRunner().invoke(build(), (*given, *data_dir), input=said)
        assert ends == answer.exit_code, answer.output
        return answer

    return run
