"""Whether she may be reached: by whom, on which channel, when. Every step asks here anew.

What is unknown is no permission (INV-32). While a plan is in force, its channels and windows are
all there is. Without one, only a person may try, over the channel she used to reach us, while
offices are open: she chose the channel, nobody has yet asked her for a time, and those are the
hours in which he is least often beside her (design choice). A plan that has not been checked for
30 days counts as unknown, and still narrows: nothing opens because a plan grew old. Without one to
go by, a day on which somebody else was there is over: nobody tries again on it. A change that
waits to be confirmed opens nothing, and closes the times it takes away at once. While contact is
suspended, and after a death, nothing is allowed at all.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from types import MappingProxyType

from rules import somebody_else
from rules.days import bank_holiday
from rules.plan_terms import until_confirmed
from rules.referral_states import ENGAGED
from rules.windows import Spell, next_window, spells
from rules.world import World
from schemas.case import Channel, PersonalField
from schemas.consent import ConsentState
from schemas.contact import (
    SPOKEN_CHANNELS,
    TEXT_CHANNELS,
    Contact,
    ContactChannel,
    ContactPlan,
    ContactPurpose,
    ContactState,
    ContactWindow,
    DeviceShared,
    PlanState,
    PlanTerms,
)
from schemas.decisions import Refused, refused
from schemas.referral import Referral
from schemas.snapshot import CaseSnapshot
from schemas.withdrawal import CheckState, WithdrawalCheck

USED: Mapping[Channel, ContactChannel | None] = MappingProxyType(
    {
        Channel.POLICE_999: ContactChannel.VOICE,
        Channel.POLICE_101: ContactChannel.VOICE,
        Channel.NGO: ContactChannel.VIA_NGO,
        Channel.FRONT_COUNTER: ContactChannel.IN_PERSON,
        Channel.THIRD_PARTY_CENTRE: ContactChannel.IN_PERSON,
        Channel.HEALTH: ContactChannel.IN_PERSON,
        Channel.SCHOOL: ContactChannel.IN_PERSON,
        Channel.ONLINE: None,
        Channel.ANONYMOUS: None,
    }
)
"""How she came to us → the one way back while no plan is known.

In person means where she came to, never at her door. A form is no way back: an address typed into
one may be read by whoever shares her screen. Who said no name wants no call.
"""

_SAID_YES = frozenset({ConsentState.GIVEN, ConsentState.EXPIRED})
"""Then a consent's fields are what she agreed to; in any other state, what she is asked for.

A service that still helps her may reach her also after its yes ran out, until she is asked anew.
"""

NOT_BEGUN = frozenset({ContactState.PLANNED, ContactState.OPEN})
"""Contacts that wait for their moment."""

_OFFICE_HOURS = tuple(
    ContactWindow(weekday=day, opens=time(9), closes=time(17)) for day in range(5)
)


def terms_at(snapshot: CaseSnapshot, at: datetime) -> PlanTerms | None:
    """What holds at a moment; None: she may not be reached at all."""
    agreed = agreed_at(snapshot, at)
    return None if agreed is None else until_confirmed(agreed, snapshot.pending_plan)


def agreed_at(snapshot: CaseSnapshot, at: datetime) -> PlanTerms | None:
    """The same, whatever change of it waits to be confirmed."""
    plan = snapshot.plan
    if snapshot.case.died_at is not None or is_suspended(snapshot):
        return None
    if plan is not None and is_fresh(plan, at):
        return plan
    used = USED[snapshot.case.channel]
    if used is None or (plan is not None and used not in plan.channels):
        return None
    known = plan or PlanTerms(channels=(used,), windows=_OFFICE_HOURS)
    return known.model_copy(update={"channels": (used,)})


def can_be_asked(terms: PlanTerms | None, world: World) -> bool:
    """Whether terms leave a way and a time to speak with her herself."""
    if terms is None or SPOKEN_CHANNELS.isdisjoint(terms.channels):
        return False
    return next_window(terms, world.at, world.calendar) is not None


def is_fresh(plan: ContactPlan, at: datetime) -> bool:
    """Whether the plan was checked with her recently enough to rely on."""
    return plan.expires_at is not None and at < plan.expires_at


def checked_plan(snapshot: CaseSnapshot, at: datetime) -> ContactPlan | None:
    """The plan to go by: in force, and checked with her recently enough."""
    plan = snapshot.plan
    return plan if plan is not None and is_fresh(plan, at) else None


def is_suspended(snapshot: CaseSnapshot) -> bool:
    """Whether nobody may contact her for now."""
    return any(plan.state is PlanState.SUSPENDED for plan in snapshot.plans)


def is_engaged(snapshot: CaseSnapshot, organisation: str) -> bool:
    """Whether one of the organisation's services has taken her on."""
    return any(_engaged(snapshot, organisation))


