"""Reading directories: both profiles, each service once, and never an address."""

import itertools
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.demo.files import demo_directory_text
from infra.hsds import read_directory
from schemas.directory import Capacity, ServiceStatus
from schemas.errors import BadInputError
from tests.infra.feeds import TODAY, a_service, load, only

REFUGE = {
    "id": "loc-1",
    "name": "The refuge",
    "addresses": [{"id": "addr-1", "address_1": "14 Secret Lane", "postal_code": "CM1 1QH"}],
    "phones": [{"id": "ph-2", "number": "01632 960 123"}],
}


FULL = a_service(
    description="  Help\n at home,  for  as long as it takes. ",
    assured_date="2026-05-01",
    last_modified="2026-05-01T10:00:00Z",
    interpretation_services="by telephone",
    languages=[{"id": "l-1", "code": "cy", "name": "Welsh"}, {"id": "l-2", "name": "Sylheti"}],
    service_areas=[{"id": "a-1", "name": "Chester-le-Street"}, {"id": "a-2", "name": "Ash Vale"}],
    phones=[{"id": "ph-1", "number": "+44 1632 960 001"}],
    email="door@rowan.example",
    service_at_locations=[{"id": "sal-1", "location": REFUGE}],
)
UK = {key: FULL[key] for key in ("id", "name", "status", "description", "organization")}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(FULL, id="one service"),
        pytest.param([FULL], id="a list of services"),
        pytest.param({"contents": [FULL]}, id="a page"),
        pytest.param([{"contents": [FULL]}, {"contents": []}], id="a list of pages"),
        pytest.param(
            {"id": "o-1", "name": "Rowan Tree", "services": [FULL | {"organization": None}]},
            id="an organisation",
        ),
        pytest.param(
            [{"id": "o-1", "name": "Rowan Tree", "services": [FULL | {"organization": None}]}],
            id="a list of organisations",
        ),
    ],
)
def test_every_shape_of_a_feed_gives_the_same_service(document: Any) -> None:
    """A service, an organisation with services, pages, and lists of these all load alike."""
    service = only(document)
    assert service.code == "outreach"
    assert service.source_id == "s-1"
    assert service.organisation == "rowan-tree"
    assert service.organisation_name == "Rowan Tree"
    assert service.description == "Help at home, for as long as it takes."
    assert service.languages == ("cy", "Sylheti")
    assert service.areas == ("Chester-le-Street", "Ash Vale")
    assert str(service.assured_on) == "2026-05-01"


def test_the_uk_profile_with_its_fewer_fields_loads() -> None:
    """The UK profile has no interpretation services, languages or telephones on a service."""
    service = only({"contents": [UK]})
    assert service.organisation_name == "Rowan Tree"
    assert service.languages == ()
    assert service.assured_on is None


def test_no_address_telephone_or_e_mail_comes_in_from_any_field() -> None:
    """The address of a refuge, once imported, could be shown; so it is never imported."""
    text = load({"contents": [FULL]}).model_dump_json()
    for private in ("Secret", "CM1", "960", "rowan.example", "refuge"):
        assert private not in text


def test_what_was_not_imported_is_counted_once_each() -> None:
    """The same thing named twice in a feed, by id, is one thing."""
    expected = ("1 location, 1 address, 2 phones and 1 e-mail address were not imported",)
    assert expected == load([FULL, {"locations": [REFUGE | {"name": "Another name"}]}]).left_out[:1]


@pytest.mark.parametrize(
    "text",
    [
        "Come to CM1 1QH any time",
        "come to cm11qh any time",
        "Ring 01632 960 123",
        "Ring (01632) 960-123",
        "Ring 01632\u2011960\u2011123",
        "Ring +44 (0)1632 960123",
        "Ring 0800 1111",
        "Write to door@rowan.example",
        "Find us at 14 Secret Lane",
        "Find us at 14B, Old Mill Road",
        "x " * 200 + "CM1 1QH",
    ],
)
def test_a_description_that_may_hold_an_address_is_left_out(text: str) -> None:
    """Postcodes, telephone numbers, e-mails and houses in streets, also beyond the cut."""
    loaded = load(a_service(description=text))
    assert loaded.services[0].description == ""
    expected = (
        "1 description was left out: possibly an address, a telephone number or an e-mail address"
    )
    assert (expected,) == loaded.left_out


@pytest.mark.parametrize(
    "text",
    [
        "Open 24 hours, every day of the year",
        "For people aged 16 to 25",
        "Since 1987 we have been on the side of victims",
        "Call 999 in an emergency",
        "Six sessions of 50 minutes",
    ],
)
def test_a_harmless_description_with_numbers_comes_in(text: str) -> None:
    """The patterns leave out addresses, not every sentence with a number."""
    assert text == only(a_service(description=text)).description


