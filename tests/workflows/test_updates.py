"""Every decision reaches the record by its own update, and is answered with what was committed."""

import typing

import pytest

from schemas.case_commands import LinkCase
from schemas.command_base import Command
from schemas.commands import CaseCommand
from schemas.decisions import Committed, NotDone
from tests.workflows.conftest import Opens

KINDS: tuple[type[Command], ...] = typing.get_args(typing.get_args(CaseCommand)[0])


@pytest.mark.timeout(120)
async def test_each_decision_is_answered_by_the_journey_and_on_the_record(opens: Opens) -> None:
    """One journey is asked everything once: each answer is a yes or a no with its reason."""
    journey, other = await opens(), await opens()
    for kind in KINDS:
        about = {"other": other.case_ref} if kind is LinkCase else {}
        reply = await journey.ask(kind, **about)
        assert isinstance(reply, Committed | NotDone), kind
        assert isinstance(reply, Committed) or reply.reasons, kind
    rows = await journey.rows("SELECT verb FROM record.command_log WHERE case_ref = $1")
    asked = {kind.model_fields["verb"].default.value for kind in KINDS}
    assert asked == {row["verb"] for row in rows}
