"""A case in words, for those who lead it: where it stands, what is open, who works on it.

How to reach her is said in codes and times only; the number and the like are for `contact show`.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from commands.console import local, local_short

if TYPE_CHECKING:
    from schemas.contact import Contact
    from schemas.deadlines import Deadline
    from schemas.erasure import Erasure
    from schemas.referral import Referral
    from schemas.snapshot import Task
    from schemas.views import CasePage


def page_lines(page: "CasePage") -> Iterator[str]:
    """The case without its personal texts (rich markup)."""
    case = page.case
    marks = " [red]restricted[/]" if case.is_restricted else ""
    yield f"Case [bold]{case.case_ref}[/]{marks}: {case.stage.value}, version {case.version}"
    parts = (_people, _help, _reaching, _protection, _lanes, _clock)
    yield from (f"  {line}" for part in parts for line in part(page))


def _people(page: "CasePage") -> Iterator[str]:
    from rules.casework import is_proposed

    case = page.case
    yield f"{case.subject.value}, by {case.channel.value}, led by {case.owner}"
    yield f"assigned to {case.assigned_to or 'nobody yet'}"
    yield f"{case.entitlement.value} entitlement, age: {case.age.value}"
    yield from _told(page)
    if case.closing_reason:
        yield f"closing as {spoken(case.closing_reason)}, asked for by {case.closing_asked_by}"
    yield from _her_death(page)
    if page.named:
        yield f"may see it: {_listed(n.who for n in page.named if n.is_named)}"
    for proposed in (n for n in page.named if is_proposed(n, page.named, page.conflicts)):
        yield f"[yellow]{proposed.who} is proposed[/]: a second named person agrees, or nobody does"
    for conflict in page.conflicts:
        yield f"conflict of interest: {conflict.who}, {spoken(conflict.conflict)}"
    if page.transfer:
        to = page.transfer.to_organisation
        yield f"transfer to {to}: {page.transfer.state.value}, by {page.transfer.offered_by}"
    if page.erasure:
        yield _erasure(page.erasure)
    yield from _in_repair(page)
    for link in page.links:
        yield f"linked with {link.other}: {spoken(link.link)}"


def _told(page: "CasePage") -> Iterator[str]:
    """What no later protocol may fall short of."""
    if page.told:
        told = page.told
        yield (
            f"told about sharing on {local_short(told.told_at)}: {told.told_version}, while "
            f"{told.told_protocol} was active"
        )


def _in_repair(page: "CasePage") -> Iterator[str]:
    """What does not go out for now, so that nobody waits for it in vain."""
    if page.is_paused:
        yield "[yellow]held back by operations[/]: packets and texts to her; stops go on"
    for one in page.stuck:
        yield (
            f"[yellow]{spoken(one.step)} keeps failing[/] since {local_short(one.since)}: "
            "operations are told, and nothing is lost; if she cannot wait for it, ring"
        )


def _erasure(erasure: "Erasure") -> str:
    why, by = spoken(erasure.reason), erasure.answered_by or erasure.proposed_by
    if erasure.erased_at is not None:
        return f"[bold]erased on {erasure.erased_at:%d %b %Y}[/] ({why}): its texts are gone"
    return f"erasure ({why}): [yellow]{erasure.state.value}[/], by {by}"


def _her_death(page: "CasePage") -> Iterator[str]:
    from schemas.snapshot import TaskKind

    died_at = page.case.died_at
    if died_at:
        yield f"[bold]she died on {died_at:%d %b %Y}[/]: nothing is sent about her any more"
    for report in (t for t in page.tasks if t.kind is TaskKind.CONFIRM_DEATH and not t.is_done):
        yield f"[yellow]{report.not_for} says that she has died[/]: somebody else answers"


def _help(page: "CasePage") -> Iterator[str]:
    for need in page.needs:
        category = need.category.value
        yield f"need {need.number}: {category}, {need.priority.value}, {need.state.value}"
    for consent in page.consents:
        fields = f" for {', '.join(consent.fields)}" if consent.fields else ""
        more = f"; asked for {', '.join(consent.also_asked)}" if consent.also_asked else ""
        yield f"consent to {consent.recipient}: {consent.state.value}{fields}{more}"
    for referral in page.referrals:
        yield f"referral {referral.number} to {referral.service}: {_state_of(referral)}"


def _state_of(referral: "Referral") -> str:
    why = f" ({referral.reason.value})" if referral.reason else ""
    until = f", expected by {referral.expected_by:%d %b %Y}" if referral.expected_by else ""
    instead = f", in place of {referral.replaces}" if referral.replaces else ""
    return f"[bold]{referral.state.value}[/]{why}{until}{instead}; {_chosen(referral)}"


def _chosen(referral: "Referral") -> str:
    who = "she" if referral.chosen_by == "victim" else "the caseworker"
    offered = f" among {_listed(referral.offered)}" if referral.offered else ""
    return f"{who} chose{offered}"


def _reaching(page: "CasePage") -> Iterator[str]:
    plan, pending = page.plan, page.pending_plan
    if plan is None:
        yield "[yellow]no contact plan in force[/]: see `contact show`"
    else:
        ways = _listed(spoken(channel) for channel in plan.channels)
        yield f"contact plan {plan.number}: {ways}; {_next_window(page)}"
    if pending is not None:
        changes = _listed(spoken(part) for part in pending.changes)
        yield f"[yellow]contact plan {pending.number} waits for a second person[/]: {changes}"
    yield from (_contact(contact) for contact in page.contacts)


def _next_window(page: "CasePage") -> str:
    from infra.calendars.load import england_and_wales
    from rules.plan_terms import until_confirmed
    from rules.safe_contact import is_fresh
    from rules.windows import next_window

    now = datetime.now(UTC)
    if page.plan is None or not is_fresh(page.plan, now):
        return "[yellow]not checked with her for too long[/]"
    terms = until_confirmed(page.plan, page.pending_plan)
    window = next_window(terms, now, england_and_wales())
    if window is None:
        return "no safe window is known"
    opens, closes = window
    return f"safe next {local(opens)} until {local_short(closes)}"


def _contact(contact: "Contact") -> str:
    what = f"{spoken(contact.purpose)} by {spoken(contact.channel)}, {contact.organisation}"
    came = f", {spoken(contact.result)}" if contact.result else ""
    outside = ", [red]outside the plan[/]" if contact.is_outside_plan else ""
    state = f"[bold]{contact.state.value}[/]"
    return f"contact {contact.number} ({what}): {state}{came}{outside}"


def _protection(page: "CasePage") -> Iterator[str]:
    for hold in page.holds:
        lifted = f", lifted {local(hold.lifted_at)}" if hold.lifted_at else ""
        yield f"hold {hold.number} by {hold.organisation}, {local(hold.placed_at)}{lifted}"
    for check in page.checks:
        asks = f"asked by {check.asks}, not by {check.recorder}"
        yield f"withdrawal check {check.number}: [bold]{spoken(check.state)}[/], {asks}"


def _lanes(page: "CasePage") -> Iterator[str]:
    risk, marac, nrm = page.risk, page.marac, page.nrm
    if risk is None:
        yield "risk: [yellow]not assessed, so counted as high[/]"
    else:
        reviewed = {None: "not reviewed", True: "reviewed, agreed", False: "reviewed, not agreed"}
        seen = reviewed[risk.agreed]
        yield f"risk: [bold]{risk.grade.value}[/] by {risk.tool.value}, {seen} (no. {risk.number})"
    if marac is not None:
        on = f", meeting on {marac.meeting_on:%d %b %Y}" if marac.meeting_on else ""
        due = f", actions due {marac.actions_due_on:%d %b %Y}" if marac.actions_due_on else ""
        state = f"[bold]{spoken(marac.state)}[/], {spoken(marac.criterion)}"
        yield f"MARAC {marac.number}: {state}{on}{due}"
    if nrm is not None:
        until = f", recovery until {local(nrm.recovery_until)}" if nrm.recovery_until else ""
        yield f"NRM {nrm.number}: [bold]{spoken(nrm.state)}[/], {nrm.age.value}{until}"


def _clock(page: "CasePage") -> Iterator[str]:
    yield from (_deadline(deadline) for deadline in page.deadlines)
    yield from (_task(task) for task in page.tasks if not task.is_done)


def _deadline(deadline: "Deadline") -> str:
    from schemas.deadlines import DeadlineState

    why = deadline.pause_reason or deadline.extension_reason
    because = f" ({spoken(why)})" if why else ""
    state = (
        "[bold red]late[/]" if deadline.state is DeadlineState.BREACHED else spoken(deadline.state)
    )
    return f"deadline {deadline.id}: due {local(deadline.due_at)}, {state}{because}"


def _task(task: "Task") -> str:
    whom = task.for_person or task.for_role.value
    never = f", not {task.not_for}" if task.not_for else ""
    return f"[yellow]task for {whom}{never}: {spoken(task.kind)}[/] ({task.id})"


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(codes) or "nobody"


def spoken(code: str) -> str:
    """A code as words."""
    return code.replace("_", " ")
