"""What speaks against signing a version, before anybody's key is used."""

from datetime import UTC, date, datetime, timedelta

import pytest

from rules.protocol.activation import (
    Grounds,
    not_proved,
    objection,
    proof_of,
    second_objection,
)
from rules.protocol.evaluation import Protocol
from rules.protocol.shipped import shipped_protocol
from schemas.actor import Actor, Role
from schemas.adoption import Adoption, Assessment, Fault, Offer, Proposal, Signature
from schemas.decisions import Refused
from schemas.protocol import Version

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
CORA = Actor(role=Role.PROTOCOL_OWNER, organisation="essex-police", person="cora")
IAIN = Actor(role=Role.PROTOCOL_OWNER, organisation="essex-police", person="iain")
DPIA = Assessment(
    id="DPIA-1",
    title="Sharing with Immigration Enforcement",
    review_by=date(2026, 12, 1),
    recorded_by="essex-police:dee",
    recorded_at=NOW,
)
SHIPPED = shipped_protocol()


def a_version(name: str = "p4-consent-2025", **changes: object) -> Version:
    return SHIPPED.versions[name].model_copy(update=changes)


def an_offer(version: Version | None = None, dpia_id: str = "DPIA-1") -> Offer:
    return Offer(version=version or a_version(), dpia_id=dpia_id, reason="adopted by the force")


def codes(found: Refused | None) -> list[str]:
    return [reason.code for reason in found.reasons] if found else []


def said_of(offer: Offer, at: datetime = NOW) -> list[str]:
    return codes(objection(offer, Grounds((DPIA,), SHIPPED), at))


def test_a_version_in_order_may_be_signed() -> None:
    """The lawful case, from which each of the others differs in one thing."""
    assert [] == said_of(an_offer())


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        (an_offer(a_version("h0-npcc-2018-as-written")), "historical"),
        (an_offer(a_version(dpia_id="DPIA-9")), "other_assessment"),
        (an_offer(a_version(title="The same name for something else")), "changed_version"),
        (an_offer(a_version(id="mine-1", effective_to=date(2026, 11, 30))), "past"),
        (an_offer(dpia_id="DPIA-9"), "no_assessment"),
    ],
    ids=["historical", "another DPIA in the file", "a changed one", "past its end", "no DPIA"],
)
def test_an_offer_is_refused_for_one_reason(offer: Offer, code: str) -> None:
    """Each ground by itself."""
    assert [code] == said_of(offer)


def test_an_assessment_counts_up_to_its_last_day() -> None:
    """The day it is to be reviewed by is the last, as it is counted in London."""
    midnight = datetime(2026, 12, 2, tzinfo=UTC)
    assert [] == said_of(an_offer(), midnight - timedelta(seconds=1))
    assert ["assessment_over"] == said_of(an_offer(), midnight)


def test_a_version_that_breaks_a_safeguard_is_not_proved() -> None:
    """Here the baseline itself was weakened, so that some request is eligible that must not be."""
    rules = tuple(rule for rule in SHIPPED.baseline.rules if rule.id != "B06")
    weak = Protocol(SHIPPED.baseline.model_copy(update={"rules": rules}), SHIPPED.versions)
    version = a_version("p1-npcc-2018")
    assert ["not_proved"] == codes(not_proved(proof_of(weak, version)))
    assert [] == codes(not_proved(proof_of(SHIPPED, version)))


def test_every_version_is_told_in_the_proof_however_many_there_are() -> None:
    """Lists in groups keep it short; no pair is left out."""
    more = {f"more-{n}": a_version(id=f"more-{n}") for n in range(8)}
    known = Protocol(SHIPPED.baseline, {**SHIPPED.versions, **more})
    found = proof_of(known, a_version())
    assert found.holds
    assert len(known.versions) - 1 <= found.pairs


def a_proposal(offer: Offer) -> Proposal:
    first = Signature(by=CORA.who, since=NOW, value=b"signed")
    grounds = {name: getattr(offer, name) for name in Offer.model_fields}
    return Proposal(**grounds, number=1, organisation="essex-police", first=first, proposed_at=NOW)


@pytest.mark.parametrize(
    ("offer", "actor", "code"),
    [
        (an_offer(), IAIN, []),
        (an_offer(), CORA, ["second_person"]),
        (an_offer(a_version("p1-npcc-2018")), IAIN, ["other_proposal"]),
        (an_offer(dpia_id="DPIA-2"), IAIN, ["other_proposal"]),
        (an_offer().model_copy(update={"reason": "another"}), IAIN, ["other_proposal"]),
        (an_offer().model_copy(update={"departs_from": ("HMICFRS",)}), IAIN, ["other_proposal"]),
    ],
    ids=["the same", "the same person", "content", "DPIA", "reason", "departures"],
)
def test_the_second_person_signs_what_the_first_signed(
    offer: Offer, actor: Actor, code: list[str]
) -> None:
    """All of it, and somebody else."""
    assert code == codes(second_objection(a_proposal(an_offer()), offer, actor))


def an_adoption(**changes: object) -> Adoption:
    return Adoption(
        **{name: getattr(an_offer(), name) for name in Offer.model_fields},
        number=1,
        organisation="essex-police",
        first=Signature(by=CORA.who, since=NOW, value=b"1"),
        second=Signature(by=IAIN.who, since=NOW + timedelta(hours=1), value=b"2"),
    ).model_copy(update=changes)


def test_an_adoption_counts_from_the_later_signature_on() -> None:
    """Not before the second person wanted it, and not with a fault."""
    adoption = an_adoption()
    assert not adoption.counts(NOW)
    assert adoption.counts(NOW + timedelta(hours=1))
    assert not an_adoption(fault=Fault.BAD_SIGNATURE).counts(NOW + timedelta(hours=1))


def test_an_adopted_version_ends_after_its_last_day() -> None:
    """Then nothing holds, until somebody adopts another."""
    ends = an_adoption(version=a_version(effective_to=date(2026, 12, 31)))
    assert ends.counts(datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    assert not ends.counts(datetime(2027, 1, 1, tzinfo=UTC))
