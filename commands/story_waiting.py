"""(d) What happens when a service is full, and when it is not safe to call. Fictional people."""

from datetime import UTC, datetime, time, timedelta

from activities.ports import Beside
from commands.story_steps import (
    CASEWORKER,
    COLLEAGUE,
    IDVA,
    REFUGE,
    SALTMERE,
    People,
    Story,
    arrived,
    committed,
    consents,
    needs,
    opens,
    said_by,
    until,
)
from rules.days import local
from schemas.case import Subject
from schemas.case_commands import HandOver
from schemas.contact import (
    Contact,
    ContactChannel,
    ContactPurpose,
    ContactResult,
    ContactState,
    ContactWindow,
    PlanTerms,
    WordCheck,
)
from schemas.contact_commands import EndContact, PlanContact, SetPlan, StartContact
from schemas.decisions import NotDone
from schemas.directory import Capacity, Wish
from schemas.ids import CaseRef
from schemas.referral import NeedCategory, Reason, ReferralState
from schemas.referral_commands import AcceptReferral, RequestReferral, WaitlistReferral
from schemas.snapshot import Task, TaskKind
from schemas.verbs import Verb

_OPENS_IN = timedelta(seconds=6)
_WORD = "blue lamp"


async def full_service(story: Story, who: People) -> None:
    """(d) A call has to wait, the service she wants is full, and the case changes hands."""
    case = await opens(story, who.caseworker, Subject.BOTH, "Imani Example")
    await _calls(story, who, case)
    await _chooses(story, who, case)
    await _waits_too_long(story, who, case)
    await _changes_hands(story, who, case)


async def _chooses(story: Story, who: People, case: CaseRef) -> None:
    """She is shown who is full and who is not, and would rather wait for the one she wants."""
    offered = await who.caseworker.suggest_services(Wish(need=NeedCategory.ADVOCACY))
    full = next(one for one in offered if one.service.code == REFUGE)
    story.claims["the full service was shown as full"] = full.service.capacity is Capacity.FULL
    story.claims["with others that have room"] = IDVA in full.alternatives
    await consents(who.caseworker, case, REFUGE)
    need = await needs(who.caseworker, case, NeedCategory.ADVOCACY)
    codes = tuple(one.service.code for one in offered)
    wanted = RequestReferral(
        **said_by(CASEWORKER, case), need=need, choices=(REFUGE,), offered=codes
    )
    committed(await who.caseworker.decide(wanted))
    await arrived(who.saltmere, case, 1)
    in_a_month = (datetime.now(UTC) + timedelta(days=30)).date()
    waits = WaitlistReferral(
        **said_by(SALTMERE, case), referral=1, reason=Reason.NO_CAPACITY, expected_by=in_a_month
    )
    committed(await who.saltmere.state(waits))


async def _calls(story: Story, who: People, case: CaseRef) -> None:
    """She says when it is safe; a call is refused until then, and made in the next window."""
    terms = PlanTerms(channels=(ContactChannel.VOICE,), windows=(_window(),))
    plan = SetPlan(**said_by(CASEWORKER, case), terms=terms, has_details=True, has_words=True)
    beside = Beside(details="the library telephone, ask for Mia", safe_word=_WORD)
    committed(await who.caseworker.state(plan, beside=beside))
    planned = PlanContact(
        **said_by(CASEWORKER, case),
        purpose=ContactPurpose.CHECK_IN,
        channel=ContactChannel.VOICE,
    )
    number = int(committed(await who.caseworker.state(planned))["contact"] or 0)
    starts = StartContact(**said_by(CASEWORKER, case), contact=number)
    too_early = await who.caseworker.state(starts)
    story.claims["a call at an unsafe time was refused"] = isinstance(too_early, NotDone)
    await until(lambda: _contact(who, case, ContactState.OPEN), "the safe window")
    committed(await who.caseworker.state(starts.model_copy(update=said_by(CASEWORKER, case))))
    spoke = EndContact(**said_by(CASEWORKER, case), contact=number, result=ContactResult.SPOKE)
    committed(await who.caseworker.end_contact(spoke, _WORD.upper()))
    made = await _contact(who, case, ContactState.MADE)
    inside = made is not None and not made.is_outside_plan and made.word is WordCheck.SAFE
    story.claims["it was made in the next safe window, with her word"] = inside


async def _waits_too_long(story: Story, who: People, case: CaseRef) -> None:
    """The waiting list reaches its ceiling: a person is asked, and her place is kept."""
    await until(lambda: _task(who, case, TaskKind.DEADLINE_MISSED), "the waiting list's ceiling")
    page = await who.caseworker.show_case(case)
    story.claims["waiting too long was put before a person"] = True
    story.claims["and her place was kept"] = page.referrals[0].state is ReferralState.WAITLISTED


async def _changes_hands(story: Story, who: People, case: CaseRef) -> None:
    """The case is handed over with everything open in it, and the service has a place."""
    handed = HandOver(**said_by(CASEWORKER, case), to_person=COLLEAGUE.person)
    moved = committed(await who.caseworker.decide(handed))
    page = await who.colleague.show_case(case)
    story.claims["the case went to a colleague"] = page.case.assigned_to == COLLEAGUE.person
    went_along = bool(moved["deadlines"]) and bool(moved["tasks"]) and moved["referrals"] == 1
    story.claims["with its deadlines, tasks and referral"] = went_along
    committed(await who.saltmere.state(AcceptReferral(**said_by(SALTMERE, case), referral=1)))
    page = await who.colleague.show_case(case)
    story.claims["then the service had a place for her"] = (
        page.referrals[0].state is ReferralState.ACCEPTED
    )
    story.claims["and placed a hold on any sharing with Immigration Enforcement"] = any(
        hold.organisation == SALTMERE.organisation for hold in page.holds
    )
    verbs = [line.verb for line in await who.colleague.show_timeline(case)]
    story.claims["the audit shows it"] = {Verb.HAND_OVER, Verb.END_CONTACT} <= set(verbs)


def _window() -> ContactWindow:
    """A window that is shut now and opens in a few seconds; near midnight, after it."""
    from infra.calendars.load import england_and_wales

    soon = local(datetime.now(UTC) + _OPENS_IN, england_and_wales())
    return ContactWindow(
        weekday=soon.weekday(), opens=soon.time().replace(microsecond=0), closes=time(23, 59, 59)
    )


async def _contact(who: People, case: CaseRef, state: ContactState) -> Contact | None:
    page = await who.caseworker.show_case(case)
    return next((c for c in page.contacts if c.state is state), None)


async def _task(who: People, case: CaseRef, kind: TaskKind) -> Task | None:
    page = await who.caseworker.show_case(case)
    late = (t for t in page.tasks if t.kind is kind and t.id.startswith("missed/ref-wait"))
    return next(late, None)
