"""Records the histories that tests replay: `uv run python -m tests.histories.record`.

Run it when a workflow is meant to behave differently from now on, into a new version: the
histories of older versions stay, for as long as journeys that began under them may still run.
What a version has already is left as it is: a story that was added is told alone.
Payloads are plain, so everybody in these stories is made up.
"""

import asyncio
import base64
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from infra.demo.files import demo_directory_text
from infra.settings import Installation
from infra.stack.layout import StackPaths
from infra.stack.postgres import NAME
from infra.stack.secrets import KeyFile, Role, key_file
from infra.stack.stack import running_stack
from infra.stack.state import dsn
from schemas.actor import Role as PersonRole
from schemas.case_commands import (
    AnswerTransfer,
    CloseCase,
    OfferTransfer,
    RecordEvent,
    ReopenCase,
)
from schemas.casework import CaseEvent
from schemas.clockwork_steps import Deliver, RouteOnward
from schemas.consent_commands import RefuseConsent, WithdrawConsent
from schemas.contact import ContactResult, ContactState, SuspendReason
from schemas.contact_commands import EndContact, SetPlan, StartContact, SuspendPlan
from schemas.deadline_commands import PauseDeadline, ResumeDeadline
from schemas.deadlines import DeadlineState
from schemas.directory import ServiceStatus
from schemas.messages import Awaiting
from schemas.referral import Reason, ReferralState
from schemas.referral_commands import (
    CompleteReferral,
    DeclineReferral,
    EndReferral,
    EngageReferral,
    OpenReferral,
    RecallReferral,
    WaitlistReferral,
)
from schemas.withdrawal import CheckState
from tests.builders import an_actor, caseworker, ops, supervisor, the
from tests.conftest import People, Servers
from tests.histories.fingerprints import FINGERPRINTS, all_fingerprints
from tests.histories.landed import main as note_what_landed
from tests.workflows.clockwork import Clockwork, clockwork
from tests.workflows.telling import HOUSING, IDVA, MEADOWLIGHT, Journey, open_journey
from tests.workflows.test_contact import A_MINUTE, a_text, planned, terms
from tests.workflows.test_long import duty_of
from tests.workflows.test_told import ALWAYS
from web.entrance import open_desk
from workflows.progress import AWAITING, UNIT

HERE = Path(__file__).parent
VERSION = "v5"
Story = Callable[[Journey], Awaitable[None]]


async def supported(journey: Journey) -> None:
    """From disclosure to close, all well."""
    await journey.sent_to(IDVA)
    await journey.answers(OpenReferral, IDVA)
    await journey.accepted(IDVA)
    await journey.answers(EngageReferral, IDVA)
    await journey.answers(CompleteReferral, IDVA)
    await journey.referral_ends()
    await journey.closes()
    await journey.ends()


async def withdrawn(journey: Journey) -> None:
    """She takes her consent back, and the case is closed."""
    await journey.sent_to(IDVA)
    await journey.state(WithdrawConsent, actor=caseworker(), recipient=None)
    await journey.referral_ends()
    await journey.closes()
    await journey.ends()


async def passed_over(journey: Journey) -> None:
    """Silence until it lapses, then a refusal, then nobody is left; the journey goes on."""
    snapshot = await journey.sent_to(IDVA, MEADOWLIGHT)
    duty = next(d for d in snapshot.deadlines if d.referral)
    assert duty.lapse_at is not None
    for moment in (duty.remind_at, duty.due_at, duty.lapse_at):
        await journey.forward(moment, journey.referral())
    await journey.referral_ends()
    await journey.until_referral(2, ReferralState.RECEIVED)
    await journey.answers(DeclineReferral, MEADOWLIGHT, 2, reason=Reason.NO_CAPACITY)
    await journey.referral_ends(2)
    await journey.until(lambda s: s.task("unmet/1") and not s.dispatches)
    await journey.decide(RefuseConsent, recipient=HOUSING)


