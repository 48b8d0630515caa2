"""Personal texts are looked for everywhere but where they may be; they must be nowhere."""

import base64
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.case import PersonalField, PersonalPart
from schemas.case_commands import AddNeed
from schemas.consent_commands import AskConsent, GiveConsent, WithdrawConsent
from schemas.decisions import Committed
from schemas.ids import CaseRef, referral_workflow_id
from schemas.referral import Reason, ReferralState
from schemas.referral_commands import (
    AcceptReferral,
    CompleteReferral,
    DeclineReferral,
    OpenReferral,
    RequestReferral,
)
from tests.builders import a_command, caseworker, ngo_intake
from tests.conftest import People
from tests.infra.stack.standins import descendants_of
from tests.journeys.scanning import forms, found_in, scan_database, scan_files, scan_titles
from tests.journeys.standing import Stack, a_stack
from tests.workflows.clockwork import clockwork
from tests.workflows.telling import IDVA, MEADOWLIGHT, open_journey
from web.entrance import open_desk

CANARY = "Quïllfeather"
"""In every personal text of these stories, and in nothing else. It has a letter beyond ASCII,
because such a letter is written differently in JSON, URLs and base64."""

PERSONAL = PersonalPart(
    name=f"Zoë {CANARY}",
    safe_contact=f"ask for {CANARY} at the library",
    language="fr",
    interpreter=f"not the cousin of {CANARY}",
    accessibility=f"{CANARY} reads large print",
    circumstances=f'what {CANARY} told us, "word for word"',
)
ALL = tuple(PERSONAL.texts())
WORDS = forms(CANARY)
HARBOUR, MEADOW = ngo_intake(), ngo_intake("meadowlight")


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack in which everything that may happen to her texts has happened."""
    async with a_stack(tmp_path_factory.mktemp("canary") / "data") as found:
        await _declined_then_supported(found)
        await _withdrawn_after_a_failure(found)
        yield found


async def _open(stack: Stack, *choices: str) -> CaseRef:
    """Her case, with every text it can hold, all of them consented to."""
    case_ref = await stack.open_case(
        caseworker(), personal=PERSONAL, own_notes=f"we believe {CANARY}"
    )
    await stack.decide(case_ref, AddNeed)
    for service in choices:
        await stack.decide(case_ref, AskConsent, recipient=service, fields=ALL)
        await stack.decide(case_ref, GiveConsent, recipient=service, fields=ALL)
    await stack.decide(case_ref, RequestReferral, choices=choices)
    return case_ref


async def _declined_then_supported(stack: Stack) -> None:
    case_ref = await _open(stack, IDVA, MEADOWLIGHT)
    await _until(stack, case_ref, 1, ReferralState.RECEIVED)
    await stack.state(
        case_ref,
        DeclineReferral,
        actor=HARBOUR,
        note=f"{CANARY} is known to us",
        reason=Reason.CONFLICT_OF_INTEREST,
    )
    await _until(stack, case_ref, 2, ReferralState.RECEIVED)
    opening = a_command(
        OpenReferral, case_ref=case_ref, command_id="open", actor=MEADOW, referral=2
    )
    async with open_desk(stack.installation, MEADOW) as desk:
        reply, opened = await desk.open_referral(opening)
    assert isinstance(reply, Committed)
    assert opened is not None
    assert opened.packet is not None
    assert CANARY in opened.packet.model_dump_json()
    note = f"met {CANARY}"
    await stack.state(case_ref, AcceptReferral, actor=MEADOW, referral=2, note=note)
    await stack.state(case_ref, CompleteReferral, actor=MEADOW, referral=2)
    async with open_desk(stack.installation, caseworker()) as desk:
        page = await desk.show_case(case_ref, personal=True, notes=True)
    assert page.personal is not None
    assert page.personal[PersonalField.NAME] == PERSONAL.name


async def _withdrawn_after_a_failure(stack: Stack) -> None:
    """PostgreSQL refuses the packet for a while, and Temporal keeps the failure; then she stops."""
    refuse = "ALTER TABLE record.inbox_item ADD CONSTRAINT refuse CHECK (false) NOT VALID"
    await stack.superuser.execute(refuse)
    case_ref = await _open(stack, IDVA)
    await stack.until_attempt(referral_workflow_id(case_ref, 1), 2)
    await stack.superuser.execute("ALTER TABLE record.inbox_item DROP CONSTRAINT refuse")
    await _until(stack, case_ref, 1, ReferralState.RECEIVED)
    await stack.state(case_ref, WithdrawConsent, actor=HARBOUR, recipient=IDVA)
    await stack.until_rows("SELECT 1 FROM record.inbox_item WHERE kind = 'stop'")


async def _until(stack: Stack, case_ref: CaseRef, number: int, state: ReferralState) -> None:
    await stack.until_page(
        case_ref,
        lambda page: len(page.referrals) >= number and page.referrals[number - 1].state is state,
    )


async def test_no_table_holds_a_personal_text(stack: Stack) -> None:
    """Every column of every table, asked by the superuser (INV-05)."""
    await stack.superuser.execute("SET statement_timeout = 0")
    assert await scan_database(stack.superuser, WORDS) == {}
    sealed = await stack.superuser.fetchval("SELECT count(*) FROM record.case_text")
    notes = await stack.superuser.fetchval("SELECT count(*) FROM record.organisation_note")
    assert (sealed, notes) == (2 * len(ALL), 4)


async def test_no_file_holds_a_personal_text(stack: Stack) -> None:
    """PostgreSQL's files and journal, Temporal's, the logs of all processes, the notices."""
    await stack.superuser.execute("CHECKPOINT")
    assert scan_files(stack.paths.data_dir, WORDS) == {}


def test_no_notice_is_named_after_what_it_is_about(stack: Stack) -> None:
    """Of each file the case can be read and nothing else: no task, no duty, no service."""
    names = [file.name for file in stack.paths.notices.rglob("*") if file.is_file()]
    assert names
    assert [n for n in names if not re.fullmatch(r"[a-z-]+--[0-9a-f]{16}\.json", n)] == []


def test_no_process_is_called_by_a_personal_text(stack: Stack) -> None:
    """Titles are for everyone on the machine to read."""
    assert stack.paths.data_dir
    assert scan_titles(descendants_of(os.getpid()) | {os.getpid()}, WORDS) == {}


@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "in clear"])
async def test_temporal_keeps_nothing_in_clear_that_was_sealed(
    people: People, tmp_path: Path, *, is_sealed: bool
) -> None:
    """Who acted is in every message: without the codec the scan finds it, with it, it does not."""
    who = "quillfeather-7731"
    file = tmp_path / "temporal.sqlite"
    async with clockwork(people, tmp_path / "notices", is_sealed=is_sealed, database=file) as found:
        journey = await open_journey(found, people)
        await journey.decide(AddNeed, actor=caseworker(person=who))
    hits = scan_files(tmp_path, forms(who))
    assert bool(hits) is not is_sealed, hits


@pytest.mark.parametrize("before", range(4))
def test_the_scan_finds_every_form(before: int) -> None:
    """Whatever stands before and after: a scan that cannot find proves nothing."""
    for form in forms(CANARY):
        assert found_in(b"x" * before + form + b"y", WORDS)
    text = "z" * before + CANARY + "z"
    assert found_in(base64.b64encode(text.encode()), WORDS)
    assert found_in(json.dumps({"name": text}).encode(), WORDS)
