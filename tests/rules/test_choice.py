"""Choosing among services: those that suit first, each with reasons; the choice stays hers."""

import random
from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rules.choice import suggest
from rules.languages import is_same_language, language_name
from schemas.directory import (
    Capacity,
    ChoiceCode,
    Service,
    ServiceStatus,
    Suggestion,
    Suitability,
    Wish,
)
from schemas.hours import OpeningHours, OpenSlot
from schemas.referral import NeedCategory

MONDAY = date(2026, 11, 23)
ADVOCACY = Wish(need=NeedCategory.ADVOCACY)
SISTERS = "Black and minoritised women"


def a_service(code: str = "outreach", **changes: Any) -> Service:
    """An active service that helps with advocacy in Northmarch and has room."""
    said: dict[str, Any] = {
        "source_id": f"feed/{code}",
        "name": code,
        "organisation": "rowan-tree",
        "organisation_name": "Rowan Tree",
        "needs": (NeedCategory.ADVOCACY,),
        "areas": ("Northmarch",),
        "capacity": Capacity.OPEN,
        "assured_on": MONDAY,
    }
    return Service(code=code, **(said | changes))


def codes(suggestions: tuple[Suggestion, ...]) -> list[str]:
    """The services, in the order of the suggestions."""
    return [one.service.code for one in suggestions]


def the_only(service: Service, wish: Wish = ADVOCACY, on: date = MONDAY) -> Suggestion:
    """What is said of one service."""
    (suggestion,) = suggest([service], wish, on)
    return suggestion


def reasons(service: Service, wish: Wish = ADVOCACY, on: date = MONDAY) -> dict[ChoiceCode, str]:
    """Its reasons, by code."""
    return {reason.code: reason.sentence for reason in the_only(service, wish, on).reasons}


RANKED = [
    pytest.param(ADVOCACY, {}, {"capacity": Capacity.LIMITED}, id="room before little room"),
    pytest.param(
        ADVOCACY,
        {"capacity": Capacity.LIMITED},
        {"capacity": Capacity.UNKNOWN},
        id="little room before nothing said",
    ),
    pytest.param(
        ADVOCACY,
        {"capacity": Capacity.UNKNOWN},
        {"capacity": Capacity.FULL},
        id="nothing said before full",
    ),
    pytest.param(
        ADVOCACY,
        {"capacity": Capacity.FULL},
        {"needs": (NeedCategory.HOUSING,)},
        id="full before another need",
    ),
    pytest.param(ADVOCACY, {"capacity": Capacity.FULL}, {"needs": ()}, id="full before unsure"),
    pytest.param(
        ADVOCACY, {"needs": ()}, {"needs": (NeedCategory.MONEY,)}, id="unsure before another need"
    ),
    pytest.param(
        ADVOCACY,
        {"needs": (NeedCategory.HOUSING,)},
        {"status": ServiceStatus.TEMPORARILY_CLOSED},
        id="another need before one that cannot be asked",
    ),
    pytest.param(
        Wish(need=NeedCategory.ADVOCACY, by_and_for="minoritised women"),
        {"by_and_for": (SISTERS,), "capacity": Capacity.FULL},
        {"languages": ("ur",)},
        id="the community she named before any other",
    ),
    pytest.param(
        Wish(need=NeedCategory.ADVOCACY, language="Urdu"),
        {"languages": ("ur",), "capacity": Capacity.FULL},
        {"languages": ("pl",)},
        id="the language she asked for before room",
    ),
    pytest.param(
        Wish(need=NeedCategory.ADVOCACY, area="northmarch"),
        {"capacity": Capacity.FULL},
        {"areas": ()},
        id="her area before one that names none",
    ),
    pytest.param(
        Wish(need=NeedCategory.ADVOCACY, area="Northmarch", by_and_for="minoritised women"),
        {"capacity": Capacity.FULL},
        {"areas": ("Saltmere",), "by_and_for": (SISTERS,)},
        id="her area before the community elsewhere",
    ),
]


