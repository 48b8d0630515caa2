"""How facts of a case read: who may say them, for how long, and what counts of contradictions."""

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.protocol.authority import AUTHORITY, FROM_RECORDS, NEARER_TO_A_NO
from rules.protocol.safeguards import IN_ORDER
from rules.protocol.shipped import shipped_protocol, shipped_versions
from rules.protocol.standing import facts_at, left_out_alone, may_supply, why
from schemas.actor import Actor, Role
from schemas.assertions import Assertion, Ground, Reading, Standing
from schemas.fact_table import FACTS, UNKNOWN, Shape
from schemas.facts import read_facts
from schemas.protocol import CLOSED, Outcome
from tests.builders import AT, POLICE, an_actor
from tests.rules.protocol.saying import (
    DAY,
    DI,
    HARBOUR,
    IDA,
    MO,
    OLI,
    PAT,
    PIA,
    RECORDS,
    histories,
    in_order,
    read,
    said,
    tellers,
)

SIX = [version.id for version in shipped_versions()]
OPEN = [version for version in SIX if version != CLOSED]
STRICTEST_FIRST = list(Outcome)
ELIGIBLE = STRICTEST_FIRST.index(Outcome.ELIGIBLE)
ONE_VALUE = [name for name in AUTHORITY if FACTS[name].shape is Shape.ONE]
MANY = 250
"""Of single facts: a word that matters is one among many."""
ASKS = f"{POLICE}:ann"
"""Who asks to share."""
HARM, LINK, SOURCE = "harm_from_sharing", "third_party_link", "status_source"


def standing(fact: str, *assertions: Assertion, requester: str | None = None) -> Standing:
    """Why one fact reads as it does."""
    return next(one for one in why(assertions, {}, AT, requester) if one.fact == fact)


def outcome(fact: str, words: tuple[Assertion, ...], version: str, at: datetime = AT) -> int:
    """How loose a request in order is with this fact as it reads then: 0 is a denial."""
    reads = why(words, {}, at, ASKS)
    value = next(one.value for one in reads if one.fact == fact)
    judged = shipped_protocol().evaluate(version, read_facts({**IN_ORDER.given(), fact: value}))
    return STRICTEST_FIRST.index(judged.outcome)


# Who may say it


@pytest.mark.parametrize("fact", ONE_VALUE)
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM])
def test_a_fact_is_supplied_by_the_roles_of_the_agreement_alone(fact: str, role: Role) -> None:
    """From anybody else it is kept and reads as unknown."""
    best = NEARER_TO_A_NO[fact][-1]
    by = Actor(role=role, organisation="any", person="ann")
    counts = best if role in AUTHORITY[fact].roles else FACTS[fact].absent
    assert counts == read(fact, said(fact, best, by))


def test_from_anybody_else_it_is_kept_and_says_why_it_does_not_count() -> None:
    """Whoever looks sees that it was said."""
    found = standing("nrm_state", said("nrm_state", "no_indicators", IDA))
    assert (UNKNOWN, Reading.NOBODY_SAYS) == (found.value, found.reading)
    assert [Ground.NOT_THEIR_FACT] == [one.ground for one in found.left_out]
    assert (Role.NRM_FIRST_RESPONDER,) == found.may_supply


@pytest.mark.parametrize("fact", sorted(FROM_RECORDS))
def test_what_records_give_is_supplied_by_nobodys_word(fact: str) -> None:
    """However it came to be stored."""
    typed = said(fact, RECORDS[fact], OLI)
    assert facts_at([typed], {}, AT) == facts_at([], {}, AT)
    assert () == may_supply(fact)
    assert RECORDS[fact] == next(o.value for o in why([], RECORDS, AT) if o.fact == fact)


def test_an_officers_word_needs_an_evidence_reference() -> None:
    """Of status, age, crimes and the like."""
    assert "evidence" == read("status_knowledge", said("status_knowledge", "evidence", OLI))
    bare = said("status_knowledge", "evidence", OLI, evidence=None)
    assert "not_recorded" == read("status_knowledge", bare)
    assert [Ground.NO_EVIDENCE] == [o.ground for o in standing("status_knowledge", bare).left_out]


@pytest.mark.parametrize("fact", [HARM, "immigration_abuse", "staff_link"])
def test_a_protection_officer_only_raises(fact: str) -> None:
    """Their word counts where it is nearer to a no than what others say, and nowhere else."""
    *_, lowest = NEARER_TO_A_NO[fact]
    worst = NEARER_TO_A_NO[fact][0]
    assert UNKNOWN == read(fact, said(fact, lowest, PAT))
    assert worst == read(fact, said(fact, worst, PAT))
    assert worst == read(fact, said(fact, lowest, IDA), said(fact, worst, PAT))
    assert worst == read(fact, said(fact, worst, IDA), said(fact, lowest, PAT))


