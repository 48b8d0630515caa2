"""What a force uses of the sharing protocol, in words and as JSON."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from commands.console import local

if TYPE_CHECKING:
    from schemas.adoption import Adoption, Agreement, Assessment, ProtocolStatus

_FAULTS = {
    "unknown_key": "somebody who is said to have signed has no public key here",
    "bad_signature": "what is written down is not what was signed here",
    "other_baseline": "the baseline has changed since it was signed",
    "changed_content": "the content of the version is not the one that was adopted",
    "lapsed": "what the first person signed had lapsed when the second did",
    "one_signer": "it was not signed by two people of this organisation",
}


def status_lines(status: "ProtocolStatus") -> Iterator[str]:
    """The status, line by line (rich markup)."""
    yield from _now(status)
    yield from _waiting(status)
    yield from _papers(status)
    yield from _history(status.history)


def _now(status: "ProtocolStatus") -> Iterator[str]:
    if status.fault:
        yield f"[bold red]The latest adoption does not count[/]: {_FAULTS[status.fault]}."
        yield "  Two protocol owners sign a version anew; find out first who changed what."
    if status.adoption is None:
        yield f"[bold]{status.organisation}: closed[/] ({status.active}): nothing may be shared."
        return
    title = escape(status.adoption.version.title)
    yield f"[bold]{status.organisation} uses {status.active}[/]: {title}"
    yield from _told(status.adoption)


def _told(adoption: "Adoption") -> Iterator[str]:
    yield f"  since {local(adoption.since)}: {escape(adoption.reason)}"
    yield f"  signed by {adoption.first.by} and {adoption.second.by}, under DPIA {adoption.dpia_id}"
    if not adoption.departs_from:
        yield "  departs from no recommendation"
    for text in adoption.departs_from:
        yield f"  departs from: {escape(text)}"


def _waiting(status: "ProtocolStatus") -> Iterator[str]:
    waits = status.proposal
    if waits is not None:
        whom = " or ".join(status.waits_for) or "a second protocol owner, of whom no key is known"
        yield (
            f"[yellow]{waits.version.id} waits[/] for {whom} until {local(waits.lapses_at)}: "
            f"signed by {waits.first.by}, {escape(waits.reason)} (DPIA {waits.dpia_id})"
        )
        yield from (f"  departs from: {escape(text)}" for text in waits.departs_from)
        if waits.fault:
            yield f"  [bold red]nobody can sign it[/]: {_FAULTS[waits.fault]}"
    for one in status.awaited:
        yield (
            f"{one.version} is awaited by {one.expected_on:%d %b %Y}: {escape(one.title)} "
            f"({one.owner} sees to it)"
        )


def _papers(status: "ProtocolStatus") -> Iterator[str]:
    word = "in force" if status.paperwork == "in_force" else "[yellow]not both in force[/]"
    yield f"agreement and impact assessment: {word}"
    for line in (
        *agreement_lines(status.agreements, status.at),
        *assessment_lines(status.assessments, status.at),
    ):
        yield f"  {line}"


def agreement_lines(agreements: Iterable["Agreement"], at: datetime) -> Iterator[str]:
    """Agreements with the days they have left."""
    empty = True
    for one in agreements:
        empty = False
        parties = ", ".join(one.parties)
        yield f"agreement {one.id} between {parties}: {_agreed(one, at)}"
    if empty:
        yield "no agreement is recorded: `protocol agreement record` records one"


def assessment_lines(assessments: Iterable["Assessment"], at: datetime) -> Iterator[str]:
    """Impact assessments with the days until their review."""
    from schemas.adoption import day_of

    empty = True
    for one in assessments:
        empty = False
        left = _until((one.review_by - day_of(at)).days, one.review_by)
        yield f"DPIA {one.id}, {escape(one.title)}: {left}"
    if empty:
        yield "no impact assessment is recorded: `protocol dpia record` records one"


def _agreed(one: "Agreement", at: "datetime") -> str:
    """How an agreement stands, and what keeps it from counting."""
    if not one.is_with_enforcement:
        return "not with Immigration Enforcement, so nothing may be shared under it"
    if not one.has_begun(at):
        return f"not yet in force, from {one.signed_on:%d %b %Y}"
    return _until(one.days_left(at), one.expires_on)


def _until(days: int, last: Any) -> str:
    if days < 0:
        return f"[bold red]over since {last:%d %b %Y}[/]"
    return f"until {last:%d %b %Y}, {days} day{'' if days == 1 else 's'} left"


def _history(history: Iterable["Adoption"]) -> Iterator[str]:
    adoptions = list(history)
    if adoptions:
        yield "every adoption, the oldest first:"
    for one in adoptions:
        bad = f" [bold red]does not count: {_FAULTS[one.fault]}[/]" if one.fault else ""
        yield f"  {local(one.since)}  {one.version.id}  by {one.first.by}, {one.second.by}{bad}"


def status_json(status: "ProtocolStatus") -> dict[str, Any]:
    """The status as one document, with signatures left out."""
    return {
        "organisation": status.organisation,
        "at": status.at,
        "active": status.active,
        "fault": status.fault,
        "adoption": adoption_json(status.adoption) if status.adoption else None,
        "history": [adoption_json(one) for one in status.history],
        "proposal": _proposal_json(status),
        "awaited": list(status.awaited),
        "agreement_and_dpia": status.paperwork,
        "agreements": [agreement_json(one, status.at) for one in status.agreements],
        "assessments": [assessment_json(one, status.at) for one in status.assessments],
    }


def adoption_json(adoption: "Adoption") -> dict[str, Any]:
    """An adoption record as a document."""
    return {
        "version": adoption.version.id,
        "since": adoption.since,
        "reason": adoption.reason,
        "signed_by": [adoption.first.by, adoption.second.by],
        "dpia": adoption.dpia_id,
        "departs_from": list(adoption.departs_from),
        "fault": adoption.fault,
    }


def _proposal_json(status: "ProtocolStatus") -> dict[str, Any] | None:
    waits = status.proposal
    if waits is None:
        return None
    return {
        "version": waits.version.id,
        "signed_by": waits.first.by,
        "waits_for": list(status.waits_for),
        "lapses_at": waits.lapses_at,
        "reason": waits.reason,
        "dpia": waits.dpia_id,
        "departs_from": list(waits.departs_from),
        "fault": waits.fault,
    }


def agreement_json(one: "Agreement", at: datetime) -> dict[str, Any]:
    """An agreement with the days it has left."""
    return {
        **one.model_dump(mode="json", exclude={"number"}),
        "days_left": one.days_left(at),
        "is_in_force": one.is_in_force(at),
    }


def assessment_json(one: "Assessment", at: datetime) -> dict[str, Any]:
    """An impact assessment, and whether it counts."""
    return {**one.model_dump(mode="json"), "is_in_force": one.is_in_force(at)}