async def forgotten(journey: Journey) -> None:
    """Consent, and then nobody refers: reminder, breach, and at last a recall of a late start."""
    await journey.consents(IDVA)
    duty = (await journey.snapshot()).deadlines[0]
    for moment in (duty.remind_at, duty.due_at):
        await journey.forward(moment)
    await journey.until(lambda s: s.tasks and not s.dispatches)
    await journey.refers(IDVA)
    await journey.until_referral(1, ReferralState.RECEIVED)
    await journey.decide(RecallReferral, referral=1, reason=Reason.NO_LONGER_WANTED)
    await journey.referral_ends()
    await journey.closes()
    await journey.ends()


async def reached(journey: Journey) -> None:
    """A text leaves in her window; a call opens with it, finds nobody to make it, and waits."""
    await journey.state(SetPlan, terms=terms())
    await planned(journey)
    text = the((await planned(journey, **a_text())).contact(2))
    await journey.in_its_window(text)
    snapshot = await journey.until(lambda s: the(s.contact(2)).state is ContactState.MADE)
    closes = the(snapshot.contact(1)).safe_until
    assert closes is not None
    await journey.forward(closes + A_MINUTE)
    await journey.until(lambda s: the(s.contact(1)).state is ContactState.PLANNED)
    await journey.state(SuspendPlan, reason=SuspendReason.UNSAFE)
    await journey.until(lambda s: the(s.contact(1)).state is ContactState.CANCELLED)


async def not_hers(journey: Journey) -> None:
    """A withdrawal from a service that helps her; nobody confirms it before its line closes."""
    await journey.sent_to(IDVA)
    await journey.accepted(IDVA)
    await journey.state(WithdrawConsent, actor=caseworker(), recipient=None)
    await journey.referral_ends()
    check = the((await journey.snapshot()).check(1))
    await journey.forward(check.line_until + A_MINUTE)
    await journey.until(lambda s: the(s.check(1)).state is CheckState.NOT_REACHED)
    await journey.closes()
    await journey.ends()


async def a_crime(journey: Journey) -> None:
    """An arrest is to be told her; the duty waits, has its time again, and is missed."""
    await journey.decide(RecordEvent, event=CaseEvent.SUSPECT_ARRESTED)
    arrest = duty_of(await journey.snapshot(), "vc-r6-arrest")
    await journey.decide(PauseDeadline, deadline=arrest.id, actor=supervisor())
    await journey.forward(arrest.due_at + A_MINUTE)
    await journey.decide(ResumeDeadline, deadline=arrest.id, actor=supervisor())
    await journey.forward(duty_of(await journey.snapshot(), "vc-r6-arrest").due_at + A_MINUTE)
    await journey.until(
        lambda s: duty_of(s, "vc-r6-arrest").state is DeadlineState.BREACHED and not s.dispatches
    )
    await journey.closes()
    await journey.ends()


async def waited(journey: Journey) -> None:
    """A full service: a place on its list, longer than it should be, and then help after all."""
    await journey.sent_to(IDVA)
    clock = journey.referral()
    expected = (await journey.now(clock)).date() + timedelta(days=30)
    await journey.answers(WaitlistReferral, IDVA, reason=Reason.NO_CAPACITY, expected_by=expected)
    wait = duty_of(await journey.until_referral(1, ReferralState.WAITLISTED), "ref-wait")
    for moment in (wait.remind_at, wait.due_at):
        await journey.forward(moment + A_MINUTE, clock)
    await journey.until(
        lambda s: duty_of(s, "ref-wait").state is DeadlineState.BREACHED and not s.dispatches
    )
    await journey.accepted(IDVA)
    await journey.answers(CompleteReferral, IDVA)
    await journey.referral_ends()
    await journey.closes()
    await journey.ends()


async def called(journey: Journey) -> None:
    """A service plans to call her; her window opens, and it hears of that by its own clock."""
    await journey.state(SetPlan, terms=terms(windows=ALWAYS))
    await journey.sent_to(IDVA)
    await journey.accepted(IDVA)
    worker = an_actor(PersonRole.NGO_WORKER, "harbour-house")
    await planned(journey, actor=worker, referral=1)
    await journey.until(lambda s: the(s.contact(1)).state is ContactState.OPEN and not s.dispatches)
    await journey.state(StartContact, actor=worker, contact=1)
    await journey.state(EndContact, actor=worker, contact=1, result=ContactResult.SPOKE)
    await journey.answers(CompleteReferral, IDVA)
    await journey.referral_ends()
    await journey.closes()
    await journey.ends()