def test_a_protection_officer_may_not_supply_the_least_of_what_passes() -> None:
    """Elevated is no raise where nobody else said anything: unknown waits, and elevated passes."""
    assert UNKNOWN == read(HARM, said(HARM, "elevated", PAT))
    assert "elevated" == read(HARM, said(HARM, "elevated", PAT), said(HARM, "low", IDA))


@pytest.mark.parametrize("fact", [name for name, one in AUTHORITY.items() if one.is_guarded])
def test_the_word_of_whoever_asks_supplies_nothing_guarded(fact: str) -> None:
    """In whatever role they said it."""
    best = NEARER_TO_A_NO[fact][-1]
    by = Actor(role=AUTHORITY[fact].roles[-1], organisation=POLICE, person="pat")
    assert best == read(fact, said(fact, best, by), requester=f"{POLICE}:pia")
    assert UNKNOWN == read(fact, said(fact, best, by), requester=f"{POLICE}:pat")


def test_whoever_asks_is_heard_where_they_say_no() -> None:
    """Their own doubt is no reason to go on."""
    told = said("victim_informed", "yes", IDA)
    not_told = said("victim_informed", "no", PAT)
    assert "no" == read("victim_informed", told, not_told, requester=PAT.who)


def test_that_support_was_declined_is_said_by_the_service_or_by_two_of_staff() -> None:
    """One officer, however often, is one."""
    first, again = said(LINK, "declined", PAT), said(LINK, "declined", PAT, days_ago=2)
    assert UNKNOWN == read(LINK, first, again)
    assert [Ground.NEEDS_ANOTHER] == [one.ground for one in standing(LINK, first).left_out]
    assert "declined" == read(LINK, first, said(LINK, "declined", PIA))
    assert "declined" == read(LINK, said(LINK, "declined", DI))
    assert UNKNOWN == read(LINK, said(LINK, "engaged", PAT), said(LINK, "engaged", PIA))


# How long it lives


@pytest.mark.parametrize("fact", ONE_VALUE)
def test_a_word_lives_as_long_as_the_agreement_says(fact: str) -> None:
    """To the moment; what is written lives as long as it says."""
    best = NEARER_TO_A_NO[fact][-1]
    by = Actor(role=AUTHORITY[fact].roles[0], organisation="any", person="ann")
    word = said(fact, best, by, days_ago=0)
    lives = AUTHORITY[fact].lives or timedelta(days=10_000)
    assert best == read(fact, word, at=AT + lives - timedelta(seconds=1))
    after = FACTS[fact].absent if AUTHORITY[fact].lives else best
    assert after == read(fact, word, at=AT + lives)


def test_an_author_may_say_that_it_ends_sooner_and_never_later() -> None:
    """A stale word is no knowledge."""
    sooner = said(HARM, "low", days_ago=2, until=AT - DAY)
    later = said(HARM, "low", days_ago=40, until=AT + 40 * DAY)
    assert UNKNOWN == read(HARM, sooner)
    assert UNKNOWN == read(HARM, later)
    written = said("legal_power", "named", _spoc(), until=AT)
    assert UNKNOWN == read("legal_power", written)


def test_what_was_said_later_is_not_heard() -> None:
    """A case can be looked at as it stood."""
    early, late = said(HARM, "low", days_ago=3), said(HARM, "severe", MO, days_ago=1)
    assert "low" == read(HARM, early, late, at=AT - 2 * DAY)
    assert "severe" == read(HARM, early, late)


# Contradictions


def test_of_two_who_differ_the_nearer_to_a_no_counts() -> None:
    """And the other is shown, with why it does not."""
    low, severe = said(HARM, "low", MO), said(HARM, "severe", IDA, days_ago=9)
    found = standing(HARM, low, severe)
    assert ("severe", Reading.CONTRADICTED) == (found.value, found.reading)
    assert [(low, Ground.OUTWEIGHED)] == [(one.assertion, one.ground) for one in found.left_out]


def test_an_organisation_replaces_its_own_word_and_nobody_elses() -> None:
    """Whoever there says it; a rival service can only say something else."""
    severe = said(HARM, "severe", IDA, days_ago=5)
    assert "low" == read(HARM, severe, said(HARM, "low", DI, instead_of=severe))
    assert "severe" == read(HARM, severe, said(HARM, "low", MO, instead_of=severe))
    assert "severe" == read(HARM, severe, said(HARM, "low", DI))
    assert UNKNOWN == read(HARM, severe, said(HARM, UNKNOWN, DI, instead_of=severe))


