"""What the police inspectorate's report Safe to Share (2020) asks of forces, for everybody."""

from rules.duty_sets.lengths import THAT_AFTERNOON, working_days
from schemas.actor import Role
from schemas.deadlines import Duty, MetBy

SAFE_TO_SHARE = (
    Duty(
        id="s2s-r1-link",
        title="Link her to somebody outside the police who can advise and help",
        source=(
            "Safe to Share (HMICFRS, IOPC and College of Policing, 2020), recommendation 1, as "
            "read in the answers of two forces' commissioners. The figure of 1 working day is a "
            "design choice, and so is doing it for every victim and witness, whatever is known "
            "about her."
        ),
        starts_with="The case is opened.",
        ends_with="A referral was sent, or another link outside the police was made.",
        within=working_days(1),
        remind_before=THAT_AFTERNOON,
        met_by=MetBy.PERSON,
        reminds=Role.CASEWORKER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
)
