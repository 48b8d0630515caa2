"""The stack of the canaries, and what was found there, told at the end of a run."""

from collections.abc import AsyncIterator

import pytest

from tests.journeys.canary_places import Told
from tests.journeys.canary_stories import tell
from tests.journeys.canary_table import summary
from tests.journeys.standing import a_stack


@pytest.fixture(scope="session")
async def told(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Told]:
    """A stack in which everything that may happen to her texts has happened, talking of it."""
    folder = tmp_path_factory.mktemp("canary")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SAFEPATH_LOG", "true")
        environment.setenv("SAFEPATH_TELEMETRY", "true")
        async with a_stack(folder / "data") as stack:
            environment.undo()
            told = Told(stack)
            await tell(told, folder)
            yield told


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The canary table, where the canaries were told."""
    lines = summary()
    if lines:
        terminalreporter.section("privacy canary")
        terminalreporter.write_line("\n".join(lines))
