"""The command line as people type it, on the database of the tests."""

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from safepath import build
from schemas.ids import CaseRef
from tests.conftest import People, Servers
from tests.infra.cases import delivered

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
