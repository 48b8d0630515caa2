"""`safepath protocol` as owners and officers of a force type it, on a real database."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from typer.testing import Result

from infra.stack.protocol_owners import DEVELOPMENT_OWNERS
from rules.protocol.shipped import shipped_protocol
from schemas.protocol import CLOSED
from tests.commands.conftest import Safepath
from tests.commands.owning import BAD_INPUT, LATER, P4, Owners, made, refused
from tests.conftest import Servers


@pytest.fixture
def owners(safepath: Safepath, postgres: Servers, tmp_path: Path) -> Owners:
    """A force of this test's own."""
    return made(safepath, tmp_path, postgres.paths.protocol_owners)


def test_two_owners_adopt_a_version_and_everybody_sees_it(owners: Owners) -> None:
    """The first proposes, the second is shown what the first signed, and it is in force."""
    assert 0 == owners.assess().exit_code
    assert 0 == owners.agree().exit_code
    departs = ("--departs-from", "HMICFRS 2020, recommendation 1")
    first = owners.sign("cora", P4, *departs)
    assert 0 == first.exit_code, first.output
    assert "waits for a second protocol owner" in first.stdout
    assert "It holds, whatever a person was told." in first.stderr
    waiting = owners.status()
    assert (CLOSED, P4) == (waiting["active"], waiting["proposal"]["version"])  # type: ignore[index]
    shown = owners.safepath("protocol status", by=owners.by("ann", "caseworker")).stdout
    assert f"{P4} waits for {owners.name}:iain until" in shown
    second = owners.sign("iain", P4, *departs)
    assert 0 == second.exit_code, second.output
    for words in ("cora signed it first: her own yes comes first", departs[1], "Adopted."):
        assert words in second.stdout
    status = owners.status("auditor")
    assert (P4, "in_force") == (status["active"], status["agreement_and_dpia"])
    adoption = status["adoption"]
    assert isinstance(adoption, dict)
    assert [f"{owners.name}:cora", f"{owners.name}:iain"] == adoption["signed_by"]
    assert (["HMICFRS 2020, recommendation 1"], "DPIA-1") == (
        adoption["departs_from"],
        adoption["dpia"],
    )
    shown = owners.safepath("protocol status", by=owners.by("ann", "caseworker")).stdout
    for words in (f"uses {P4}", "her own yes comes first", departs[1], "days left"):
        assert words in shown


def test_one_person_does_not_sign_twice(owners: Owners) -> None:
    """Whoever signed is told who signs next."""
    owners.assess()
    assert 0 == owners.sign("cora").exit_code
    assert "somebody else of your organisation signs next" in refused(owners.sign("cora"))
    assert CLOSED == owners.status()["active"]


def test_other_content_meanwhile_is_refused_until_it_is_withdrawn(owners: Owners) -> None:
    """By its signer alone."""
    owners.assess()
    owners.sign("cora")
    assert "Yours differs in content" in refused(owners.sign("iain", "p1-npcc-2018"))
    withdraw = "protocol withdraw-proposal"
    answer = owners.safepath(withdraw, by=owners.by("iain"))
    assert "who alone can withdraw it" in refused(answer)
    assert 0 == owners.safepath(withdraw, by=owners.by("cora")).exit_code
    assert "No version waits" in refused(owners.safepath(withdraw, by=owners.by("cora")))
    assert 0 == owners.sign("iain", "p1-npcc-2018").exit_code
    assert 0 == owners.sign("cora", "p1-npcc-2018").exit_code
    assert "p1-npcc-2018" == owners.status()["active"]


@pytest.mark.parametrize(
    ("prepare", "sign", "words"),
    [
        (lambda f: f.status(), lambda f: f.sign("cora"), "No impact assessment DPIA-1 is recorded"),
        (
            lambda f: f.assess(last="2026-01-01"),
            lambda f: f.sign("cora"),
            "was to be reviewed by 2026-01-01",
        ),
        (
            lambda f: f.assess(),
            lambda f: f.sign("cora", "h0-npcc-2018-as-written"),
            "can never be activated",
        ),
        (
            lambda f: f.assess(),
            lambda f: f.sign("cora", key="iain"),
            "not the one that the file of owners has",
        ),
        (lambda f: f.assess(), lambda f: f.sign("mallory"), "has no public key of"),
    ],
    ids=["no DPIA", "an expired DPIA", "historical", "another's key", "no owner"],
)
def test_a_signature_is_refused_with_its_reason(
    owners: Owners,
    prepare: Callable[[Owners], object],
    sign: Callable[[Owners], Result],
    words: str,
) -> None:
    """Exit 3, nothing is proposed, and the refusal is on the record."""
    prepare(owners)
    assert words in refused(sign(owners))
    assert owners.status()["proposal"] is None
    by = owners.by("aud", "auditor")
    rows = json.loads(owners.safepath("audit show", "--json", by=by).stdout)
    outcomes = [r["outcome"] for r in rows if r["verb"] == "sign_protocol"]
    assert ["refused"] == outcomes[-1:]


def test_nobody_but_a_protocol_owner_signs_and_is_asked_for_no_key(owners: Owners) -> None:
    """The right comes first."""
    by = owners.by("ann", "caseworker")
    given = (P4, "--dpia", "DPIA-1", "--reason", "because")
    said = refused(owners.safepath("protocol activate", *given, by=by))
    assert "It is for: protocol_owner" in said