def referrals_behind(
    snapshot: CaseSnapshot, organisation: str, purpose: ContactPurpose, at: datetime
) -> tuple[int, ...]:
    """The referrals on which a service may contact her: those it has taken on.

    To ask her «was it you?», those alone that stopped with a withdrawal which it is still to ask
    her about, for as long as its line is kept.
    """
    if purpose is ContactPurpose.WITHDRAWAL_CHECK:
        return tuple(n for check in _to_ask(snapshot, organisation, at) for n in check.referrals)
    return tuple(referral.number for referral in _engaged(snapshot, organisation))


def may_contact(snapshot: CaseSnapshot, contact: Contact, at: datetime) -> bool:
    """Whether the organisation that planned it may still contact her."""
    organisation, purpose = contact.organisation, contact.purpose
    if organisation == snapshot.case.owner and purpose is not ContactPurpose.WITHDRAWAL_CHECK:
        return True
    return contact.referral in referrals_behind(snapshot, organisation, purpose, at)


def no_ground(purpose: ContactPurpose) -> Refused:
    """Why an organisation may not contact her for that."""
    if purpose is ContactPurpose.WITHDRAWAL_CHECK:
        return refused(
            "no_open_check",
            "Your organisation has no open question to her whether a withdrawal was hers; for "
            "anything else, choose another purpose.",
        )
    return refused("not_engaged", "Your service has no open referral on which to contact her.")


def objection(snapshot: CaseSnapshot, contact: Contact, at: datetime) -> Refused | None:
    """What speaks against the contact at a moment, but for its time."""
    if not may_contact(snapshot, contact, at):
        return no_ground(contact.purpose)
    terms = terms_at(snapshot, at)
    if terms is None:
        return _nothing_known(snapshot)
    return (
        _not_spoken(contact)
        or _channel(snapshot, terms, contact.channel, at)
        or _template(terms, contact)
        or _interpreter(terms, contact)
    )


def window_of(snapshot: CaseSnapshot, contact: Contact, world: World) -> Spell | None:
    """What is left of the contact's safe window, or its next one; None where none is known."""
    if objection(snapshot, contact, world.at) is not None:
        return None
    return next_safe(snapshot, world, contact.not_before)


def next_safe(
    snapshot: CaseSnapshot, world: World, not_before: datetime | None = None
) -> Spell | None:
    """What is left of the safe window that is open, or the next one; None where none is known.

    It never lasts longer than the plan it rests on. Where it begins now, now is safe.
    """
    terms = terms_at(snapshot, world.at)
    if terms is None:
        return None
    plan = checked_plan(snapshot, world.at)
    over = None if plan else somebody_else.day_over(snapshot, world.calendar)
    since = max(world.at, not_before or world.at, over or world.at)
    for spell in spells(terms, since, world.calendar):
        if snapshot.plan is None and bank_holiday(spell[0].date(), world.calendar):
            continue  # offices are closed
        return _cut(spell, plan.expires_at if plan else None)
    return None


def is_safe(window: Spell | None, at: datetime) -> bool:
    """Whether a window is open at this very moment."""
    return window is not None and window[0] <= at < window[1]


