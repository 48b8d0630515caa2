"""The desk of the protocol, where two people sign at once or a row was changed."""

import asyncio
from datetime import UTC, date, datetime

import pytest

from infra.signing import Signer
from infra.stack.secrets import Role
from schemas.adoption import Fault
from schemas.protocol import CLOSED
from tests.conftest import People
from tests.infra.forces import DPIA, Force, an_offer, shipped, tamper
from web.counter import Counter, NotAllowed
from web.protocol import ProtocolDesk, Signed, Step


@pytest.fixture
async def force(people_apart: People) -> Force:
    """A force whose assessment is recorded."""
    force = Force(await people_apart.pool_of(Role.WEB))
    await force.papers(date(2030, 1, 1), date(2030, 1, 1))
    return force


async def signs(people: People, force: Force, person: str, version: str) -> Signed:
    """A person signs a version at a desk of their own."""
    actor = force.actor(person)
    counter = Counter(actor, await people.record_for(actor))
    desk = ProtocolDesk(counter, force.pool, force.protocols())
    offer = an_offer(shipped(version), dpia_id=DPIA)
    return await desk.activate(offer, Signer(force.keys[person]), lambda _: None)


async def test_of_two_who_propose_at_once_one_waits_and_the_other_is_told(
    people_apart: People, force: Force
) -> None:
    """Never both: the second would be adopted over the first without anybody having looked."""
    answers = await asyncio.gather(
        signs(people_apart, force, "cora", "p1-npcc-2018"),
        signs(people_apart, force, "iain", "p4-consent-2025"),
        return_exceptions=True,
    )
    (signed,) = [one for one in answers if isinstance(one, Signed)]
    (refused,) = [one for one in answers if isinstance(one, NotAllowed)]
    assert Step.PROPOSED is signed.step
    assert ["other_proposal"] == [reason.code for reason in refused.refused.reasons]
    status = await force.protocols().status(force.name, datetime.now(UTC))
    assert status.proposal is not None
    assert (CLOSED, signed.version) == (status.active, status.proposal.version.id)


async def test_a_proposal_that_was_changed_is_adopted_by_nobody(
    people_apart: People, force: Force
) -> None:
    """Whoever signs next proposes anew, and what the first signed is not taken for it."""
    await signs(people_apart, force, "cora", "p1-npcc-2018")
    change = "reason = 'another reason' WHERE organisation = $1"
    await tamper(people_apart.servers, "protocol.proposal", change, force.name)
    status = await force.protocols().status(force.name, datetime.now(UTC))
    assert status.proposal is not None
    assert Fault.BAD_SIGNATURE is status.proposal.fault
    again = await signs(people_apart, force, "iain", "p1-npcc-2018")
    assert Step.PROPOSED is again.step
    adopted = await signs(people_apart, force, "cora", "p1-npcc-2018")
    assert Step.ADOPTED is adopted.step
    assert "p1-npcc-2018" == await force.protocols().active_id(force.name, datetime.now(UTC))
