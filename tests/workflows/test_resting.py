"""A step that cannot be taken rests: it stands in nobody's way, and an outage costs few events."""

from datetime import datetime, timedelta

import pytest

from schemas.case_commands import AddNeed
from schemas.clockwork_steps import Remind, RouteOnward
from schemas.messages import Awaiting
from schemas.referral import Reason, ReferralState
from schemas.referral_commands import DeclineReferral
from schemas.snapshot import CaseSnapshot
from tests.workflows.conftest import REMEMBERING, Opens
from tests.workflows.telling import IDVA, MEADOWLIGHT, NGO, Journey
from workflows.options import A_WHILE
from workflows.progress import AWAITING

pytestmark = pytest.mark.parametrize(
    "the_clockwork", [pytest.param(REMEMBERING, id="")], indirect=True
)

A_SECOND = timedelta(seconds=1)
ATTEMPTS = A_WHILE.maximum_attempts
EVENTS_OF_A_TRY = 20
"""Of history, at the most, for each time that a step is tried and rests. Eight are the rest's own;
the others keep a workflow task alive meanwhile, which here ends after one second instead of ten."""


async def _events(journey: Journey) -> int:
    return len((await journey.handle.fetch_history()).events)


def _reminds_at(snapshot: CaseSnapshot) -> datetime:
    return min(d.remind_at for d in snapshot.deadlines if d.remind_at is not None)


async def test_a_broken_step_holds_up_no_persons_command(opens: Opens) -> None:
    """She is answered while the clockwork cannot go on with something else."""
    journey = await opens()
    await journey.sent_to(IDVA, MEADOWLIGHT)
    with journey.clockwork.record.away_for(RouteOnward):
        await journey.state(DeclineReferral, actor=NGO[IDVA], referral=1, reason=Reason.NO_CAPACITY)
        await journey.until_stumbled(RouteOnward)
        await journey.decide(AddNeed)
        await journey.until_shown(AWAITING, Awaiting.OPERATIONS.value)
        assert 1 == len((await journey.snapshot()).referrals)
    await journey.until_referral(2, ReferralState.WAITING, ReferralState.RECEIVED)


async def test_a_broken_step_holds_up_no_other_step(opens: Opens) -> None:
    """A reminder cannot be written; her referral is made, and the next service is asked."""
    journey = await opens()
    await journey.consents(IDVA, MEADOWLIGHT)
    await journey.forward(_reminds_at(await journey.snapshot()) - A_SECOND)
    with journey.clockwork.record.away_for(Remind):
        await journey.forward(await journey.now() + 2 * A_SECOND)
        await journey.until_stumbled(Remind)
        await journey.refers(IDVA, MEADOWLIGHT)
        await journey.until_referral(1, ReferralState.RECEIVED)
        await journey.state(DeclineReferral, actor=NGO[IDVA], referral=1, reason=Reason.NO_CAPACITY)
        await journey.until_referral(2, ReferralState.RECEIVED)


async def test_an_outage_costs_few_events(opens: Opens) -> None:
    """A history must not grow for as long as something is away: Temporal ends it at 51,200."""
    journey = await opens()
    await journey.consents(IDVA)
    await journey.forward(_reminds_at(await journey.snapshot()) - A_SECOND)
    record = journey.clockwork.record
    with record.away_for(Remind):
        before, tried = await _events(journey), len(record.stumbled)
        await journey.forward(await journey.now() + timedelta(seconds=20))
        after, attempts = await _events(journey), len(record.stumbled) - tried
    assert attempts >= 2 * ATTEMPTS
    assert after - before <= EVENTS_OF_A_TRY * -(-attempts // ATTEMPTS)