def _cut(spell: Spell, until: datetime | None) -> Spell | None:
    opens, closes = spell
    if until is None or closes <= until:
        return spell
    return (opens, until) if opens < until else None


def _nothing_known(snapshot: CaseSnapshot) -> Refused:
    if snapshot.case.died_at is not None:
        return refused("deceased", "She has died: nobody contacts her.")
    if is_suspended(snapshot):
        return refused(
            "contact_suspended",
            "Nobody may contact her for now. Wait for her; what she then says is a new plan "
            "(`contact plan`), and a second person confirms it.",
        )
    return refused("plan_unknown", "It is not known how she can be reached safely: wait for her.")


def _not_spoken(contact: Contact) -> Refused | None:
    """Whoever holds her telephone could read «was it you?», and answer for her."""
    is_check = contact.purpose is ContactPurpose.WITHDRAWAL_CHECK
    if not is_check or contact.channel in SPOKEN_CHANNELS:
        return None
    return refused(
        "not_spoken", "Whether a withdrawal was hers is asked by voice or in person, and no other."
    )


def _channel(
    snapshot: CaseSnapshot, terms: PlanTerms, channel: ContactChannel, at: datetime
) -> Refused | None:
    allowed = [c for c in terms.channels if c is not ContactChannel.SHE_CONTACTS_US]
    if channel in allowed:
        return None
    listed = ", ".join(allowed) or "none: she contacts us"
    if checked_plan(snapshot, at):
        return refused("not_in_plan", f"Her plan does not allow {channel}. It allows: {listed}.")
    return refused(
        "plan_unknown",
        f"No checked plan allows {channel}. Until there is one (`contact plan`, `contact renew`), "
        f"only the way she came is left, by a person: {listed}.",
    )


def _template(terms: PlanTerms, contact: Contact) -> Refused | None:
    is_text = contact.channel in TEXT_CHANNELS
    if is_text is not (contact.template is not None):
        sentence = f"On {contact.channel} " + (
            "only a set text goes out: choose a template." if is_text else "no text goes out."
        )
        return refused("template", sentence)
    if is_text and terms.device_shared is not DeviceShared.NO:
        return refused(
            "device_shared",
            "Somebody else may see her device, so no text goes there. Plan a call, or ask her "
            "about the device and set the plan anew.",
        )
    return None


def _interpreter(terms: PlanTerms, contact: Contact) -> Refused | None:
    if contact.interpreter in terms.interpreter.excluded:
        return refused("interpreter_excluded", "She must not be interpreted by them: book another.")
    if (
        not terms.interpreter.needed
        or contact.channel not in SPOKEN_CHANNELS
        or contact.interpreter
    ):
        return None
    return refused("interpreter_needed", "She needs an interpreter: book one, and give the code.")


def may_know(snapshot: CaseSnapshot, organisation: str, at: datetime) -> bool:
    """Whether a service may read how to reach her.

    It has taken her on and she agreed to pass that on, or it keeps its line while it is to ask
    her whether a withdrawal was hers, and she had agreed before.
    """
    taken_on = {referral.service for referral in _engaged(snapshot, organisation)}
    agreed = (c for c in snapshot.consents if c.state in _SAID_YES and c.recipient in taken_on)
    kept = (stood for check in _to_ask(snapshot, organisation, at) for stood in check.consents)
    passed_on = (*(c.fields for c in agreed), *(stood.fields for stood in kept))
    return any(PersonalField.SAFE_CONTACT in fields for fields in passed_on)


def _engaged(snapshot: CaseSnapshot, organisation: str) -> Iterator[Referral]:
    """Its referrals on which it has taken her on."""
    mine = (r for r in snapshot.referrals if r.organisation == organisation)
    return (referral for referral in mine if referral.state in ENGAGED)


def _to_ask(snapshot: CaseSnapshot, organisation: str, at: datetime) -> Iterator[WithdrawalCheck]:
    """The withdrawals that it is to ask her about, while its line is kept."""
    mine = (check for check in snapshot.checks if check.asks == organisation)
    return (c for c in mine if c.state is CheckState.OPEN and at < c.line_until)