@pytest.mark.parametrize(("wish", "first", "second"), RANKED)
def test_what_suits_her_better_stands_first(
    wish: Wish, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Even where its code would put it last."""
    services = [a_service("a-second", **second), a_service("z-first", **first)]
    assert ["z-first", "a-second"] == codes(suggest(services, wish, MONDAY))


SAID = [
    pytest.param({}, ADVOCACY, ChoiceCode.HELPS, "helps with advocacy", id="the need"),
    pytest.param(
        {"needs": (NeedCategory.LEGAL_ADVICE,)},
        ADVOCACY,
        ChoiceCode.HELPS_WITH_OTHER,
        "helps with legal advice, not with advocacy",
        id="another need",
    ),
    pytest.param(
        {"needs": ()},
        ADVOCACY,
        ChoiceCode.HELP_NOT_SAID,
        "does not say whether it helps with advocacy",
        id="no need",
    ),
    pytest.param(
        {"languages": ("ur",)},
        Wish(need=NeedCategory.ADVOCACY, language="ur"),
        ChoiceCode.SPEAKS,
        "speaks Urdu, as she asked",
        id="her language",
    ),
    pytest.param(
        {"languages": ("en",)},
        Wish(need=NeedCategory.ADVOCACY, language="ur"),
        ChoiceCode.LANGUAGE_NOT_LISTED,
        "does not list Urdu",
        id="another language",
    ),
    pytest.param(
        {"by_and_for": (SISTERS,)},
        Wish(need=NeedCategory.ADVOCACY, by_and_for="Black women"),
        ChoiceCode.BY_AND_FOR,
        "led by and for the community she named",
        id="her community",
    ),
    pytest.param(
        {"by_and_for": (SISTERS,)},
        Wish(need=NeedCategory.ADVOCACY, by_and_for="Deaf women"),
        ChoiceCode.NOT_BY_AND_FOR,
        "not led by and for the community she named",
        id="another community",
    ),
    pytest.param(
        {},
        Wish(need=NeedCategory.ADVOCACY, area=" northmarch "),
        ChoiceCode.COVERS_AREA,
        "covers northmarch",
        id="her area",
    ),
    pytest.param(
        {"areas": ("Saltmere", "Gulland")},
        Wish(need=NeedCategory.ADVOCACY, area="Northmarch"),
        ChoiceCode.OTHER_AREA,
        "covers Saltmere, Gulland, not Northmarch",
        id="another area",
    ),
    pytest.param(
        {"areas": ()},
        Wish(need=NeedCategory.ADVOCACY, area="Northmarch"),
        ChoiceCode.AREA_NOT_SAID,
        "does not say whether it covers Northmarch",
        id="no area",
    ),
    pytest.param(
        {"capacity_on": date(2026, 11, 2)},
        ADVOCACY,
        ChoiceCode.OPEN,
        "has room (said on 2 November 2026)",
        id="room",
    ),
    pytest.param(
        {"capacity": Capacity.FULL, "expected_wait_days": 30},
        ADVOCACY,
        ChoiceCode.FULL,
        "full: about 30 days' wait",
        id="full",
    ),
    pytest.param(
        {"capacity": Capacity.LIMITED, "expected_wait_days": 1},
        ADVOCACY,
        ChoiceCode.LIMITED,
        "has little room: about 1 day's wait",
        id="little room",
    ),
    pytest.param(
        {"capacity": Capacity.UNKNOWN},
        ADVOCACY,
        ChoiceCode.CAPACITY_NOT_SAID,
        "does not say whether it has room",
        id="nothing said of capacity",
    ),
    pytest.param(
        {"assured_on": date(2024, 5, 1)},
        ADVOCACY,
        ChoiceCode.ASSURED_LONG_AGO,
        "not assured since 1 May 2024",
        id="assured long ago",
    ),
    pytest.param(
        {"assured_on": None},
        ADVOCACY,
        ChoiceCode.NOT_ASSURED,
        "no word of when it was last assured",
        id="never assured",
    ),
    pytest.param(
        {"status": ServiceStatus.TEMPORARILY_CLOSED},
        ADVOCACY,
        ChoiceCode.CANNOT_BE_ASKED,
        "takes no referrals: it is closed for now",
        id="closed for now",
    ),
]


@pytest.mark.parametrize(("changes", "wish", "code", "sentence"), SAID)
def test_every_service_comes_with_its_reasons(
    changes: dict[str, Any], wish: Wish, code: ChoiceCode, sentence: str
) -> None:
    """In words a caseworker can pass on to her."""
    assert sentence == reasons(a_service(**changes), wish)[code]


def test_every_reason_is_given_by_a_test() -> None:
    """A code that nothing yields would be a promise nobody keeps."""
    assert set(ChoiceCode) == {row.values[2] for row in SAID} | {ChoiceCode.CLOSED_TODAY}


def test_assurance_is_old_after_a_year_and_not_before() -> None:
    """On the day itself it still counts."""
    service = a_service(assured_on=MONDAY)
    last_day = MONDAY + timedelta(days=365)
    assert ChoiceCode.ASSURED_LONG_AGO not in reasons(service, on=last_day)
    assert ChoiceCode.ASSURED_LONG_AGO in reasons(service, on=last_day + timedelta(days=1))


@pytest.mark.parametrize(
    ("hours", "is_closed"),
    [
        pytest.param(None, False, id="no hours said"),
        pytest.param(OpeningHours(closed_on=(MONDAY,)), True, id="a closing day"),
        pytest.param(
            OpeningHours(closed_on=(MONDAY + timedelta(days=1),)), False, id="closed tomorrow"
        ),
        pytest.param(
            OpeningHours(slots=(OpenSlot(weekday=0, opens=time(9), closes=time(12)),)),
            False,
            id="open on Mondays",
        ),
        pytest.param(
            OpeningHours(slots=(OpenSlot(weekday=1, opens=time(9), closes=time(12)),)),
            True,
            id="open on Tuesdays alone",
        ),
    ],
)
def test_a_service_that_is_closed_today_is_marked_and_not_moved(
    hours: OpeningHours | None, is_closed: bool
) -> None:
    """It can be asked all the same, and answers when it opens."""
    shut = a_service("a-shut", hours=hours)
    assert is_closed == (ChoiceCode.CLOSED_TODAY in reasons(shut))
    assert ["a-shut", "b-other"] == codes(suggest([a_service("b-other"), shut], ADVOCACY, MONDAY))


def test_a_full_service_names_open_ones_that_meet_the_same_need() -> None:
    """Open, suitable, able to be asked, and best first; an open one names none."""
    full = a_service("full", capacity=Capacity.FULL)
    others = [
        a_service("open-b"),
        a_service("open-a"),
        a_service("little", capacity=Capacity.LIMITED),
        a_service("housing", needs=(NeedCategory.HOUSING,)),
        a_service("shut", status=ServiceStatus.INACTIVE),
        a_service("elsewhere", areas=("Saltmere",)),
    ]
    wish = Wish(need=NeedCategory.ADVOCACY, area="Northmarch")
    found = {one.service.code: one for one in suggest([full, *others], wish, MONDAY)}
    assert ("open-a", "open-b") == found["full"].alternatives
    assert () == found["open-a"].alternatives


def test_a_full_service_that_nothing_can_replace_says_no_alternative() -> None:
    """It stays in the list: she may choose to wait for it."""
    full = the_only(a_service(capacity=Capacity.FULL))
    assert Suitability.SUITABLE is full.suitability
    assert () == full.alternatives


def test_an_empty_directory_suggests_nothing() -> None:
    """And fails at nothing."""
    assert () == suggest([], ADVOCACY, MONDAY)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("ur", "Urdu", True),
        ("UR", "urdu", True),
        ("pt", "pt-BR", True),
        ("Portuguese", "pt-BR", True),
        ("Ndebele", "ndebele", True),
        ("ur", "pa", False),
        ("Ndebele", "Shona", False),
    ],
)
def test_codes_and_names_of_one_language_are_one_wish(one: str, other: str, is_same: bool) -> None:
    """Feeds give the one or the other."""
    assert is_same == is_same_language(one, other)


@pytest.mark.parametrize(
    ("text", "name"), [("ur", "Urdu"), ("polish", "Polish"), ("xx-YY", "xx-YY")]
)
def test_a_language_is_called_by_its_name(text: str, name: str) -> None:
    """What is not known is said as it was given."""
    assert name == language_name(text)


@pytest.mark.parametrize("field", ["area", "language", "by_and_for"])
def test_a_wish_of_blanks_is_no_wish(field: str) -> None:
    """It would match everything, or nothing."""
    with pytest.raises(ValidationError):
        Wish.model_validate({"need": "advocacy", field: "  "})


needs = st.lists(st.sampled_from(NeedCategory), max_size=3, unique=True).map(tuple)
areas = st.lists(st.sampled_from(["Northmarch", "Saltmere"]), max_size=2, unique=True).map(tuple)
tongues = st.lists(st.sampled_from(["ur", "Polish", "cy"]), max_size=2, unique=True).map(tuple)
communities = st.lists(st.sampled_from([SISTERS, "Deaf people"]), max_size=1).map(tuple)
services = st.builds(
    a_service,
    code=st.text("abc", min_size=1, max_size=3),
    needs=needs,
    areas=areas,
    languages=tongues,
    by_and_for=communities,
    capacity=st.sampled_from(Capacity),
    status=st.sampled_from(ServiceStatus),
    expected_wait_days=st.none() | st.integers(0, 90),
    assured_on=st.none() | st.just(MONDAY),
)
directories = st.lists(services, max_size=8, unique_by=lambda one: one.code)
wishes = st.builds(
    Wish,
    need=st.sampled_from(NeedCategory),
    area=st.sampled_from([None, "Northmarch"]),
    language=st.sampled_from([None, "Urdu", "pl"]),
    by_and_for=st.sampled_from([None, "minoritised women", "deaf"]),
)


@given(directories, wishes)
def test_nothing_is_suggested_but_the_whole_directory(directory: list[Service], wish: Wish) -> None:
    """Each service once, as it stands there; alternatives are of it too."""
    found = suggest(directory, wish, MONDAY)
    assert sorted(one.code for one in directory) == sorted(codes(found))
    assert {one.code: one for one in directory} == {one.service.code: one.service for one in found}
    for one in found:
        assert set(one.alternatives) <= {other.code for other in directory}


@given(directories, wishes, st.randoms(use_true_random=False))
def test_the_order_of_the_directory_changes_nothing(
    directory: list[Service], wish: Wish, chance: random.Random
) -> None:
    """Nobody comes first because she was imported first."""
    shuffled = chance.sample(directory, k=len(directory))
    assert suggest(directory, wish, MONDAY) == suggest(shuffled, wish, MONDAY)


@given(directories, services, wishes)
def test_a_full_service_is_never_ahead_of_an_open_one_that_matches_as_well(
    directory: list[Service], service: Service, wish: Wish
) -> None:
    """Whatever else stands in the directory, and whatever they are called."""
    full = service.model_copy(update={"code": "a-full", "capacity": Capacity.FULL})
    free = service.model_copy(update={"code": "z-free", "capacity": Capacity.OPEN})
    found = codes(suggest([full, *directory, free], wish, MONDAY))
    assert found.index("z-free") < found.index("a-full")


@given(directories, wishes)
def test_what_cannot_be_asked_is_last_and_says_why(directory: list[Service], wish: Wish) -> None:
    """And nothing that can be asked says so."""
    found = suggest(directory, wish, MONDAY)
    can_be_asked = [one.service.status is ServiceStatus.ACTIVE for one in found]
    assert sorted(can_be_asked, reverse=True) == can_be_asked
    says_why = [ChoiceCode.CANNOT_BE_ASKED in {r.code for r in one.reasons} for one in found]
    assert says_why == [not can for can in can_be_asked]


@given(directories, st.sampled_from(NeedCategory))
def test_languages_and_communities_move_nothing_unless_she_asked(
    directory: list[Service], need: NeedCategory
) -> None:
    """INV-02: neither routes her by itself."""
    bare = [one.model_copy(update={"languages": (), "by_and_for": ()}) for one in directory]
    wish = Wish(need=need)
    assert codes(suggest(directory, wish, MONDAY)) == codes(suggest(bare, wish, MONDAY))
    for one in suggest(directory, wish, MONDAY):
        said = {reason.code for reason in one.reasons}
        assert not said & {ChoiceCode.SPEAKS, ChoiceCode.BY_AND_FOR}


def test_a_wish_has_no_place_for_her_nationality_or_for_a_case() -> None:
    """INV-02: it is what she asks for, and cannot hold what is known of her."""
    assert {"need", "area", "language", "by_and_for"} == set(Wish.model_fields)