def test_a_word_is_replaced_only_by_somebody_who_may_say_it() -> None:
    """A colleague without that right takes nothing nearer to a yes."""
    adviser = Actor(role=Role.IMMIGRATION_ADVISER, organisation=HARBOUR, person="ada")
    severe = said(HARM, "severe", IDA, days_ago=5)
    assert "severe" == read(HARM, severe, said(HARM, "low", adviser, instead_of=severe))


def test_a_word_taken_back_by_one_who_may_not_say_otherwise_reads_as_unknown() -> None:
    """What it outweighed does not come back."""
    elevated = said(HARM, "elevated", IDA, days_ago=5)
    adviser = Actor(role=Role.IMMIGRATION_ADVISER, organisation=HARBOUR, person="ada")
    back = said(HARM, "severe", adviser, instead_of=elevated)
    assert UNKNOWN == read(HARM, elevated, back, said(HARM, "low", MO))


def test_where_the_word_nearest_to_a_no_has_run_out_the_fact_reads_as_unknown() -> None:
    """Time turns no no into a yes: its own organisation has to say so."""
    severe = said(HARM, "severe", IDA, days_ago=40)
    low = said(HARM, "low", MO)
    found = standing(HARM, severe, low)
    assert (UNKNOWN, Reading.RUN_OUT) == (found.value, found.reading)
    assert "low" == read(HARM, severe, low, said(HARM, "low", DI, instead_of=severe))


def test_a_live_word_nearer_to_a_no_than_nothing_stays_beside_one_that_ran_out() -> None:
    """Running out is no way down."""
    known = said("staff_link", "known", IDA, days_ago=40)
    assert "suspected" == read("staff_link", known, said("staff_link", "suspected", MO))


def test_lists_of_crimes_that_differ_read_as_all_of_them_and_not_all_known() -> None:
    """No single list is the strict one under every version, so somebody has to look."""
    one = said("crime_types", ["hate"], OLI)
    other = said("crime_types", ["domestic_abuse"], PAT)
    assert ("hate",) == read("crime_types", one)
    assert ("domestic_abuse", "hate", UNKNOWN) == read("crime_types", one, other)
    same = said("crime_types", ["domestic_abuse"], OLI, instead_of=one)
    assert ("domestic_abuse",) == read("crime_types", one, other, same)


# Who first raised status


def test_a_cleaner_source_later_never_replaces_a_tainted_one() -> None:
    """Neither another's, nor a correction, nor time."""
    tainted = said(SOURCE, "perpetrator_or_associate", OLI, days_ago=50)
    clean = said(SOURCE, "subject_document", OLI, instead_of=tainted)
    assert "perpetrator_or_associate" == read(SOURCE, tainted, clean)
    assert Reading.INHERITED is standing(SOURCE, tainted, clean).reading
    assert "perpetrator_or_associate" == read(SOURCE, tainted)


def test_the_first_clean_source_stays_while_somebody_stands_by_one() -> None:
    """The first that raised it, not the last that confirmed it."""
    first = said(SOURCE, "incidental_police_check", OLI, days_ago=30)
    second = said(SOURCE, "subject", PAT)
    assert "incidental_police_check" == read(SOURCE, first, second)
    assert UNKNOWN == read(SOURCE, first)


def test_a_source_that_was_not_theirs_to_say_taints_nothing() -> None:
    """It is kept, and reads as unknown."""
    assert UNKNOWN == read(SOURCE, said(SOURCE, "anonymous", IDA))


# Records beside people


def test_a_record_counts_as_one_more_word() -> None:
    """It is never outvoted towards a yes."""
    none = said("nrm_state", "no_indicators", _nrm())
    assert "rg_pending" == read("nrm_state", none, nrm_state="rg_pending")
    assert "child" == read("age_band", said("age_band", "adult", OLI), age_band="child")
    assert "victim" == read("subject_role", subject_role="victim")


# Of everything that can be said


@pytest.mark.parametrize("version", SIX)
def test_a_case_in_which_everything_is_said_reads_as_in_order(version: str) -> None:
    """Each by one who may: then the protocol says what it says to a request in order."""
    facts = facts_at(in_order(), RECORDS, AT, ASKS)
    assert IN_ORDER.values == facts.values
    assert shipped_protocol().evaluate(version, facts).outcome is (
        Outcome.DENY if version == CLOSED else Outcome.ELIGIBLE
    )


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_in_which_words_are_read_does_not_matter(
    words: tuple[Assertion, ...], chance: random.Random
) -> None:
    """Their times do, and what replaces what."""
    shuffled = list(words)
    chance.shuffle(shuffled)
    assert why(words, RECORDS, AT) == why(shuffled, RECORDS, AT)