async def opened_again(journey: Journey) -> None:
    """A closed case is opened again: another run, which serves what is asked then."""
    await journey.closes()
    await journey.ends()
    await journey.state(ReopenCase)
    await journey.sent_to(IDVA)
    await journey.accepted(IDVA)
    await journey.answers(CompleteReferral, IDVA)
    await journey.referral_ends()
    await journey.closes()
    await journey.ends()


async def transferred(journey: Journey) -> None:
    """Another agency takes the case over, with the referral that is open in it, and closes it."""
    await journey.sent_to(IDVA)
    await journey.accepted(IDVA)
    taker = caseworker("saltmere-council")
    await journey.decide(OfferTransfer, to_organisation=taker.organisation)
    await journey.state(AnswerTransfer, actor=taker, accepts=True)
    await journey.until_shown(UNIT, taker.organisation)
    await journey.answers(CompleteReferral, IDVA)
    await journey.referral_ends()
    for confirmed in (False, True):
        await journey.decide(CloseCase, actor=taker, confirmed=confirmed)
    await journey.ends()


async def begun_anew(journey: Journey) -> None:
    """It grew long, and began a new history while a service was being asked."""
    first = (await journey.handle.describe()).run_id
    await journey.sent_to(IDVA)
    for _ in range(_ENOUGH):
        await journey.decide(RefuseConsent, recipient=HOUSING)
    await journey.until_run_after(first, journey.handle)
    await journey.decide(RefuseConsent, recipient=HOUSING)  # the new history has begun


async def interrupted(journey: Journey) -> None:
    """A packet, the routing onward and a person's command fail for a while; then they work."""
    record = journey.clockwork.record
    await journey.consents(IDVA, MEADOWLIGHT)
    with record.away_for(Deliver):
        await journey.refers(IDVA, MEADOWLIGHT)
        await journey.until_stumbled(Deliver)
    await journey.until_referral(1, ReferralState.RECEIVED)
    with record.away_for(RouteOnward):
        await journey.answers(DeclineReferral, IDVA, reason=Reason.NO_CAPACITY)
        await journey.until_stumbled(RouteOnward)
        await journey.until_shown(AWAITING, Awaiting.OPERATIONS.value)
        await journey.decide(RefuseConsent, recipient=HOUSING)
    await journey.until_referral(2, ReferralState.RECEIVED)
    with record.away_for(RecallReferral):
        asked = asyncio.create_task(
            journey.decide(RecallReferral, referral=2, reason=Reason.NO_LONGER_WANTED)
        )
        await journey.until_stumbled(RecallReferral)
        await journey.until_shown(AWAITING, Awaiting.OPERATIONS.value)
    await asked
    await journey.referral_ends(2)
    await journey.closes()
    await journey.ends()


async def unreachable(journey: Journey) -> None:
    """A service closed meanwhile: a person is told, and the next one gets the packet."""
    superuser = await journey.people.pool_of(Role.POSTGRES)
    await journey.consents(IDVA, MEADOWLIGHT)
    closing = "UPDATE directory.service SET status = $1 WHERE code = $2"
    with journey.clockwork.record.away_for(Deliver):
        await journey.refers(IDVA, MEADOWLIGHT)
        await journey.until_stumbled(Deliver)
        await superuser.execute(closing, ServiceStatus.DEFUNCT, IDVA)
    assert await journey.referral_ends() is ReferralState.UNDELIVERABLE
    await superuser.execute(closing, ServiceStatus.ACTIVE, IDVA)
    await journey.until_referral(2, ReferralState.RECEIVED)
    await journey.accepted(MEADOWLIGHT, 2)
    await journey.answers(EndReferral, MEADOWLIGHT, 2, reason=Reason.NO_LONGER_WANTED)
    await journey.referral_ends(2)
    await journey.closes()
    await journey.ends()


