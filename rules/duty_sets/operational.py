"""Times that keep support moving: all of them design choices, and for each force to set."""

from rules.duty_sets.lengths import (
    THAT_AFTERNOON,
    days,
    hours,
    service_hours,
    working_days,
)
from schemas.actor import Role
from schemas.deadlines import AtDue, Duty, Term

_REFERRALS = (
    Duty(
        id="ref-ack",
        title="The NGO service acknowledges the referral",
        source="design choice",
        starts_with="The referral has arrived in the inbox of the service.",
        ends_with="The service has opened or answered it.",
        within=working_days(1),
        remind_before=THAT_AFTERNOON,
        lapse_within=working_days(2),
        high_risk=Term(within=service_hours(4), remind_before=service_hours(2)),
        reminds=Role.NGO_INTAKE,
        escalates_to=Role.CASEWORKER,
    ),
    Duty(
        id="ref-contact",
        title="The service tries to reach her for the first time",
        source="design choice; only inside her safe windows, and late is better than unsafe",
        starts_with="The service has accepted the referral.",
        ends_with="A first attempt was made, in a way that her safe-contact plan allows.",
        within=working_days(2),
        remind_before=working_days(1),
        high_risk=Term(within=hours(24), remind_before=hours(6)),
        reminds=Role.NGO_WORKER,
        escalates_to=Role.NGO_SUPERVISOR,
    ),
    Duty(
        id="ref-wait",
        title="The longest she stays on one waiting list",
        source="design choice; then another service is looked for, with a safety plan meanwhile",
        starts_with="The service has put her on its waiting list.",
        ends_with="The service has accepted or declined.",
        within=working_days(10),
        remind_before=working_days(2),
        reminds=Role.NGO_INTAKE,
        escalates_to=Role.CASEWORKER,
    ),
    Duty(
        id="withdrawal-check",
        title="Ask her whether it was she who took back her consent",
        source=(
            "design choice: for 72 hours the engaged service keeps the line by which it can reach "
            "her safely; whoever recorded the withdrawal does not ask"
        ),
        starts_with="Staff have recorded that she took back her consent to support.",
        ends_with="She has answered. After 72 hours the line has ended, and a person is told.",
        within=hours(72),
        remind_before=hours(24),
        at_due=AtDue.OVER,
        repeats=True,
        reminds=Role.NGO_WORKER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
)

_CONTACT_AND_CONSENT = (
    Duty(
        id="contact-silence",
        title="No safe contact for a while",
        source="design choice: a person decides about her welfare; nobody knocks at the door",
        starts_with="She was last reached safely, or attempts began.",
        ends_with="She was reached safely. After 14 days a person decides what to do.",
        within=days(14),
        remind_before=days(4),
        at_due=AtDue.OVER,
        repeats=True,
        reminds=Role.CASEWORKER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="plan-review",
        title="Check with her that her safe-contact plan still holds",
        source="design choice: a plan older than 30 days is not used for outbound contact",
        starts_with="The plan is set, or checked with her.",
        ends_with="It was checked with her again.",
        within=days(30),
        remind_before=days(7),
        repeats=True,
        reminds=Role.CASEWORKER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="consent-renewal",
        title="Ask her again, safely, whether she still agrees",
        source=(
            "design choice: consent to support ends after 182 days, half a year, and silence never "
            "renews it"
        ),
        starts_with="She has given consent to support.",
        ends_with="She has answered. After 182 days the consent has ended.",
        within=days(182),
        remind_before=days(14),
        at_due=AtDue.OVER,
        repeats=True,
        reminds=Role.CASEWORKER,
        escalates_to=Role.CASEWORKER,
    ),
)

_REVIEWS = (
    Duty(
        id="hold-review",
        title="Look again at a hold",
        source="design choice; the hold stays whatever happens, until its placer lifts it",
        starts_with="A hold is placed, or was last reviewed.",
        ends_with="Its placer has lifted it. After 28 days the placer is asked to look again.",
        within=days(28),
        remind_before=days(7),
        at_due=AtDue.OVER,
        repeats=True,
        reminds=Role.IDVA,
        escalates_to=Role.NGO_SUPERVISOR,
    ),
    Duty(
        id="close-review",
        title="Look again at a case in which nothing happens",
        source="design choice; only a person closes a case",
        starts_with="The case is opened, or somebody last did something in it.",
        ends_with="It is closed. After 90 days without a person's act somebody looks at it.",
        within=days(90),
        remind_before=days(14),
        at_due=AtDue.OVER,
        repeats=True,
        reminds=Role.CASEWORKER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
)

OPERATIONAL = (*_REFERRALS, *_CONTACT_AND_CONSENT, *_REVIEWS)
