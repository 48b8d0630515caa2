"""`safepath directory`, as people and programs run it, on the fictional directory."""

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from commands.directory import app
from tests.conftest import Servers

ANN = "caseworker@essex-police:ann"
BO = "ngo_intake@lantern-law:bo"

Run = Callable[..., Result]


@pytest.fixture
def run(postgres: Servers) -> Run:
    """A verb, on the database of the tests."""

    def verb(*arguments: str, by: str = ANN) -> Result:
        given = (*arguments, "--as", by, "--data-dir", str(postgres.paths.data_dir))
        return CliRunner().invoke(app, given)

    return verb


def test_what_suits_her_stands_first_with_its_reasons(run: Run) -> None:
    """A full service stays, with its wait and with open ones instead of it."""
    wish = ("--need", "advocacy", "--area", "Northmarch", "--language", "Urdu")
    answer = run("choose", *wish, "--by-and-for", "minoritised women")
    assert answer.exit_code == 0
    places = [answer.stdout.index(code) for code in ("meadowlight-support", "idva-service")]
    assert sorted(places) == places
    words = " ".join(answer.stdout.split())
    for said in ("speaks Urdu", "as she asked", "about 30 days' wait", "open instead:"):
        assert said in words
    assert "saltmere-refuge-advocacy" in words
    assert "safe-housing-advice" not in answer.stdout


def test_all_shows_what_does_not_suit_as_well(run: Run) -> None:
    """Nothing of the directory is kept from a caseworker."""
    answer = run("choose", "--need", "advocacy", "--all")
    assert "safe-housing-advice" in answer.stdout
    assert "see --all" not in answer.stdout


def test_programs_get_codes_beside_the_sentences(run: Run) -> None:
    """The same order, the whole directory."""
    found = json.loads(run("choose", "--need", "children", "--json").stdout)
    (closed,) = [one for one in found if one["service"]["code"] == "childrens-group-work"]
    assert closed["suitability"] == "cannot_be_asked"
    assert closed["reasons"][0] == {
        "code": "cannot_be_asked",
        "sentence": "takes no referrals: it is closed for now",
    }


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param(("--need", "nonsense"), id="a need that is none"),
        pytest.param(("--need", "advocacy", "--area", " "), id="a blank area"),
        pytest.param(("--need", "advocacy", "--language", "x"), id="too short a language"),
    ],
)
def test_a_wish_that_cannot_be_read_is_bad_input(run: Run, wish: tuple[str, ...]) -> None:
    """Exit 2, and the option is named."""
    answer = run("choose", *wish)
    assert (answer.exit_code, wish[-2] in answer.stderr) == (2, True)


def test_a_service_publishes_its_capacity_and_caseworkers_see_it(run: Run) -> None:
    """At once, with the wait."""
    published = run("capacity", "immigration-advice", "--full", "--wait-days", "12", by=BO)
    assert "Published. immigration-advice is full, about 12 days' wait." in published.stdout
    assert "full, about 12 days' wait" in run("show", "immigration-advice").stdout


@pytest.mark.parametrize("chosen", [(), ("--open", "--full")], ids=["nothing", "two at once"])
def test_one_capacity_is_said_at_a_time(run: Run, chosen: tuple[str, ...]) -> None:
    """And none by default."""
    answer = run("capacity", "immigration-advice", *chosen, by=BO)
    assert (answer.exit_code, "say one of" in answer.stderr) == (2, True)


def test_nobody_publishes_for_another_organisation(run: Run) -> None:
    """Exit 2, and the way to see whose it is."""
    answer = run("capacity", "idva-service", "--full", by=BO)
    assert answer.exit_code == 2
    assert "your organisation offers no service of that code" in answer.stderr


def test_a_service_is_shown_with_what_it_says_of_itself(run: Run) -> None:
    """And what it does not say is not made up."""
    shown = run("show", "meadowlight-support").stdout
    for words in (
        "Black and minoritised women",
        "English, Urdu, Punjabi, Arabic",
        "Mon, Tue, Wed, Thu, Fri 10:00-18:00; Sat 10:00-13:00",
        "closed on       not said",
    ):
        assert words in shown


def test_a_service_that_is_not_there_is_bad_input(run: Run) -> None:
    """With the verb that lists them."""
    answer = run("show", "nope")
    assert (answer.exit_code, "see `directory list`" in answer.stderr) == (2, True)