def test_a_long_description_is_cut_at_300_characters() -> None:
    """It ends at a word and shows that something is missing."""
    description = only(a_service(description="words " * 100)).description
    assert len(description) <= 300
    assert description.endswith("words…")


@pytest.mark.parametrize(
    "area",
    ["14 Secret Lane, Witham", "CM1", "Rose Cottage, Mill Lane, Witham", "Mill Lane", "Ward 3"],
)
def test_an_area_that_may_be_an_address_is_left_out(area: str) -> None:
    """A digit or a street name in a service area keeps it out; other areas stay."""
    loaded = load(a_service(service_areas=[{"name": area}, {"name": "Witham"}]))
    assert loaded.services[0].areas == ("Witham",)
    assert loaded.left_out == ("1 service area was left out: possibly an address",)


@pytest.mark.parametrize(
    "named",
    [
        pytest.param({"name": "Drop-in at 14 Secret Lane"}, id="the service"),
        pytest.param({"organization": {"name": "Refuge at 14 Secret Lane"}}, id="the organisation"),
    ],
)
def test_a_name_that_holds_an_address_keeps_the_whole_service_out(named: dict[str, Any]) -> None:
    """A name cannot be dropped, so the service is."""
    loaded = load([a_service(), a_service(id="s-2", **named)])
    assert [one.source_id for one in loaded.services] == ["s-1"]
    assert "Secret" not in loaded.model_dump_json()
    assert len(loaded.left_out) == 1


def test_a_repeated_service_is_one_service() -> None:
    """Same id: the newest entry counts, and an older one fills what it leaves empty."""
    old = a_service(description="Old words", assured_date="2025-01-01", last_modified="2025")
    new = a_service(description="New words", last_modified="2026")
    bare = {"id": "s-1", "name": "Outreach", "status": "active"}
    for order in itertools.permutations([old, new, bare]):
        loaded = load(list(order))
        assert [one.description for one in loaded.services] == ["New words"]
        assert str(loaded.services[0].assured_on) == "2025-01-01"
        assert loaded.left_out == ("2 entries were left out: repeated service",)


def test_without_ids_organisation_and_name_tell_services_apart() -> None:
    """Two entries of one name and one organisation are one service; another NGO's is another."""
    mine = a_service(id=None)
    theirs = a_service(id=None, organization={"name": "Birch Hill"})
    loaded = load([mine, mine, theirs])
    expected = {"rowan-tree/outreach", "birch-hill/outreach"}
    assert expected == {one.source_id for one in loaded.services}


def test_an_organisation_named_by_id_alone_is_found_elsewhere_in_the_feed() -> None:
    """Flat feeds give `organization_id`; the name stands with another service."""
    flat = {"id": "s-2", "name": "Advice", "status": "active", "organization_id": "o-1"}
    assert {"Rowan Tree"} == {one.organisation_name for one in load([a_service(), flat]).services}


def test_an_organisation_is_never_guessed() -> None:
    """A service without organisation stays out, even beside an organisation without id."""
    named = a_service(organization={"name": "Rowan Tree"})
    loaded = load([named, {"id": "s-2", "name": "Advice", "status": "active"}])
    assert [one.source_id for one in loaded.services] == ["s-1"]
    assert loaded.left_out == ("1 service was left out: no organisation",)


def test_services_of_one_name_get_codes_of_their_own() -> None:
    """First the organisation is added, then a number in the order of source ids."""
    feed = [
        a_service(id="s-1"),
        a_service(id="s-2"),
        a_service(id="s-3", organization={"name": "Birch Hill"}),
        a_service(id="s-4", name="Outreach Rowan Tree"),
    ]
    expected = {
        "s-1": "outreach-rowan-tree",
        "s-2": "outreach-rowan-tree-2",
        "s-3": "outreach-birch-hill",
        "s-4": "outreach-rowan-tree-rowan-tree",
    }
    assert expected == {one.source_id: one.code for one in load(feed).services}


names = st.sampled_from(["Outreach", "outreach!", "Outreach Rowan", "Advice", "مأوى", "Refuge"])
organisations = st.sampled_from(["Rowan", "Rowan Tree", "Birch Hill"])


