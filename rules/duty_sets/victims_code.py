"""Duties under the Code of Practice for Victims of Crime (Victims' Code), in force since 2021.

The text of the Code was not at hand when this was written. Figures come from summaries by police
and crime commissioners, from police training cards, or are widely used; each source says which.
"""

from rules.duty_sets.lengths import THAT_AFTERNOON, days, hours, months, working_days
from schemas.actor import Role
from schemas.deadlines import AtDue, Duty, MetBy, Term

_CODE = "Victims' Code 2021"
_UNCONFIRMED = (
    "not confirmed in the text of the Code; the owner of the profile should confirm the figure."
)

_AT_FIRST = (
    Duty(
        id="vc-r1-language",
        title="Arrange an interpreter, so that she understands and is understood",
        source=(
            f"{_CODE}, Right 1 (to understand and to be understood), which asks for it at once. "
            "The figure of 4 hours is a design choice."
        ),
        starts_with="It is known that she needs an interpreter.",
        ends_with="An independent interpreter is arranged.",
        within=hours(4),
        remind_before=hours(2),
        met_by=MetBy.PERSON,
        repeats=True,
        reminds=Role.FIRST_RESPONDER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="vc-r2-record-crime",
        title="Record the crime",
        source=(
            f"{_CODE}, Right 2 (to have the crime recorded without unjustified delay). The 24 "
            "hours of the crime-recording rules are widely known, but were not confirmed."
        ),
        starts_with="She tells the police what happened.",
        ends_with="The crime has a reference.",
        within=hours(24),
        remind_before=hours(4),
        reminds=Role.FIRST_RESPONDER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="vc-r3-acknowledgement",
        title="Give her a written acknowledgement, in a form that is safe to keep",
        source=(
            f"{_CODE}, Right 3 (to be given information when reporting), which asks for it "
            f"promptly. The ceiling of 5 working days is a design choice, {_UNCONFIRMED}"
        ),
        starts_with="She reports the crime.",
        ends_with="She has it, or has said that she wants nothing in writing.",
        within=working_days(5),
        remind_before=working_days(2),
        met_by=MetBy.PERSON,
        reminds=Role.OIC,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="vc-r4-needs-assessment",
        title="Assess what she needs, and whether she has enhanced rights",
        source=(
            f"{_CODE}, Right 4. That it belongs to the first response, and is done again when "
            "things change, was read in a police force's summary. The figure of 1 working day is "
            "a design choice."
        ),
        starts_with="She reports the crime, or what she needs has changed.",
        ends_with="The assessment is recorded.",
        within=working_days(1),
        remind_before=THAT_AFTERNOON,
        repeats=True,
        reminds=Role.FIRST_RESPONDER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="vc-r4-support-referral",
        title="Refer the victim to a support service",
        source=(
            f"{_CODE}, Right 4 (to be referred to services that support victims). The figure of "
            f"2 working days is widely used, but was {_UNCONFIRMED}"
        ),
        starts_with="She has told somebody what happened, and has agreed to be referred.",
        ends_with="A referral that she agreed to has been sent to a service.",
        within=working_days(2),
        remind_before=working_days(1),
        reminds=Role.CASEWORKER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
)


def _news(duty_id: str, title: str, starts_with: str, how_sure: str) -> Duty:
    """An event of the investigation that she has to be told of, each time it happens."""
    return Duty(
        id=duty_id,
        title=title,
        source=f"{_CODE}, Right 6 (to be told about the investigation and prosecution). {how_sure}",
        starts_with=starts_with,
        ends_with="She has been told, in a way that her safe-contact plan allows.",
        within=working_days(5),
        remind_before=working_days(2),
        enhanced=Term(within=working_days(1), remind_before=THAT_AFTERNOON),
        met_by=MetBy.PERSON,
        repeats=True,
        reminds=Role.OIC,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    )


_BY_SUMMARY = (
    "5 days were read in a commissioner's summary; 1 working day for enhanced rights is widely "
    f"used. Both were {_UNCONFIRMED}"
)
_BY_TRAINING = f"5 and 1 working days were read at second hand, in training cards; {_UNCONFIRMED}"
_BY_PROSECUTORS = (
    "5 and 1 working days, with reasons, were read on a page of the Crown Prosecution Service "
    f"about an older Code; {_UNCONFIRMED}"
)

_INVESTIGATION = (
    _news(
        "vc-r6-no-investigation",
        "Tell her that there will be no investigation, and why",
        "It is decided not to investigate.",
        _BY_SUMMARY,
    ),
    _news("vc-r6-arrest", "Tell her of an arrest", "A suspect is arrested.", _BY_TRAINING),
    _news(
        "vc-r6-interview",
        "Tell her of an interview under caution",
        "A suspect is interviewed under caution.",
        _BY_TRAINING,
    ),
    _news("vc-r6-release", "Tell her of a release", "A suspect is released.", _BY_TRAINING),
    _news("vc-r6-bail", "Tell her of bail", "A suspect is released on bail.", _BY_TRAINING),
    _news(
        "vc-r6-bail-change",
        "Tell her of changed bail conditions",
        "Conditions of bail are changed or end.",
        _BY_TRAINING,
    ),
    _news(
        "vc-r6-no-further-action",
        "Tell her that no further action is taken, and why",
        "It is decided to take no further action.",
        _BY_TRAINING,
    ),
    _news("vc-r6-charge", "Tell her of a charge", "A suspect is charged.", _BY_PROSECUTORS),
    _news(
        "vc-r6-no-charge",
        "Tell her that there is no charge, and why",
        "It is decided not to charge.",
        _BY_PROSECUTORS,
    ),
    _news(
        "vc-r6-charge-change",
        "Tell her that a charge was dropped or altered, and why",
        "A charge is dropped or altered.",
        _BY_PROSECUTORS,
    ),
    Duty(
        id="vc-r6-update",
        title="Tell her how the investigation stands, also when nothing is new",
        source=(
            f"{_CODE}, Right 6: how often is agreed with her. At least monthly is an older rule, "
            f"read at second hand; {_UNCONFIRMED}"
        ),
        starts_with="An investigation is opened, or she was last told how it stands.",
        ends_with="She has been told, in a way that her safe-contact plan allows.",
        within=months(1),
        remind_before=days(7),
        met_by=MetBy.PERSON,
        repeats=True,
        reminds=Role.OIC,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
)

_COURT_AND_AFTER = (
    Duty(
        id="vc-r7-statement-offer",
        title="Offer her a victim personal statement",
        source=(
            f"{_CODE}, Right 7 (to make a victim personal statement). That it is offered with or "
            "after the witness statement was read in a commissioner's summary. The figure of 5 "
            "working days is a design choice."
        ),
        starts_with="Her witness statement is taken.",
        ends_with="It was offered, and she said yes or no.",
        within=working_days(5),
        remind_before=working_days(2),
        met_by=MetBy.PERSON,
        repeats=True,
        reminds=Role.OIC,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="vc-r8-hearing",
        title="Tell her when and where a hearing is",
        source=f"{_CODE}, Right 8. 1 working day is widely used, but was {_UNCONFIRMED}",
        starts_with="The witness care unit learns of the date.",
        ends_with="She has been told, in a way that her safe-contact plan allows.",
        within=working_days(1),
        remind_before=THAT_AFTERNOON,
        met_by=MetBy.PERSON,
        repeats=True,
        reminds=Role.OIC,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="vc-r9-outcome",
        title="Tell her the outcome of the case",
        source=f"{_CODE}, Right 9. 1 working day is widely used, but was {_UNCONFIRMED}",
        starts_with="The witness care unit learns of the outcome.",
        ends_with="She has been told, in a way that her safe-contact plan allows.",
        within=working_days(1),
        remind_before=THAT_AFTERNOON,
        met_by=MetBy.PERSON,
        repeats=True,
        reminds=Role.OIC,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="vc-r11-contact-scheme",
        title="See that the Victim Contact Scheme is offered to her",
        source=(
            f"{_CODE}, Right 11. The criterion, a sentence of 12 months or more for certain "
            "offences, was read in a commissioner's summary. The window of 20 working days was "
            f"{_UNCONFIRMED} The offer is the probation service's to make."
        ),
        starts_with="Sentence is passed: 12 months or more for an offence of the scheme.",
        ends_with="It was offered, and she said yes or no.",
        within=working_days(20),
        remind_before=working_days(5),
        met_by=MetBy.PERSON,
        at_due=AtDue.WATCH,
        repeats=True,
        reminds=Role.OIC,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="vc-r12-complaint-acknowledged",
        title="Acknowledge her complaint",
        source=f"{_CODE}, Right 12. 10 working days are widely used, but were {_UNCONFIRMED}",
        starts_with="Her complaint is received.",
        ends_with="She has an acknowledgement.",
        within=working_days(10),
        remind_before=working_days(3),
        met_by=MetBy.PERSON,
        repeats=True,
        reminds=Role.CASEWORKER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
    Duty(
        id="vc-r12-complaint-answered",
        title="Answer her complaint",
        source=f"{_CODE}, Right 12. 20 working days are widely used, but were {_UNCONFIRMED}",
        starts_with="Her complaint is received.",
        ends_with="She has an answer.",
        within=working_days(20),
        remind_before=working_days(5),
        met_by=MetBy.PERSON,
        repeats=True,
        reminds=Role.CASEWORKER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
    ),
)

VICTIMS_CODE = (*_AT_FIRST, *_INVESTIGATION, *_COURT_AND_AFTER)
