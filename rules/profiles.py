"""Profiles: the versioned sets of duties a case can be opened under.

A changed figure is a new profile with a new id, because cases that are running keep the one they
were opened under.
"""

from collections.abc import Mapping
from types import MappingProxyType

from rules.duty_sets.advice import ADVICE
from rules.duty_sets.lengths import seconds
from rules.duty_sets.operational import OPERATIONAL
from rules.duty_sets.risk import RISK
from rules.duty_sets.safe_to_share import SAFE_TO_SHARE
from rules.duty_sets.slavery import SLAVERY
from rules.duty_sets.victims_code import VICTIMS_CODE
from schemas.deadlines import Duty, Profile, Term

VICTIMS_CODE_2021 = Profile(
    id="victims-code-2021",
    title="Victims' Code 2021, England and Wales",
    duties=(*VICTIMS_CODE, *SAFE_TO_SHARE, *OPERATIONAL, *RISK, *SLAVERY, *ADVICE),
)

_IN_SECONDS = {
    "vc-r4-support-referral": Term(within=seconds(20), remind_before=seconds(10)),
    "ref-ack": Term(within=seconds(4), remind_before=seconds(2), lapse_within=seconds(7)),
    "ref-contact": Term(within=seconds(30), remind_before=seconds(15)),
    "ref-wait": Term(within=seconds(12), remind_before=seconds(6)),
    "s2s-r1-link": Term(within=seconds(25), remind_before=seconds(12)),
    "withdrawal-check": Term(within=seconds(20), remind_before=seconds(10)),
}


def _in_seconds(duty: Duty) -> Duty:
    """The duty with its one term in seconds, or as it is where a demonstration does not show it."""
    term = _IN_SECONDS.get(duty.id)
    if term is None:
        return duty
    source = f"in seconds, for demonstrations only; otherwise: {duty.source}"
    only = {"source": source, "enhanced": None, "high_risk": None, "remind_again": ()}
    return duty.model_copy(update=dict(term) | only)


DEMO_SECONDS = Profile(
    id="demo-seconds",
    title="The same duties, some of them in seconds, to watch them pass; for demonstrations only",
    duties=tuple(_in_seconds(duty) for duty in VICTIMS_CODE_2021.duties),
)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {profile.id: profile for profile in (VICTIMS_CODE_2021, DEMO_SECONDS)}
)
