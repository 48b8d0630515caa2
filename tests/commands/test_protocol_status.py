"""What everybody sees of a force's protocol, what a case remembers of it, and who is told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra.stack.protocol_owners import DEVELOPMENT_OWNERS
from safepath import build
from schemas.protocol import CLOSED
from tests.commands.conftest import Safepath
from tests.commands.owning import BAD_INPUT, LATER, P4, Owners, made, refused
from tests.conftest import Servers
from tests.infra.stack.standins import in_time
from tests.journeys.standing import Stack

ESSEX = "essex-police"


@pytest.fixture
def owners(safepath: Safepath, postgres: Servers, tmp_path: Path) -> Owners:
    """A force of this test's own."""
    return made(safepath, tmp_path, postgres.paths.protocol_owners)


def test_a_force_without_a_protocol_is_told_that_it_is_closed(owners: Owners) -> None:
    """With what there is to do, and an exit that is no error."""
    answer = owners.safepath("protocol status", by=owners.by("ann", "caseworker"))
    assert 0 == answer.exit_code
    for words in (
        f"{owners.name}: closed (p0-closed): nothing may be shared.",
        "agreement and impact assessment: not both in force",
        "no agreement is recorded",
        "no impact assessment is recorded",
    ):
        assert words in answer.stdout


def test_a_service_looks_at_the_protocol_of_a_force(owners: Owners) -> None:
    """Whoever supports somebody may know which rules hold."""
    owners.assess()
    owners.sign("cora")
    owners.sign("iain")
    answer = owners.safepath(
        "protocol status", "--of", owners.name, "--json", by="ngo_worker@harbour-house:di"
    )
    assert P4 == json.loads(answer.stdout)["active"]


def test_a_case_remembers_which_protocol_was_active_when_she_was_told(
    owners: Owners, tmp_path: Path
) -> None:
    """Closed before the adoption, the version after it; the file has no place for it."""
    owners.assess()
    before = opened_told(owners, tmp_path)
    owners.sign("cora")
    owners.sign("iain")
    after = opened_told(owners, tmp_path)
    assert (CLOSED, P4) == (before, after)


def test_an_owner_who_is_taken_out_closes_the_protocol_and_doctor_says_so(
    owners: Owners, postgres: Servers
) -> None:
    """Loudly, and with the way on."""
    owners.assess()
    owners.sign("cora")
    owners.sign("iain")
    with without(postgres.paths.protocol_owners, f"{owners.name}:iain"):
        status = owners.status()
        assert (CLOSED, "unknown_key") == (status["active"], status["fault"])
        shown = owners.safepath("protocol status", by=owners.by("ann", "caseworker")).stdout
        assert "The latest adoption does not count" in shown
        found = json.loads(doctor(postgres).stdout)["findings"]
    (finding,) = [one for one in found if one["name"] == "sharing protocol"]
    assert "fail" == finding["level"]
    assert f"{owners.name} (unknown_key)" in finding["found"]
    assert P4 == owners.status()["active"]


def test_support_does_not_wait_for_a_file_of_owners(
    owners: Owners, postgres: Servers, tmp_path: Path
) -> None:
    """A case is opened, and what she was told reads as closed; owners and doctor are told."""
    owners.assess()
    owners.sign("cora")
    owners.sign("iain")
    file = postgres.paths.protocol_owners
    whole = file.read_text(encoding="utf-8")
    file.write_text("{", encoding="utf-8")
    try:
        told = opened_told(owners, tmp_path)
        status = owners.safepath("protocol status", by=owners.by("cora"))
        found = doctor(postgres).stdout
    finally:
        file.write_text(whole, encoding="utf-8")
    assert CLOSED == told
    assert "protocol-owners.json cannot be read" in refused(status, BAD_INPUT)
    assert "protocol-owners.json cannot be read" in found


def test_the_development_owners_of_a_stack_adopt_and_its_worker_reminds(
    on_stack: Safepath, stack: Stack
) -> None:
    """No key is named, and a notice of an agreement that ends soon is there within a round."""
    cora, iain = (f"protocol_owner@{who}" for who in DEVELOPMENT_OWNERS)
    soon = f"{datetime.now(UTC) + timedelta(days=20):%Y-%m-%d}"
    dpia = ("DPIA-1", "--title", "Sharing, assessed", "--review-by", LATER)
    on_stack("protocol dpia record", *dpia, by=f"dpo@{ESSEX}:dee")
    parties = ("--party", ESSEX, "--party", "immigration-enforcement")
    dates = ("--signed-on", "2026-01-01", "--expires", soon)
    by = f"info_sharing_spoc@{ESSEX}:sol"
    on_stack("protocol agreement record", "ISA-1", *parties, *dates, by=by)
    given = (P4, "--dpia", "DPIA-1", "--reason", "her own yes comes first")
    assert "waits for a second" in on_stack("protocol activate", *given, by=cora).stdout
    assert "Adopted." in on_stack("protocol activate", *given, by=iain).stdout
    by = f"caseworker@{ESSEX}:ann"
    status = json.loads(on_stack("protocol status", "--json", by=by).stdout)
    assert (P4, "in_force") == (status["active"], status["agreement_and_dpia"])
    in_time(lambda: reminded(stack.paths.notices), 60)


@contextmanager
def without(file: Path, who: str) -> Iterator[None]:
    """The file of owners with one of them taken out, for as long as the block runs."""
    whole = file.read_text(encoding="utf-8")
    rest = {name: key for name, key in json.loads(whole).items() if name != who}
    file.write_text(json.dumps(rest), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(whole, encoding="utf-8")


def doctor(postgres: Servers) -> Result:
    """What the doctor finds."""
    place = ("--data-dir", str(postgres.paths.data_dir))
    return CliRunner().invoke(build(), ("doctor", "--json", *place))


def reminded(folder: Path) -> bool:
    """Whether a notice on agreements lies there for the force."""
    notices = [json.loads(f.read_text(encoding="utf-8")) for f in folder.glob("agreement--*.json")]
    return ESSEX in {notice["to"] for notice in notices}


def opened_told(owners: Owners, tmp_path: Path) -> str:
    """Open a case now; the protocol that its page says was active."""
    at = datetime.now(UTC).isoformat()
    file = tmp_path / "opening.json"
    opening = {
        "subject": "victim",
        "age": "adult",
        "channel": "police_101",
        "occurred_at": at,
        "told": {"version": "told-2026-1", "language": "en", "at": at},
        "first_question_at": at,
        "perpetrator_works_here": "no",
        "safety": {"safe_to_talk": True, "immediate_danger": False},
    }
    by = owners.by("ann", "caseworker")
    file.write_text(json.dumps(opening), encoding="utf-8")
    answer = owners.safepath("case open", str(file), "--json", by=by)
    assert 0 == answer.exit_code, answer.output
    case = json.loads(answer.stdout)["case"]["case_ref"]
    page = owners.safepath("case show", case, by=by).stdout
    told = json.loads(owners.safepath("case show", case, "--json", by=by).stdout)["told"]
    assert f"{told['told_protocol']} was active" in page
    typed = {**opening, "told": {**opening["told"], "protocol": P4}}  # type: ignore[dict-item]
    file.write_text(json.dumps(typed), encoding="utf-8")
    assert BAD_INPUT == owners.safepath("case open", str(file), by=by).exit_code
    return str(told["told_protocol"])