def test_a_file_that_is_refused_says_where_and_why(owners: Owners, tmp_path: Path) -> None:
    """Exit 2, with file and line, before anything is signed."""
    owners.assess()
    file = tmp_path / "mine.yaml"
    file.write_text(a_file(cooling_off_hours=12), encoding="utf-8")
    said = refused(owners.sign("cora", str(file)), BAD_INPUT)
    for words in ("mine.yaml, line", "cooling_off_hours is 12", "24 at the least"):
        assert words in said


def a_file(**changes: object) -> str:
    version = shipped_protocol().versions["p1-npcc-2018"]
    return json.dumps({**version.content(), "historical": "false", **changes})


def test_a_version_of_ones_own_is_held_once_it_is_adopted(owners: Owners, tmp_path: Path) -> None:
    """From then on its id stands for this content alone."""
    owners.assess()
    mine, file = f"{owners.name}-1", tmp_path / "mine.yaml"
    file.write_text(a_file(id=mine), encoding="utf-8")
    for person in ("cora", "iain"):
        assert 0 == owners.sign(person, str(file)).exit_code
    assert mine == owners.status()["active"]
    file.write_text(a_file(id=mine, title="Something else"), encoding="utf-8")
    assert "give this one an id of its own" in refused(owners.sign("cora", str(file)), BAD_INPUT)
    assert 0 == owners.sign("cora", mine).exit_code, "by its id, as it is held"


def test_a_shipped_version_cannot_be_replaced_by_a_file(owners: Owners, tmp_path: Path) -> None:
    """Nobody was told what the file says under that name."""
    owners.assess()
    file = tmp_path / "p1.yaml"
    file.write_text(a_file(title="Something else"), encoding="utf-8")
    assert "there is a version p1-npcc-2018" in refused(owners.sign("cora", str(file)), BAD_INPUT)


def test_the_development_owners_need_no_key_named(safepath: Safepath) -> None:
    """`safepath up` made theirs: what stops them here is that nothing was assessed."""
    organisation, _, person = DEVELOPMENT_OWNERS[0].partition(":")
    by = f"protocol_owner@{organisation}:{person}"
    given = (P4, "--dpia", "none-such", "--reason", "because")
    assert "No impact assessment" in refused(safepath("protocol activate", *given, by=by))


def test_what_is_awaited_is_shown_and_dropped(owners: Owners) -> None:
    """The active one stays."""
    by = owners.by("cora")
    given = ("--title", "The new one", "--expected", "2027-03-01", "--owner", "iain")
    assert 0 == owners.safepath("protocol await", "p9-next", *given, by=by).exit_code
    shown = owners.safepath("protocol status", by=by).stdout
    assert "p9-next is awaited by 01 Mar 2027: The new one (iain sees to it)" in shown
    assert CLOSED == owners.status()["active"]
    assert 0 == owners.safepath("protocol await", "p9-next", "--drop", by=by).exit_code
    assert [] == owners.status()["awaited"]


def test_an_agreement_is_recorded_by_a_party(owners: Owners) -> None:
    """And an agreement of one, or of others, is none."""
    assert "name each" in refused(owners.agree(owners.name), BAD_INPUT)
    assert "is not among them" in refused(owners.agree("this", "that"), BAD_INPUT)
    assert 0 == owners.agree(last="2026-01-02").exit_code
    by = owners.by("sol", "info_sharing_spoc")
    assert "over since 02 Jan 2026" in owners.safepath("protocol agreement list", by=by).stdout
    assert 0 == owners.agree().exit_code
    assert "days left" in owners.safepath("protocol agreement list", by=by).stdout


def test_papers_are_recorded_by_their_officers_alone(owners: Owners) -> None:
    """A protocol owner records neither."""
    by = owners.by("cora")
    dpia = ("D-1", "--title", "Sharing", "--review-by", LATER)
    assert "It is for: dpo" in refused(owners.safepath("protocol dpia record", *dpia, by=by))
    agreement = ("A-1", "--party", owners.name, "--party", "other", "--signed-on", "2026-01-01")
    answer = owners.safepath("protocol agreement record", *agreement, "--expires", LATER, by=by)
    assert "It is for: info_sharing_spoc" in refused(answer)


def test_a_key_with_a_passphrase_asks_for_it(owners: Owners) -> None:
    """And is not used with another."""
    owners.assess()
    file = owners.folder / "cora.pem"
    key = load_pem_private_key(file.read_bytes(), None)
    sealed = BestAvailableEncryption(b"heron")
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed))
    assert "with this passphrase" in refused(owners.sign("cora", said="crane\n"), BAD_INPUT)
    assert 0 == owners.sign("cora", said="heron\n").exit_code


def test_an_agreement_with_somebody_else_lets_nothing_be_shared(owners: Owners) -> None:
    """B20 asks for one with Immigration Enforcement, that has begun."""
    owners.assess()
    for person in ("cora", "iain"):
        assert 0 == owners.sign(person).exit_code
    assert 0 == owners.agree(owners.name, "a-council").exit_code
    by = owners.by("sol", "info_sharing_spoc")
    listed = owners.safepath("protocol agreement list", by=by).stdout
    assert "not with Immigration Enforcement" in listed
    assert "none" == owners.status()["agreement_and_dpia"]
    assert 0 == owners.agree().exit_code
    assert "in_force" == owners.status()["agreement_and_dpia"]
