"""The duties as data: every figure, its source, and that each can be counted on any day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from infra.calendars.load import england_and_wales
from rules.deadlines import due
from rules.duty_sets import advice, operational, risk, safe_to_share, slavery, victims_code
from rules.profiles import DEMO_SECONDS, PROFILES, VICTIMS_CODE_2021
from schemas.actor import AGENCY_ROLES, NGO_ROLES
from schemas.deadlines import AtDue, Duty, MetBy, Pace, Profile, Unit

CALENDAR = england_and_wales()
MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
EVERY_DUTY = pytest.mark.parametrize("duty", VICTIMS_CODE_2021.duties, ids=lambda duty: duty.id)
EVERY_PROFILE = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)

FIGURES = {
    "vc-r1-language": "4 hours",
    "vc-r2-record-crime": "24 hours",
    "vc-r3-acknowledgement": "5 working days",
    "vc-r4-needs-assessment": "1 working day",
    "vc-r4-support-referral": "2 working days",
    "vc-r6-no-investigation": "5 working days",
    "vc-r6-arrest": "5 working days",
    "vc-r6-interview": "5 working days",
    "vc-r6-release": "5 working days",
    "vc-r6-bail": "5 working days",
    "vc-r6-bail-change": "5 working days",
    "vc-r6-no-further-action": "5 working days",
    "vc-r6-charge": "5 working days",
    "vc-r6-no-charge": "5 working days",
    "vc-r6-charge-change": "5 working days",
    "vc-r6-update": "1 month",
    "vc-r7-statement-offer": "5 working days",
    "vc-r8-hearing": "1 working day",
    "vc-r9-outcome": "1 working day",
    "vc-r11-contact-scheme": "20 working days",
    "vc-r12-complaint-acknowledged": "10 working days",
    "vc-r12-complaint-answered": "20 working days",
    "s2s-r1-link": "1 working day",
    "ref-ack": "1 working day",
    "ref-contact": "2 working days",
    "ref-wait": "10 working days",
    "withdrawal-check": "72 hours",
    "contact-silence": "14 days",
    "plan-review": "30 days",
    "consent-renewal": "182 days",
    "hold-review": "28 days",
    "close-review": "90 days",
    "risk-1-assessment": "4 hours",
    "risk-1-review": "8 hours",
    "risk-reassessment": "28 days",
    "marac-1-referral": "1 working day",
    "marac-2-idva-contact": "48 hours",
    "marac-3-listing": "10 working days",
    "marac-4-actions": "10 working days",
    "marac-5-repeat-watch": "12 months",
    "nrm-2-duty-to-notify": "1 month",
    "nrm-4-reasonable-grounds": "5 working days",
    "nrm-5-recovery": "30 days",
    "nrm-7-reconsideration": "1 month",
    "leave-1-permission": "3 months",
    "adv-1-adviser-link": "5 working days",
}

SHORTER = {
    "marac-2-idva-contact": "24 hours",
    "ref-ack": "4 service hours",
    "ref-contact": "24 hours",
}

NEWS = [duty for duty in VICTIMS_CODE_2021.duties if duty.enhanced]


def test_the_figures_are_those_that_were_agreed() -> None:
    """A changed figure is a new profile with a new id: running cases keep theirs."""
    standard = {duty.id: str(duty.within) for duty in VICTIMS_CODE_2021.duties}
    assert FIGURES == standard
    high = {d.id: str(d.high_risk.within) for d in VICTIMS_CODE_2021.duties if d.high_risk}
    assert SHORTER == high


def test_no_duty_belongs_to_two_families() -> None:
    """Each duty stands in one family, and every family is in the profile."""
    families = (
        victims_code.VICTIMS_CODE,
        safe_to_share.SAFE_TO_SHARE,
        operational.OPERATIONAL,
        risk.RISK,
        slavery.SLAVERY,
        advice.ADVICE,
    )
    ids = [duty.id for family in families for duty in family]
    assert len(set(ids)) == len(ids)
    assert {duty.id for duty in VICTIMS_CODE_2021.duties} == set(ids)


def test_ten_events_of_the_investigation_are_told_sooner_with_enhanced_rights() -> None:
    """Right 6: 5 working days or 1, each time it happens, and a person says that she was told."""
    assert [duty.id for duty in NEWS] == [
        duty.id
        for duty in VICTIMS_CODE_2021.duties
        if duty.id.startswith("vc-r6-") and duty.id != "vc-r6-update"
    ]
    terms = {(str(d.enhanced.within), d.met_by, d.repeats) for d in NEWS if d.enhanced}
    assert {("1 working day", MetBy.PERSON, True)} == terms


def test_what_others_have_to_do_is_watched_and_never_called_our_breach() -> None:
    """The Home Office, the coordinator and the probation service keep their own times."""
    watched = {d.id for d in VICTIMS_CODE_2021.duties if d.at_due is AtDue.WATCH}
    assert watched == {"vc-r11-contact-scheme", "marac-3-listing", "nrm-4-reasonable-grounds"}


def test_what_only_has_to_pass_ends_by_passing() -> None:
    """Windows and reviews: a person is told, and nobody has missed anything."""
    over = {d.id for d in VICTIMS_CODE_2021.duties if d.at_due is AtDue.OVER}
    assert over == {
        "contact-silence",
        "consent-renewal",
        "hold-review",
        "close-review",
        "marac-5-repeat-watch",
        "nrm-5-recovery",
        "nrm-7-reconsideration",
        "leave-1-permission",
        "withdrawal-check",
    }


def test_what_an_adviser_keeps_for_her_is_seen_and_told_in_her_service_alone() -> None:
    """No agency is reminded of it, and none hears that it ended."""
    private = [duty for duty in VICTIMS_CODE_2021.duties if duty.is_private]
    assert ["leave-1-permission"] == [duty.id for duty in private]
    for duty in private:
        assert {duty.reminds, duty.escalates_to} <= NGO_ROLES


def test_the_adviser_is_reminded_six_three_and_one_weeks_before() -> None:
    """From 30 November three months lead to the end of February."""
    duty = VICTIMS_CODE_2021.duty("leave-1-permission")
    answer = due(duty, datetime(2026, 11, 30, 9, tzinfo=UTC), CALENDAR)
    reminders = [at.date() for at in (answer.remind_at, *answer.remind_again_at)]
    assert date(2027, 2, 28) == answer.due_date
    assert [date(2027, 1, 17), date(2027, 2, 7), date(2027, 2, 21)] == reminders


@EVERY_DUTY
def test_every_duty_names_its_source_and_how_sure_the_figure_is(duty: Duty) -> None:
    """Read somewhere, not confirmed, or a design choice: nothing passes for law that is not."""
    words = ("not confirmed", "design choice", "read on gov.uk")
    assert any(phrase in duty.source.lower() for phrase in words)


@pytest.mark.parametrize(
    "duty_id",
    [
        "vc-r2-record-crime",
        "vc-r4-support-referral",
        "vc-r6-arrest",
        "vc-r6-charge",
        "vc-r6-update",
        "vc-r8-hearing",
        "vc-r9-outcome",
        "vc-r11-contact-scheme",
        "vc-r12-complaint-acknowledged",
        "vc-r12-complaint-answered",
        "marac-2-idva-contact",
        "marac-5-repeat-watch",
        "nrm-2-duty-to-notify",
        "nrm-4-reasonable-grounds",
        "nrm-5-recovery",
        "nrm-7-reconsideration",
    ],
)
def test_a_figure_that_nobody_confirmed_says_so(duty_id: str) -> None:
    """Widely known is not the same as read in the text."""
    assert "not confirmed" in VICTIMS_CODE_2021.duty(duty_id).source


@EVERY_DUTY
def test_every_duty_can_be_read_aloud(duty: Duty) -> None:
    """Whole sentences for what starts and ends it; people of agencies or services act on it."""
    assert duty.title[0].isupper()
    assert not duty.title.endswith(".")
    assert duty.starts_with.endswith(".")
    assert duty.ends_with.endswith(".")
    assert {duty.reminds, duty.escalates_to} <= AGENCY_ROLES | NGO_ROLES


@EVERY_DUTY
def test_every_duty_can_be_counted_from_every_day_of_a_year(duty: Duty) -> None:
    """2027, at every pace: due after the start, in an order that makes sense, never later."""
    new_year = datetime(2027, 1, 1, 22, tzinfo=UTC)
    for start in (new_year + timedelta(days=n) for n in range(365)):
        standard = due(duty, start, CALENDAR)
        assert start < standard.due_at
        for pace in (Pace.ENHANCED, Pace.HIGH_RISK):
            quicker = due(duty, start, CALENDAR, paces=frozenset({pace}))
            assert start < quicker.due_at <= standard.due_at
            assert quicker.lapse_at is None or quicker.due_at < quicker.lapse_at


@pytest.mark.parametrize("duty", NEWS, ids=lambda duty: duty.id)
def test_enhanced_is_told_sooner_by_its_own_term(duty: Duty) -> None:
    """Not only because the earlier of two counts: the enhanced term is the one that does."""
    start = datetime(2027, 1, 1, 10, tzinfo=UTC)
    enhanced = frozenset({Pace.ENHANCED})
    for day in range(365):
        answer = due(duty, start + timedelta(days=day), CALENDAR, paces=enhanced)
        assert Pace.ENHANCED is answer.pace


@EVERY_PROFILE
@pytest.mark.parametrize("pace", Pace)
def test_every_duty_reminds_before_it_is_due_and_lapses_after(profile: Profile, pace: Pace) -> None:
    """A reminder that comes with the breach would help nobody."""
    for duty in profile.duties:
        answer = due(duty, MONDAY, CALENDAR, paces=frozenset({pace}))
        times = [MONDAY, answer.remind_at, *answer.remind_again_at, answer.due_at]
        assert times == sorted(set(times)), duty.id
        assert answer.lapse_at is None or answer.due_at < answer.lapse_at


@EVERY_DUTY
def test_a_further_reminder_comes_after_the_first(duty: Duty) -> None:
    """The longest lead is the first one, so that none of them is left out."""
    answer = due(duty, MONDAY, CALENDAR)
    assert len(duty.remind_again) == len(answer.remind_again_at)


def test_every_profile_has_the_same_duties() -> None:
    """A demonstration in seconds shows every duty of the real profile, and no other."""
    expected = [duty.id for duty in VICTIMS_CODE_2021.duties]
    assert all(expected == [duty.id for duty in one.duties] for one in PROFILES.values())


def test_a_demonstration_shortens_six_duties_and_leaves_the_rest() -> None:
    """Those it shows pass in seconds at every pace; the others keep quiet while it runs."""
    shortened = {
        duty.id: duty.within.count
        for duty in DEMO_SECONDS.duties
        if duty != VICTIMS_CODE_2021.duty(duty.id)
    }
    assert shortened == {
        "vc-r4-support-referral": 20,
        "ref-ack": 4,
        "ref-contact": 30,
        "ref-wait": 12,
        "s2s-r1-link": 25,
        "withdrawal-check": 20,
    }
    for duty in map(DEMO_SECONDS.duty, shortened):
        assert Unit.SECONDS is duty.within.unit
        assert (None, None) == (duty.enhanced, duty.high_risk)
        assert "demonstrations only" in duty.source