@given(st.lists(st.tuples(names, organisations), min_size=1, max_size=8), st.randoms())
def test_the_order_of_a_feed_changes_nothing(
    pairs: list[tuple[str, str]], chance: random.Random
) -> None:
    """Codes are unique, and the same whatever the order of the entries."""
    feed = [
        a_service(id=f"s-{number}", name=name, organization={"name": organisation})
        for number, (name, organisation) in enumerate(pairs)
    ]
    shuffled = chance.sample(feed, k=len(feed))
    assert load(feed) == load(shuffled)
    assert len(feed) == len({one.code for one in load(feed).services})


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("active", ServiceStatus.ACTIVE),
        ("Temporarily_Closed", ServiceStatus.TEMPORARILY_CLOSED),
        ("defunct", ServiceStatus.DEFUNCT),
        ("who knows", ServiceStatus.INACTIVE),
        (None, ServiceStatus.ACTIVE),
    ],
)
def test_an_unknown_status_is_inactive(status: str | None, expected: ServiceStatus) -> None:
    """Nothing is referred to a service whose status nobody understands."""
    assert expected is only(a_service(status=status)).status


def test_every_part_that_is_unusable_is_said() -> None:
    """Nothing is dropped in silence."""
    loaded = load(
        [
            a_service(status="?", assured_date="soon", languages=[{"name": "14"}]),
            a_service(id="s-2", name=" "),
            {"status": "active"},
            "junk",
            {"id": "o-2", "name": "Empty", "website": "https://empty.example"},
        ]
    )
    expected = (
        "1 assured date was left out: not a date",
        "1 entry was left out: not an object",
        "1 language was left out: neither a code nor a name",
        "1 organisation was left out: no services in it",
        "1 service was left out: no id, and either no name or no organisation",
        "1 service was left out: no name",
        "1 status was left out: not one of HSDS, so the service is taken as inactive",
    )
    assert expected == loaded.left_out


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        pytest.param("", "feed", "not JSON", id="nothing"),
        pytest.param('{"contents": [', "feed", "line 1, column 15", id="cut off"),
        pytest.param("3", "feed", "neither an object nor a list", id="a number"),
        pytest.param("[]", "feed", "no service", id="an empty list"),
        pytest.param('{"contents": []}', "feed", "no service", id="an empty page"),
        pytest.param('{"contents": {}}', "feed.contents", "not a list", id="contents no list"),
        pytest.param('{"services": 3}', "feed.services", "not a list", id="services no list"),
        pytest.param('{"colour": "blue"}', "feed", "no name", id="something else"),
        pytest.param('[{"id": "1"}]', "feed", "1 service was left out", id="nothing usable"),
        pytest.param("[" * 100_000, "feed", "nested too deeply", id="a tower of brackets"),
        pytest.param('{"a": ' + "9" * 5000 + "}", "feed", "number", id="an endless number"),
        pytest.param(" " * 10_000_000, "feed", "10 MB", id="ten megabytes"),
    ],
)
def test_an_unusable_feed_is_refused_in_a_sentence(text: str, field: str, reason: str) -> None:
    """The field, the reason and what to do; never a traceback."""
    with pytest.raises(BadInputError, match=reason) as caught:
        read_directory(text)
    assert field == caught.value.field


def test_characters_that_no_database_stores_are_removed() -> None:
    """NUL and lone surrogates are legal in JSON and would stop the import at the database."""
    service = only(a_service(name="Out\u0000reach\ud800", description="\u200bHelp"))
    assert service.name == "Outreach"
    assert service.description == "Help"


FIELDS = [
    *FULL,
    "services",
    "contents",
    "location",
    "website",
    "organization_id",
    "attributes",
    "taxonomy_terms",
    "taxonomy_term",
    "schedules",
    "opens_at",
    "closes_at",
    "byday",
    "closed",
    "valid_from",
    "valid_to",
    "capacities",
    "available",
    "maximum",
    "wait_time",
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_any_json_loads_or_is_refused(document: Any) -> None:
    """Whatever a feed holds, the answer is services or a sentence."""
    try:
        loaded = load(document)
    except BadInputError:
        return
    assert loaded.services


def test_the_demonstration_directory_is_complete() -> None:
    """Seven services of six NGOs: one closed, one full, one by and for; nothing left out."""
    loaded = read_directory(demo_directory_text(), TODAY)
    active = [one for one in loaded.services if one.status is ServiceStatus.ACTIVE]
    assert len(loaded.services) == 7
    assert len({one.organisation for one in loaded.services}) == 6
    assert len(active) == 6
    assert all(one.needs and one.hours and one.capacity_on for one in loaded.services)
    full = [one for one in active if one.capacity is Capacity.FULL]
    assert [("saltmere-refuge-advocacy", 30)] == [(s.code, s.expected_wait_days) for s in full]
    assert ["meadowlight-support"] == [one.code for one in active if one.by_and_for]
    assert loaded.left_out == ()
