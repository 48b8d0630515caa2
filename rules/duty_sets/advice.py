"""Advice and leave: times of her own, on the side of support. Nothing here feeds a gate."""

from rules.duty_sets.lengths import days, months, working_days
from schemas.actor import Role
from schemas.deadlines import AtDue, Duty, MetBy

ADVICE = (
    Duty(
        id="leave-1-permission",
        title="The time that the adviser keeps an eye on for her",
        source=(
            "Migrant Victims of Domestic Abuse Concession, guidance version 4: 3 months, read on "
            "gov.uk. Reminders 6, 3 and 1 weeks before are a design choice. It is seen by the "
            "adviser's service alone, and its end changes nothing for anybody else."
        ),
        starts_with="The adviser records that it has begun.",
        ends_with="The adviser records that it no longer has to be watched.",
        within=months(3),
        remind_before=days(42),
        remind_again=(days(21), days(7)),
        met_by=MetBy.PERSON,
        at_due=AtDue.OVER,
        repeats=True,
        is_private=True,
        reminds=Role.IMMIGRATION_ADVISER,
        escalates_to=Role.IMMIGRATION_ADVISER,
    ),
    Duty(
        id="adv-1-adviser-link",
        title="Link her to a regulated immigration adviser, where she wishes it",
        source="Design choice. Whether she wishes it is asked of everybody alike.",
        starts_with="She says that she wishes such advice.",
        ends_with="She is in touch with an adviser.",
        within=working_days(5),
        remind_before=working_days(2),
        met_by=MetBy.PERSON,
        repeats=True,
        reminds=Role.CASEWORKER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
)