STORIES: tuple[Story, ...] = (
    supported,
    withdrawn,
    passed_over,
    forgotten,
    reached,
    not_hers,
    a_crime,
    waited,
    called,
    opened_again,
    transferred,
    interrupted,
    unreachable,
)
LONG_STORIES: tuple[Story, ...] = (begun_anew,)
"""Told on a Temporal that wishes for a new history after a few events; the first one is kept."""
_A_FEW_EVENTS, _ENOUGH = "30", 6


async def main() -> None:
    """Tell every story, and write down what its workflows did."""
    with tempfile.TemporaryDirectory() as folder:
        notices = Path(folder) / "notices"
        async with (
            _people(Path(folder)) as people,
            clockwork(people, notices, is_sealed=False) as found,
        ):
            for story in STORIES:
                if not _is_recorded(story):
                    await _record(story, found, people)
        async with (
            _people(Path(folder) / "long") as people,
            clockwork(
                people,
                notices,
                is_sealed=False,
                limit__historyCount__suggestContinueAsNew=_A_FEW_EVENTS,
            ) as found,
        ):
            for story in LONG_STORIES:
                if not _is_recorded(story):
                    await _record(story, found, people, keeps_first_run=True)
    FINGERPRINTS.write_text(all_fingerprints(), encoding="utf-8")
    note_what_landed()


def _is_recorded(story: Story) -> bool:
    return (HERE / "VictimJourney" / VERSION / f"{story.__name__}.json").exists()


async def _record(
    story: Story, found: Clockwork, people: People, *, keeps_first_run: bool = False
) -> None:
    journey = await open_journey(found, people)
    first = (await journey.handle.describe()).run_id
    await story(journey)
    await journey.replays()
    run = first if keeps_first_run else None
    kept = found.client.get_workflow_handle(journey.handle.id, run_id=run)
    handles: dict[str, Any] = {f"VictimJourney/{VERSION}/{story.__name__}.json": kept}
    for referral in (await journey.snapshot()).referrals:
        name = f"SupportReferral/{VERSION}/{story.__name__}-{referral.number}.json"
        handles[name] = journey.referral(referral.number)
    for name, handle in handles.items():
        history = await handle.fetch_history()
        file = HERE / name
        file.parent.mkdir(parents=True, exist_ok=True)
        document = {"workflowId": handle.id, "events": json.loads(history.to_json())["events"]}
        file.write_text(json.dumps(_without_places(document), indent=1) + "\n", encoding="utf-8")
        sys.stdout.write(f"{name}: {len(history.events)} events\n")


def _without_places(part: Any) -> Any:
    """The same without stack traces: they name places on the machine that recorded it."""
    if isinstance(part, list):
        return [_without_places(one) for one in part]
    if not isinstance(part, dict):
        return part
    if "encodedAttributes" in part:
        payload = part["encodedAttributes"]
        attributes = json.loads(base64.b64decode(payload["data"])) | {"stack_trace": ""}
        data = base64.b64encode(json.dumps(attributes).encode()).decode()
        return part | {"encodedAttributes": payload | {"data": data}}
    return {key: _without_places(one) for key, one in part.items()}


@asynccontextmanager
async def _people(folder: Path) -> AsyncIterator[People]:
    paths = StackPaths.at(folder / "data")
    async with running_stack(
        paths.data_dir, with_workers=False, servers=frozenset({NAME}), say=lambda _: None
    ) as state:
        installation = Installation(
            dsns={role: dsn(role, state, paths) for role in Role},
            kek_file=key_file(paths, KeyFile.KEK),
            operations_key_file=key_file(paths, KeyFile.OPERATIONS),
            notices_dir=paths.notices,
            temporal_address=None,
        )
        async with open_desk(installation, ops()) as desk:
            await desk.load_directory(demo_directory_text())
        people = People(Servers(paths=paths, installation=installation))
        try:
            yield people
        finally:
            for pool in people.pools.values():
                await pool.close()


if __name__ == "__main__":
    asyncio.run(main())
