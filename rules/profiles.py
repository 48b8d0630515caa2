"""Profiles: the versioned sets of duties a case can be opened under.

Every count is data here and stands nowhere else. A changed figure is a new profile with a new
id, because cases that are running keep the one they were opened under.
"""

from collections.abc import Mapping
from types import MappingProxyType

from schemas.actor import Role
from schemas.deadlines import Duration, Duty, Profile, Unit

_SUPPORT_REFERRAL = Duty(
    id="vc-r4-support-referral",
    title="Refer the victim to a support service",
    source=(
        "Victims' Code 2021, Right 4 (to be referred to services that support victims). The "
        "figure of 2 working days is widely used but was not confirmed in the text of the Code; "
        "the owner of the profile should confirm it."
    ),
    within=Duration(count=2, unit=Unit.WORKING_DAYS),
    remind_before=Duration(count=1, unit=Unit.WORKING_DAYS),
    reminds=Role.CASEWORKER,
    escalates_to=Role.SAFEGUARDING_SUPERVISOR,
)

_REFERRAL_ACKNOWLEDGED = Duty(
    id="ref-ack",
    title="The NGO service acknowledges the referral",
    source="design choice",
    within=Duration(count=1, unit=Unit.WORKING_DAYS),
    # Hours, not a working day: the afternoon of the due day, while somebody can still answer.
    remind_before=Duration(count=8, unit=Unit.HOURS),
    lapse_within=Duration(count=2, unit=Unit.WORKING_DAYS),
    reminds=Role.NGO_INTAKE,
    escalates_to=Role.CASEWORKER,
)

VICTIMS_CODE_2021 = Profile(
    id="victims-code-2021",
    title="Victims' Code 2021, England and Wales",
    duties=(_SUPPORT_REFERRAL, _REFERRAL_ACKNOWLEDGED),
)

DEMO_SECONDS = Profile(
    id="demo-seconds",
    title="The same duties in seconds, to watch them pass; for demonstrations only",
    duties=(
        _SUPPORT_REFERRAL.model_copy(
            update={
                "source": "demonstration of the Victims' Code duty, in seconds",
                "within": Duration(count=20, unit=Unit.SECONDS),
                "remind_before": Duration(count=10, unit=Unit.SECONDS),
            }
        ),
        _REFERRAL_ACKNOWLEDGED.model_copy(
            update={
                "source": "demonstration of the design choice, in seconds",
                "within": Duration(count=4, unit=Unit.SECONDS),
                "remind_before": Duration(count=2, unit=Unit.SECONDS),
                "lapse_within": Duration(count=7, unit=Unit.SECONDS),
            }
        ),
    ),
)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {profile.id: profile for profile in (VICTIMS_CODE_2021, DEMO_SECONDS)}
)
