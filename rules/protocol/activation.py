"""Whether a version may be signed: what is refused, and why, before anybody's key is used."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rules.protocol.evaluation import Protocol, content_hash
from rules.protocol.proof import prove
from schemas.actor import Actor
from schemas.adoption import Assessment, Offer, Proposal, day_of
from schemas.decisions import Refused, refused
from schemas.proof import Proof
from schemas.protocol import Version


@dataclass(frozen=True)
class Grounds:
    """What is known when somebody asks to sign."""

    assessments: tuple[Assessment, ...]
    """Of their organisation, as they were recorded last."""
    known: Protocol
    """Every version that is shipped or held."""


def objection(offer: Offer, grounds: Grounds, at: datetime) -> Refused | None:
    """What speaks against an offer itself, whoever signs it; None: nothing does."""
    version = offer.version
    if version.historical:
        return refused(
            "historical", f"{version.id} is there to look back with: it can never be activated."
        )
    if version.dpia_id not in (None, offer.dpia_id):
        return refused("other_assessment", f"The file itself names the DPIA {version.dpia_id}.")
    known = grounds.known.versions.get(version.id)
    if known is not None and content_hash(known) != content_hash(version):
        return changed_version(version.id)
    if version.effective_to is not None and day_of(at) > version.effective_to:
        return refused("past", f"{version.id} was in force until {version.effective_to} at most.")
    return _not_assessed(offer.dpia_id, grounds.assessments, at)


def changed_version(version_id: str) -> Refused:
    """The refusal of other content under an id that is taken."""
    return refused(
        "changed_version",
        f"There is a version {version_id} with other content, and what was told or used stays as "
        "it is: give the new one an id of its own.",
    )


def _not_assessed(dpia_id: str, assessments: Iterable[Assessment], at: datetime) -> Refused | None:
    found = next((one for one in assessments if one.id == dpia_id), None)
    if found is None:
        return refused(
            "no_assessment",
            f"No impact assessment {dpia_id} is recorded for your organisation: a data protection "
            "officer records it with `protocol dpia record`.",
        )
    if not found.is_in_force(at):
        return refused(
            "assessment_over",
            f"The impact assessment {dpia_id} was to be reviewed by {found.review_by}: it has to "
            "be looked at first.",
        )
    return None


def proof_of(known: Protocol, version: Version) -> Proof:
    """The proof of a version beside every version there is, as active and as told."""
    versions = {**known.versions, version.id: version}
    told = [one.id for one in versions.values() if not one.historical]
    return prove(Protocol(known.baseline, versions), [version.id], told)


def not_proved(proof: Proof) -> Refused | None:
    """The refusal of a version that could break a safeguard; None: it cannot."""
    broken = next((one for one in proof.promises if not one.holds), None)
    if broken is None:
        return None
    return refused(
        "not_proved",
        f"The proof fails: {broken.sentence} `protocol prove` shows a request for which it does "
        "not hold.",
    )


def second_objection(proposal: Proposal, offer: Offer, actor: Actor) -> Refused | None:
    """What speaks against a second signature under what the first person signed."""
    theirs = proposal.offer
    differs = [
        said for name, said in _GROUNDS.items() if getattr(theirs, name) != getattr(offer, name)
    ]
    if theirs.version.content() != offer.version.content():
        differs.insert(0, "content")
    if differs:
        return refused(
            "other_proposal",
            f"{proposal.first.by} signed {theirs.version.id}, which waits until "
            f"{day_of(proposal.lapses_at)}. Yours differs in {', '.join(differs)}: look at "
            "`protocol status`, and sign the same, or have them withdraw it.",
        )
    if proposal.first.by == actor.who:
        return refused(
            "second_person",
            "You have signed it already: somebody else of your organisation signs next.",
        )
    return None


def nothing_waits() -> Refused:
    """The refusal to withdraw what is not there."""
    return refused("nothing_waits", "No version waits for a second signature.")


def withdrawal_objection(proposal: Proposal, actor: Actor) -> Refused | None:
    """What speaks against taking a proposal back; None: it is one's own."""
    if proposal.first.by == actor.who:
        return None
    return refused("not_yours", f"{proposal.first.by} signed it, who alone can withdraw it.")


_GROUNDS = {"dpia_id": "the DPIA", "reason": "the reason", "departs_from": "what it departs from"}
