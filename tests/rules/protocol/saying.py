"""What people say of a case, for tests: builders, and a world of assertions of every kind."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zlib import crc32

from hypothesis import strategies as st

from rules.protocol.authority import AUTHORITY
from rules.protocol.safeguards import IN_ORDER
from rules.protocol.standing import facts_at
from schemas.actor import Actor, Role
from schemas.assertions import Assertion, SourceKind
from schemas.fact_table import FACTS, Shape
from tests.builders import AT, POLICE

HARBOUR, MEADOWLIGHT = "harbour-house", "meadowlight"
PAT = Actor(role=Role.PPU_OFFICER, organisation=POLICE, person="pat")
PIA = Actor(role=Role.PPU_OFFICER, organisation=POLICE, person="pia")
OLI = Actor(role=Role.OIC, organisation=POLICE, person="oli")
IDA = Actor(role=Role.IDVA, organisation=HARBOUR, person="ida")
DI = Actor(role=Role.NGO_WORKER, organisation=HARBOUR, person="di")
MO = Actor(role=Role.NGO_WORKER, organisation=MEADOWLIGHT, person="mo")

RECORDS: Mapping[str, Any] = {
    name: IN_ORDER.given()[name]
    for name in (
        "consent_state",
        "consent_quality",
        "objection",
        "told_versions",
        "prior_denial_same_facts",
        "requested_fields",
        "trigger_kind",
        "requested_by",
        "agreement_and_dpia",
        "case_state",
        "support_hold",
    )
}
"""Records in which everything is in order."""

DAY = timedelta(days=1)


def said(
    fact: str,
    value: Any,
    by: Actor = IDA,
    *,
    number: int = 0,
    days_ago: float = 1,
    evidence: str | None = "OCC-1",
    instead_of: Assertion | None = None,
    until: datetime | None = None,
) -> Assertion:
    """One assertion; two of one number are the same."""
    return Assertion(
        id=UUID(int=number or crc32(f"{fact} {value} {by} {days_ago}".encode()) + 1),
        fact=fact,
        value=value,
        by=by,
        source=SourceKind.CONVERSATION,
        evidence=evidence,
        at=AT - days_ago * DAY,
        until=until,
        supersedes=instead_of.id if instead_of else None,
    )


def read(
    fact: str,
    *assertions: Assertion,
    at: datetime = AT,
    requester: str | None = None,
    **records: Any,
) -> Any:
    """How one fact reads."""
    return facts_at(assertions, records, at, requester).values[fact]


def in_order() -> tuple[Assertion, ...]:
    """Everything that people have to say, said by those who may, as a request in order needs it."""
    return tuple(
        said(fact, IN_ORDER.given()[fact], _somebody(AUTHORITY[fact].roles[-1]), number=1_000 + n)
        for n, fact in enumerate(AUTHORITY)
    )


def _somebody(role: Role) -> Actor:
    return Actor(role=role, organisation="any", person=role.value.replace("_", "-"))


ROLES = (
    Role.PPU_OFFICER,
    Role.OIC,
    Role.SAFEGUARDING_SUPERVISOR,
    Role.NRM_FIRST_RESPONDER,
    Role.INFO_SHARING_SPOC,
    Role.DPO,
    Role.NGO_WORKER,
    Role.IDVA,
    Role.IMMIGRATION_ADVISER,
)


@st.composite
def histories(
    draw: st.DrawFn,
    facts: Sequence[str] = tuple(AUTHORITY),
    roles: Sequence[Role] = ROLES,
    most: int = 6,
) -> tuple[Assertion, ...]:
    """What some people said of a few facts, some of it in the place of what was said before."""
    made: list[Assertion] = []
    for number in range(1, draw(st.integers(1, most)) + 1):
        fact = FACTS[draw(st.sampled_from(facts))]
        role = draw(st.sampled_from(roles))
        by = Actor(
            role=role,
            organisation=draw(st.sampled_from((POLICE, HARBOUR, MEADOWLIGHT))),
            person=draw(st.sampled_from(("ann", "bea"))),
        )
        value: Any = draw(st.sampled_from(fact.values))
        if fact.shape is Shape.LIST:
            value = draw(
                st.lists(st.sampled_from(fact.values), min_size=1, max_size=2, unique=True)
            )
        earlier = [one for one in made if one.fact == fact.name]
        replaced = draw(st.sampled_from([None, *earlier])) if earlier else None
        made.append(
            said(
                fact.name,
                value,
                by,
                number=number,
                days_ago=draw(st.integers(0, 60)),
                evidence=draw(st.sampled_from(("OCC-7", None))),
                instead_of=replaced,
                until=draw(st.sampled_from((None, AT + DAY))),
            )
        )
    return tuple(made)


def tellers(fact: str) -> tuple[Role, ...]:
    """Everybody whose word on a fact may count for something."""
    authority = AUTHORITY[fact]
    return (*authority.roles, *authority.raisers, *authority.by_two)
