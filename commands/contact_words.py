"""A safe-contact plan in words, for whoever is about to reach her."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from commands.console import local, local_short

if TYPE_CHECKING:
    from schemas.contact import Contact, ContactPlan, ContactWindow, InterpreterNeed
    from schemas.views import ContactPage

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NO_PLAN = (
    "No plan is in force. She is not texted, and reached only the way she came, if at all: "
    "ask her how it is safe, and record it (`contact plan`)."
)
_SUSPENDED = (
    "[bold red]Nobody contacts her for now.[/] Wait for her; what she then says is a new plan "
    "(`contact plan`), and a second person confirms it."
)

_NO_DETAILS = "none were given"
_NO_TIME = (
    "  [yellow]no time is left to ask her while it waits: a supervisor has it set with one that "
    "was hers and is still safe (`contact plan`), or stops contact (`contact suspend`)[/]"
)


def page_lines(page: "ContactPage") -> Iterator[str]:
    """What is known of reaching her (rich markup)."""
    if page.is_suspended:
        yield _SUSPENDED
    elif page.plan is None:
        yield f"[yellow]{_NO_PLAN}[/]"
    else:
        yield from _plan_lines(page.plan)
    if page.next_opens and page.next_closes:
        until = local_short(page.next_closes)
        yield f"  [bold]next safe window: {local(page.next_opens)} until {until}[/]"
    elif not page.is_suspended:
        yield "  [yellow]no safe window is known: she contacts us[/]"
    if page.pending_plan is not None:
        yield from _pending_lines(page.case_ref, page.pending_plan)
        if page.next_opens is None and not page.is_suspended:
            yield _NO_TIME
    for contact in page.contacts:
        yield f"  {_contact_line(contact)}"


def _plan_lines(plan: "ContactPlan") -> Iterator[str]:
    until = f", checked with her, good until {local(plan.expires_at)}" if plan.expires_at else ""
    yield f"Plan [bold]{plan.number}[/] is {_spoken(plan.state)}{until}"
    yield from _term_lines(plan)


def _term_lines(plan: "ContactPlan") -> Iterator[str]:
    yield f"  ways: {', '.join(_spoken(channel) for channel in plan.channels)}"
    yield f"  times: {'; '.join(_window(window) for window in plan.windows) or 'none agreed'}"
    yield f"  voicemail: {_spoken(plan.voicemail)}; caller: {_spoken(plan.caller_identity)}"
    yield f"  if the call breaks off: {_dropped(plan)}"
    yield f"  post: {'never' if plan.do_not_post else 'allowed'}"
    yield f"  others see her device: {_spoken(plan.device_shared)}"
    yield f"  interpreter: {_interpreter(plan.interpreter)}"
    if plan.words_of is not None:
        yield "  she agreed words: ask for hers, and give it to `contact end --ask-word`"


def _pending_lines(case_ref: str, plan: "ContactPlan") -> Iterator[str]:
    changes = ", ".join(_spoken(part) for part in plan.changes)
    confirm = f"contact confirm {case_ref} --plan {plan.number} --how"
    by = f"set by {plan.set_by}"
    yield f"[yellow]Plan {plan.number} waits for a second person ({changes})[/], {by}:"
    yield from _term_lines(plan)
    yield f"  read first what it says: `contact show {case_ref} --details`; then"
    yield f"  `{confirm} old_channel --contact …` after a contact by the plan in force,"
    yield f"  `{confirm} ngo_that_knows_her` by another NGO, that supports her, or"
    yield f"  `{confirm} told_in_person` by a supervisor after a suspension"


def _contact_line(contact: "Contact") -> str:
    what = f"contact {contact.number}: {_spoken(contact.purpose)} by {_spoken(contact.channel)}"
    came = f", {_spoken(contact.result)}" if contact.result else ""
    outside = ", [red]outside the plan[/]" if contact.is_outside_plan else ""
    return f"{what}, [bold]{_spoken(contact.state)}[/]{came}{outside}{_when(contact)}"


def _when(contact: "Contact") -> str:
    if contact.ended_at:
        return f", {local_short(contact.ended_at)}"
    return f", safe from {local(contact.safe_at)}" if contact.safe_at else ""


def _window(window: "ContactWindow") -> str:
    until = f" until {window.valid_until}" if window.valid_until else ""
    return f"{_DAYS[window.weekday]} {window.opens:%H:%M}–{window.closes:%H:%M}{until}"


def _dropped(plan: "ContactPlan") -> str:
    minutes = plan.call_back_after_minutes
    after = f" after {minutes} minutes" if minutes else ""
    return f"{_spoken(plan.dropped_call)}{after}"


def _interpreter(need: "InterpreterNeed") -> str:
    gender = "" if need.gender == "any" else f", {need.gender}"
    never = f"; never {', '.join(need.excluded)}" if need.excluded else ""
    return f"{'needed' if need.needed else 'not needed'}{gender}{never}"


def _spoken(code: str) -> str:
    return code.replace("_", " ")


def details_lines(page: "ContactPage") -> Iterator[tuple[str, str]]:
    """What the details are of (rich markup), and what they say: as it holds, and as proposed."""
    plan, pending = page.plan, page.pending_plan
    if plan is not None:
        yield f"details of plan {plan.number}", page.details or _NO_DETAILS
    if pending is not None:
        proposed = f"[yellow]proposed with plan {pending.number}, which nobody confirmed[/]"
        yield proposed, page.proposed_details or _NO_DETAILS
    if plan is None and pending is None:
        yield "details", _NO_DETAILS
