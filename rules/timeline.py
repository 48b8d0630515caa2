"""The timeline of a case as one reader may see it. The audit itself stays as it is.

The rows are read under row security, which hides what is private to another organisation. What is
left out or made plainer here is what a row tells beside what was done.
"""

from collections.abc import Iterable

from rules import quiet
from schemas.actor import Actor
from schemas.private import known_as
from schemas.snapshot import CaseSnapshot
from schemas.verbs import Verb
from schemas.views import AuditLine


def shown_to(
    actor: Actor, snapshot: CaseSnapshot, lines: Iterable[AuditLine]
) -> tuple[AuditLine, ...]:
    """What happened, without what is quiet, or tells of an adviser or of a hidden case.

    Args:
        actor: who reads.
        snapshot: the case as the same person reads it: its links are those they may see.
        lines: rows of the audit.
    """
    return tuple(
        _without_hidden_case(snapshot, seen_by(actor.organisation, line))
        for line in quiet.timeline_for(actor, snapshot, lines)
    )


def seen_by(organisation: str, line: AuditLine) -> AuditLine:
    """A row as an organisation sees it: of another's staff, not who advises on immigration."""
    return line.model_copy(update={"actor": known_as(line.actor, organisation)})


def _without_hidden_case(snapshot: CaseSnapshot, line: AuditLine) -> AuditLine:
    """A link is told of with its other end only where the reader sees that case too."""
    seen = {link.other for link in snapshot.links}
    if line.verb is not Verb.LINK_CASE or line.detail.get("other") in seen:
        return line
    detail = {name: value for name, value in line.detail.items() if name != "other"}
    return line.model_copy(update={"detail": detail})
