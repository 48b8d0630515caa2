"""Risk and MARAC, the multi-agency risk assessment conference. Thresholds and dates are local."""

from rules.duty_sets.lengths import THAT_AFTERNOON, days, hours, months, working_days
from schemas.actor import Role
from schemas.deadlines import AtDue, Duty, MetBy, Term

RISK = (
    Duty(
        id="risk-1-assessment",
        title="Assess the risk she is at",
        source=(
            "Domestic-abuse practice: DASH or DARA at the first response; any tool will do. The "
            "figure of 4 hours is a design choice."
        ),
        starts_with="The case is opened.",
        ends_with="An assessment is recorded. Until then every deadline counts the risk as high.",
        within=hours(4),
        remind_before=hours(1),
        reminds=Role.FIRST_RESPONDER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="risk-1-review",
        title="Review the assessment of risk",
        source="Design choice: a supervisor in the same shift, counted as 8 hours.",
        starts_with="An assessment is recorded.",
        ends_with="Somebody else has reviewed it.",
        within=hours(8),
        remind_before=hours(2),
        repeats=True,
        reminds=Role.SAFEGUARDING_SUPERVISOR,
        escalates_to=Role.PPU_OFFICER,
    ),
    Duty(
        id="risk-reassessment",
        title="Assess the risk again",
        source="Design choice: after 28 days, and at any event that changes it.",
        starts_with="An assessment is recorded.",
        ends_with="A newer assessment is recorded.",
        within=days(28),
        remind_before=days(5),
        repeats=True,
        reminds=Role.PPU_OFFICER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="marac-1-referral",
        title="Refer to the MARAC coordinator",
        source="Design choice of 1 working day; the local protocol decides.",
        starts_with="A criterion is met: visible high risk, judgement, escalation, or repeat.",
        ends_with="The case is with the coordinator.",
        within=working_days(1),
        remind_before=THAT_AFTERNOON,
        repeats=True,
        reminds=Role.PPU_OFFICER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="marac-2-idva-contact",
        title="The IDVA makes a first safe contact",
        source=(
            "That an IDVA speaks for her, who does not attend, was read in governance templates "
            "of 2012. 24 to 48 hours are widely used, but were not confirmed."
        ),
        starts_with="The risk has become high.",
        ends_with="The IDVA has tried to reach her, in a way that her safe-contact plan allows.",
        within=hours(48),
        remind_before=hours(12),
        high_risk=Term(within=hours(24), remind_before=hours(6)),
        met_by=MetBy.PERSON,
        repeats=True,
        reminds=Role.IDVA,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="marac-3-listing",
        title="The case is listed for a meeting",
        source=(
            "Meetings are weekly to monthly; that an emergency one can be called was read in "
            "local protocols. The figure of 10 working days is a design choice. Listing is the "
            "coordinator's to do."
        ),
        starts_with="The coordinator has the case.",
        ends_with="It is listed, or the coordinator has declined it.",
        within=working_days(10),
        remind_before=working_days(3),
        at_due=AtDue.WATCH,
        repeats=True,
        reminds=Role.MARAC_COORDINATOR,
        escalates_to=Role.PPU_OFFICER,
    ),
    Duty(
        id="marac-4-actions",
        title="Do what was agreed at the meeting",
        source=(
            "That agencies do not wait for a meeting to act was read in a local protocol. Each "
            "action may have a date of its own; the figure of 10 working days is a design choice."
        ),
        starts_with="Actions are agreed.",
        ends_with="All of them are done.",
        within=working_days(10),
        remind_before=working_days(3),
        repeats=True,
        reminds=Role.PPU_OFFICER,
        escalates_to=Role.MARAC_COORDINATOR,
    ),
    Duty(
        id="marac-5-repeat-watch",
        title="Watch for a repeat after the meeting",
        source="12 months after the hearing are widely used, but were not confirmed.",
        starts_with="The case was heard.",
        ends_with="12 months have passed, or it goes back to MARAC.",
        within=months(12),
        remind_before=days(14),
        at_due=AtDue.OVER,
        repeats=True,
        reminds=Role.MARAC_COORDINATOR,
        escalates_to=Role.PPU_OFFICER,
    ),
)
