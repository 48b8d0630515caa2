"""One stage for all faults that heal: what needs a server of its own makes one."""

from collections.abc import AsyncIterator, Generator

import pytest

from tests.faults.seeds import SEED
from tests.faults.stage import Stage, a_stage


def pytest_report_header() -> str:
    """Say which faults these are."""
    return f"fault seed: {SEED} (FAULT_SEED chooses another)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say it again where a test fails."""
    report = yield
    report.sections.append(("fault seed", f"to meet the same again: FAULT_SEED={SEED}"))
    return report


@pytest.fixture(scope="package")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A stack whose faults heal; each test has cases of its own."""
    async with a_stage(tmp_path_factory.mktemp("faults")) as found:
        yield found
