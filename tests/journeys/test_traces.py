"""Traces of a story: what hangs below what, on a real Temporal and a real PostgreSQL.

Three times: with a worker that remembers its workflows, with one that forgets them as they push
each other out, and with one that replays each from its history every time.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from infra.telemetry import ALLOWED
from schemas.case import PersonalPart
from schemas.consent_commands import GiveConsent
from schemas.ids import CaseRef, new_case_ref
from schemas.referral import ReferralState
from schemas.referral_commands import AcceptReferral
from schemas.verbs import Verb
from tests.builders import caseworker
from tests.conftest import People
from tests.journeys.scanning import forms, found_in
from tests.journeys.tracing import Spans, began, carried, ended, id_of, traced
from tests.workflows.clockwork import Clockwork, clockwork
from tests.workflows.telling import IDVA, NGO, Journey, an_opening

CANARY = "Quïllfeather"
"""In every text of her, in the name of who acts, and in what goes wrong."""
ANN = "ann-quillfeather"
WORDS = forms(CANARY) | forms("quillfeather")
PERSONAL = PersonalPart(
    name=f"Zoë {CANARY}", safe_contact=f"ask for {CANARY}", circumstances=f"{CANARY} told us"
)
ACKNOWLEDGE = "ref-ack/1"
UP_TO_THE_STEP = ["sql.transaction", "record.change", "activity", "workflow.step"]
READ = ["sql.transaction", "activity", "workflow.step"]
WOKEN = ["sql.transaction"]
"""A wake is sent while its row is held, so that it is sent once."""
ASKED = ["workflow.update", "temporal.update", "desk.decide"]


@dataclass(frozen=True)
class Story:
    """A case, what went wrong in it, and what was traced."""

    journey: str
    """Workflow of the case that was told about."""
    referral: str
    reminded: str
    """Workflow of the referral that the clock reminded of."""
    spans: Spans
    choked: list[str]

    def step(
        self, activity: str, workflow_id: str, verb: str = "", *, first: bool = False
    ) -> list[str]:
        """From the last, or first, transaction of a step up to the root of its trace."""
        found = self.spans.named("sql.transaction")
        for sql in found if first else reversed(found):
            above = self.spans.line(sql)
            ran = [s for s in above if s.name == "activity"]
            wanted = {"activity_type": activity, "workflow_id": workflow_id}
            if ran and wanted.items() <= carried(ran[0]).items():
                names = [s.name for s in above]
                if not verb or carried(above[names.index("record.change")])["verb"] == verb:
                    return names
        raise AssertionError(f"{activity} of {workflow_id} was not traced")


async def _told(journey: Journey, choked: list[str], spans: Spans) -> None:
    """Referred and accepted; once, a step meets a bug whose text quotes her."""

    async def choke() -> None:
        choked.append(CANARY)
        raise ValueError(f"cannot write {CANARY}")

    journey.clockwork.record.meanwhile(GiveConsent, choke)
    await journey.sent_to(IDVA)
    accept = journey.command(AcceptReferral, actor=NGO[IDVA], referral=1)
    await (await journey.desk(NGO[IDVA])).state(accept)
    await journey.until_referral(1, ReferralState.ACCEPTED)
    await journey.until(lambda _: _has_heard(spans, journey.referral().id))


def _has_heard(spans: Spans, workflow_id: str) -> bool:
    """Whether a referral has read what it was told of."""
    signalled = {id_of(s) for s in spans.named("temporal.signal", workflow_id=workflow_id)}
    reads = spans.named("activity", activity_type="read_referral")
    return any(signalled & set(map(id_of, spans.line(read))) for read in reads)


async def _reminded(journey: Journey) -> None:
    """Another referral, of which its service is reminded by the clock."""
    waiting = await journey.sent_to(IDVA)
    running = waiting.deadline(ACKNOWLEDGE)
    assert running is not None
    await journey.forward(running.remind_at + timedelta(minutes=1), journey.referral(1))
    await journey.until(
        lambda s: (d := s.deadline(ACKNOWLEDGE)) and d.reminded_at and not s.dispatches
    )


async def _opened(work: Clockwork, people: People) -> Journey:
    desk = await Journey(new_case_ref(), work, people).desk(caseworker(person=ANN))
    opened = await desk.open_case(an_opening(personal=PERSONAL, own_notes=f"met {CANARY}"))
    return Journey(CaseRef(opened.case.case_ref), work, people)


@pytest.fixture(scope="module", params=[1_000, 1, 0], ids=["remembering", "forgetful", "nothing"])
async def story(
    request: pytest.FixtureRequest, people: People, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Story]:
    """Two cases, from the desk to the database."""
    notices, choked = tmp_path_factory.mktemp("notices"), list[str]()
    with traced() as spans:
        async with clockwork(people, notices, cached=request.param, is_traced=True) as work:
            journey = await _opened(work, people)
            await _told(journey, choked, spans)
            waiting = await _opened(work, people)
            await _reminded(waiting)
        yield Story(
            journey=journey.handle.id,
            referral=journey.referral().id,
            reminded=waiting.referral().id,
            spans=spans,
            choked=choked,
        )


def test_a_decision_hangs_below_whoever_asked_for_it(story: Story) -> None:
    """Desk, update, its handler, the step of `run`, the local activity, the transaction."""
    above = story.step("carry_out", story.journey, Verb.REQUEST_REFERRAL)
    assert [*UP_TO_THE_STEP, *ASKED] == above


def test_what_follows_from_a_decision_hangs_below_it(story: Story) -> None:
    """The child that was started, and what it does by itself: the packet, the notice."""
    assert [*READ, *ASKED] == story.step("read_referral", story.referral, first=True)
    for activity, verb in (("take_referral_step", Verb.QUEUE_DELIVERY), ("deliver_packet", "")):
        assert [*UP_TO_THE_STEP, *ASKED] == story.step(activity, story.referral, verb)
    assert [*READ, *ASKED] == story.step("post_notice", story.referral)


def test_a_journey_hangs_below_the_opening_of_its_case(story: Story) -> None:
    """The start carries the trace as an update does."""
    above = story.step("read_journey", story.journey, first=True)
    assert [*READ, "temporal.start", *WOKEN, "desk.open_case"] == above


def test_a_fact_hangs_below_whoever_stated_it(story: Story) -> None:
    """Written at the desk, and told by a signal, below which the referral reads it."""
    (written,) = story.spans.named("record.change", verb=Verb.ACCEPT_REFERRAL.value)
    assert ["record.change", "desk.state"] == [s.name for s in story.spans.line(written)]
    (signal,) = story.spans.named("temporal.signal", workflow_id=story.referral)
    read = [
        [one.name for one in line]
        for ran in story.spans.named("activity", activity_type="read_referral")
        if id_of(signal) in map(id_of, line := story.spans.line(ran))
    ]
    assert read
    assert ["activity", "workflow.step", "temporal.signal", *WOKEN, "desk.state"] in read


def test_what_a_clock_sets_off_is_a_trace_of_its_own(story: Story) -> None:
    """Nobody asked for it; what follows from it hangs below it."""
    assert UP_TO_THE_STEP == story.step("take_referral_step", story.reminded, Verb.REMIND)
    assert [*READ, "workflow.step"] == story.step("post_notice", story.reminded)


def test_every_span_has_a_parent_that_was_made_or_a_person_as_its_root(story: Story) -> None:
    """Whatever replays; `line` fails where a parent is missing or of another trace."""
    roots = {story.spans.line(span)[-1].name for span in story.spans.ended}
    assert {"desk.open_case", "desk.decide", "desk.state", "workflow.step"} == roots


def test_no_span_is_made_twice(story: Story) -> None:
    """A replay makes the same ids again, and ends nothing."""
    ids = [id_of(span) for span in story.spans.ended]
    assert len(set(ids)) == len(ids) > 60


@pytest.mark.parametrize("story", [1_000], ids=["remembering"], indirect=True)
def test_a_step_lasts_as_long_as_what_it_waits_for(story: Story) -> None:
    """No spans of no length, as long as no workflow is put out of memory meanwhile."""
    for ran in story.spans.named("activity"):
        step = story.spans.line(ran)[1]
        assert began(step) <= began(ran) < ended(ran) <= ended(step)


def test_no_span_holds_anything_of_a_person(story: Story) -> None:
    """No name, attribute, event, status, link or resource; nor the text of what went wrong."""
    assert story.choked  # the bug was met, and is there by its code
    assert story.spans.named("activity", activity_type="carry_out", code="bug")
    for span in story.spans.ended:
        text = (span.to_json() + repr(vars(span))).encode()
        assert found_in(text, WORDS) is None, span.name
        assert not span.events
        assert not span.status.description
        assert carried(span).keys() <= ALLOWED, span.name


def test_the_search_for_words_finds_them() -> None:
    """A search that cannot find proves nothing."""
    assert found_in(repr({"x": PERSONAL.name}).encode(), WORDS)
    assert found_in(ANN.encode(), WORDS)
