"""Modern slavery and the National Referral Mechanism (NRM): one duty of ours, and watches."""

from rules.duty_sets.lengths import days, months, working_days
from schemas.actor import Role
from schemas.deadlines import AtDue, Duty, MetBy

SLAVERY = (
    Duty(
        id="nrm-2-duty-to-notify",
        title="Refer to the NRM if she agrees, or notify without identifiers",
        source=(
            "Modern Slavery Act 2015, s.52. As soon as practicable; the ceiling of one month is "
            "widely used, but was not confirmed."
        ),
        starts_with="There are signs of slavery or trafficking.",
        ends_with="She is referred with her consent, or the anonymous notification is made.",
        within=months(1),
        remind_before=days(21),
        remind_again=(days(7),),
        repeats=True,
        reminds=Role.NRM_FIRST_RESPONDER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="nrm-4-reasonable-grounds",
        title="The Home Office decides on reasonable grounds",
        source=(
            "A target of 5 working days, read at second hand on pages of a law centre and a "
            "helpline and not confirmed. It is the Home Office's to meet; we only watch."
        ),
        starts_with="The NRM referral is submitted.",
        ends_with="The decision has come.",
        within=working_days(5),
        remind_before=working_days(1),
        at_due=AtDue.WATCH,
        repeats=True,
        reminds=Role.NRM_FIRST_RESPONDER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="nrm-5-recovery",
        title="Her recovery period, at its shortest",
        source=(
            "Nationality and Borders Act 2022, ss.61 and 64: at least 30 days, and until the "
            "decision on conclusive grounds if that is later. The 30 days were read at second "
            "hand and not confirmed; 45 days on older pages are out of date."
        ),
        starts_with="The decision on reasonable grounds is positive.",
        ends_with="30 days have passed. It goes on until the decision on conclusive grounds.",
        within=days(30),
        remind_before=days(7),
        at_due=AtDue.OVER,
        repeats=True,
        reminds=Role.NRM_FIRST_RESPONDER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="nrm-7-reconsideration",
        title="Her time to ask for reconsideration",
        source=(
            "Modern slavery guidance: one month is widely used, but was not confirmed. The choice "
            "is hers, so letting it pass is nobody's breach."
        ),
        starts_with="A decision on reasonable or conclusive grounds is negative.",
        ends_with="It was asked for, or she said that she does not want it.",
        within=months(1),
        remind_before=days(21),
        remind_again=(days(7),),
        met_by=MetBy.PERSON,
        at_due=AtDue.OVER,
        repeats=True,
        reminds=Role.NRM_FIRST_RESPONDER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
)