@settings(max_examples=MANY)
@given(st.sampled_from(ONE_VALUE), st.sampled_from(OPEN), st.data())
def test_a_word_nearer_to_a_no_never_makes_an_outcome_looser(
    fact: str, version: str, data: st.DataObject
) -> None:
    """Whoever says it, and whatever else was said of the fact."""
    words = data.draw(histories(facts=(fact,), roles=tellers(fact)))
    order = NEARER_TO_A_NO[fact]
    reads = order.index(next(o.value for o in why(words, {}, AT, ASKS) if o.fact == fact))
    role = data.draw(st.sampled_from(tellers(fact)))
    more = said(
        fact,
        data.draw(st.sampled_from(order[: reads + 1])),
        Actor(role=role, organisation="other", person="cat"),
        number=99,
        days_ago=0,
    )
    assert outcome(fact, (*words, more), version) <= outcome(fact, words, version)


@settings(max_examples=MANY)
@given(st.sampled_from(list(AUTHORITY)), st.sampled_from(OPEN), st.data())
def test_time_alone_never_makes_a_request_eligible(
    fact: str, version: str, data: st.DataObject
) -> None:
    """Nothing more is said: what was not eligible, is not eligible later."""
    words = data.draw(histories(facts=(fact,), roles=tellers(fact)))
    at = AT + data.draw(st.integers(0, 30)) * DAY
    later = at + data.draw(st.integers(1, 40)) * DAY
    if outcome(fact, words, version, at) < ELIGIBLE:
        assert outcome(fact, words, version, later) < ELIGIBLE


@settings(max_examples=MANY)
@given(st.sampled_from(ONE_VALUE), st.sampled_from(OPEN), st.data())
def test_nobody_loosens_what_another_organisation_said(
    fact: str, version: str, data: st.DataObject
) -> None:
    """While a word stands that is no reason to go on, a word from elsewhere makes none."""
    words = data.draw(histories(facts=(fact,), roles=AUTHORITY[fact].roles, most=4))
    stands = [o for one in why(words, {}, AT, ASKS) if one.fact == fact for o in one.counted]
    role = data.draw(st.sampled_from(tellers(fact)))
    instead = data.draw(st.sampled_from([None, *words]))
    more = said(
        fact,
        data.draw(st.sampled_from(FACTS[fact].values)),
        Actor(role=role, organisation="other", person="cat"),
        number=99,
        days_ago=0,
        instead_of=instead,
    )
    if stands:
        assert outcome(fact, (*words, more), version) <= outcome(fact, words, version)


@given(histories(facts=("crime_types",), roles=(Role.OIC, Role.PPU_OFFICER)))
def test_crimes_that_are_contradicted_are_never_eligible(words: tuple[Assertion, ...]) -> None:
    """While two people name different crimes, somebody still has to find out."""
    found = next(one for one in why(words, {}, AT) if one.fact == "crime_types")
    if found.reading is Reading.CONTRADICTED:
        assert [] == [v for v in OPEN if outcome("crime_types", words, v) == ELIGIBLE]


@given(histories())
def test_every_word_is_shown_once_with_what_came_of_it(words: tuple[Assertion, ...]) -> None:
    """Nothing that was said disappears."""
    shown = [
        assertion.id
        for one in why(words, RECORDS, AT)
        for assertion in (*one.counted, *(left.assertion for left in one.left_out))
    ]
    assert sorted(one.id for one in words) == sorted(shown)


def _spoc() -> Actor:
    return Actor(role=Role.INFO_SHARING_SPOC, organisation=POLICE, person="sol")


def _nrm() -> Actor:
    return Actor(role=Role.NRM_FIRST_RESPONDER, organisation=POLICE, person="nia")


@pytest.mark.parametrize(
    ("by", "fact", "value", "evidence", "ground"),
    [
        (Role.IDVA, "harm_from_sharing", "low", None, None),
        (Role.PPU_OFFICER, "harm_from_sharing", "low", None, Ground.ONLY_RAISES),
        (Role.PPU_OFFICER, "harm_from_sharing", "severe", None, None),
        (Role.OIC, "investigation_state", "open", None, Ground.NO_EVIDENCE),
        (Role.OIC, "investigation_state", "open", "OCC-1042", None),
        (Role.IDVA, "dpo_advice", "supports", None, Ground.NOT_THEIR_FACT),
        (Role.OIC, "third_party_link", "declined", None, Ground.NEEDS_ANOTHER),
    ],
)
def test_whoever_says_something_hears_whether_it_counts_by_itself(
    by: Role, fact: str, value: str, evidence: str | None, ground: Ground | None
) -> None:
    """§2a: kept from anybody, and of no effect from whom the table does not name."""
    word = said(fact, value, an_actor(by), evidence=evidence)
    assert ground == left_out_alone(word)
