"""A case is erased on a whole stack: afterwards no tool reads anything of her, and none breaks."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.client import Client

from infra.codec import CaseCodec
from infra.database import Scope, open_pool
from infra.keys import FileKeyProvider, Keyring, read_key_file
from infra.stack.secrets import Role
from infra.stack.state import LOOPBACK, read_state
from infra.stack.temporal import connect
from schemas.actor import parse_actor
from schemas.errors import KeyDestroyedError
from schemas.ids import CaseRef, journey_workflow_id, referral_workflow_id
from schemas.referral import ReferralState
from tests.journeys.canary_kinds import KINDS
from tests.journeys.canary_places import Told
from tests.journeys.canary_stories import ANN, BO, PERSONAL, SAID, Typing
from tests.journeys.scanning import forms, found_in
from tests.journeys.standing import Stack, a_stack

DEE = "dpo@essex-police:dee"
SUE = "safeguarding_supervisor@essex-police:sue"
WORDS = set().union(*(forms(kind.word) for kind in KINDS))
NEVER = "nobody-polls-this"


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Everything that `safepath up` runs."""
    async with a_stack(tmp_path_factory.mktemp("erased") / "data") as found:
        yield found


@pytest.fixture
def typing(stack: Stack, tmp_path: Path) -> Typing:
    """The command line."""
    return Typing(Told(stack), tmp_path)


async def beside(typing: Typing, line: str, *more: str, by: str, ends: int = 0) -> str:
    """Type a verb; it brings an event loop of its own."""
    return await asyncio.to_thread(typing.type, line, *more, by=by, ends=ends, shows=True)


async def closed(typing: Typing) -> CaseRef:
    """A case with every text it can hold, whose service has helped, closed by a person."""
    notes = f"she was called {SAID['former name']}"
    personal = {field: text for field, text in PERSONAL.items() if field != "safe_contact"}
    case = await asyncio.to_thread(typing.a_case, own_notes=notes, personal=personal)
    await asyncio.to_thread(typing.a_plan, case)
    await asyncio.to_thread(typing.referred, case, "idva-service")
    await typing.told.stack.until_page(
        case,
        lambda page: page.referrals[0].state is ReferralState.RECEIVED,
        parse_actor(ANN),
    )
    note = ("--note", SAID["note of a yes"])
    await beside(typing, "referral accept", f"{case}/1", *note, by=BO)
    done = ("--outcome", "support_given")
    await beside(typing, "referral complete", f"{case}/1", *done, by=BO)
    await beside(typing, "hold lift", f"{case}/1", by=BO)
    for confirm in ((), ("--confirm",)):
        await beside(typing, "case close", case, "--reason", "support_completed", *confirm, by=ANN)
    await _until_posted(typing, case)
    return case


async def proposed(typing: Typing) -> CaseRef:
    """The same, and somebody proposed to erase it."""
    case = await closed(typing)
    await beside(typing, "case erase", case, "--reason", "her_request", by=DEE)
    await _until_posted(typing, case)
    return case


async def _until_posted(typing: Typing, case: CaseRef) -> None:
    """Nothing of the case waits to be sent."""
    await typing.told.stack.until_rows(
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM record.outbox"
        " WHERE case_ref = $1 AND state = 'queued')",
        case,
    )


READS = (
    (ANN, "case show {case} --personal --notes"),
    (ANN, "case show {case} --personal --notes --json"),
    (ANN, "case timeline {case}"),
    (ANN, "case list --all"),
    (ANN, "contact show {case} --details"),
    (BO, "referral inbox"),
    (BO, "referral inbox --json"),
    (BO, "referral open {case}/1"),
    (BO, "contact show {case} --details"),
    (ANN, "doctor"),
)
"""Whatever shows anything of a case, and to whom."""


async def what_is_read(typing: Typing, case: CaseRef) -> dict[str, str]:
    """What every tool shows of a case; a refusal is an answer too, and a bug is none."""
    found = {}
    for by, line in READS:
        words = line.format(case=case)
        for ends in (0, 3, 2):
            try:
                found[f"{line} by {by}"] = await asyncio.to_thread(_typed, typing, words, by, ends)
                break
            except AssertionError:
                assert ends != 2, words
    return found


def _typed(typing: Typing, line: str, by: str, ends: int) -> str:
    from typer.testing import CliRunner

    from safepath import build

    who = () if line == "doctor" else ("--as", by)
    data_dir = ("--data-dir", str(typing.told.stack.paths.data_dir))
    answer = CliRunner().invoke(build(), (*line.split(), *who, *data_dir))
    assert ends == answer.exit_code
    return answer.output


def texts_in(read: dict[str, str]) -> set[str]:
    """The reads in which a canary is."""
    return {line for line, shown in read.items() if found_in(shown.encode(), WORDS) is not None}


async def test_nothing_of_her_is_read_by_any_tool_once_two_people_erased_the_case(
    typing: Typing,
) -> None:
    """Each says that it was erased, and another case of the same people is as it was."""
    stays, goes = await closed(typing), await closed(typing)
    before = await what_is_read(typing, goes)
    assert {f"{READS[0][1]} by {ANN}", f"{READS[1][1]} by {ANN}"} <= texts_in(before)
    assert f"contact show {{case}} --details by {ANN}" in texts_in(before)
    kept = (await what_is_read(typing, stays))[f"{READS[0][1]} by {ANN}"]
    await beside(typing, "case erase", goes, "--reason", "her_request", by=DEE)
    await _until_posted(typing, goes)
    assert "Erased." in await beside(typing, "case erase", goes, "--confirm", by=SUE)
    after = await what_is_read(typing, goes)
    assert set() == texts_in(after)
    for line in ("case show {case} --personal --notes", "case timeline {case}", "case list --all"):
        assert "erased" in after[f"{line} by {ANN}"]
    for line in ("referral inbox", "referral open {case}/1"):
        assert "erased" in after[f"{line} by {BO}"]
    page = json.loads(after[f"{READS[1][1]} by {ANN}"])
    assert ("erased", {}, []) == (page["erasure"]["state"], page["personal"], page["notes"])
    again = (await what_is_read(typing, stays))[f"{READS[0][1]} by {ANN}"]
    assert _texts(kept) == _texts(again) != []


def _texts(shown: str) -> list[str]:
    return [line for line in shown.splitlines() if found_in(line.encode(), WORDS) is not None]


async def test_what_temporal_keeps_of_it_opens_for_nobody(typing: Typing) -> None:
    """The endpoint shows a phrase, the worker's codec is refused the key, and nothing runs."""
    case = await proposed(typing)
    client = await _temporal(typing)
    payloads = await _payloads(client, case)
    assert payloads
    installation = typing.told.stack.installation
    pool = await open_pool(installation.dsn(Role.JOURNEYS))
    try:
        keyring = Keyring(pool, FileKeyProvider(installation.kek_file), Scope())
        operations = read_key_file(installation.operations_key_file)
        opened = await CaseCodec(keyring, operations).decode(payloads[:1])
        assert b"case_ref" in opened[0].data
        await beside(typing, "case erase", case, "--confirm", by=SUE)
        provider = FileKeyProvider(installation.kek_file)
        fresh = CaseCodec(Keyring(pool, provider, Scope()), operations)
        with pytest.raises(KeyDestroyedError):
            await fresh.decode(payloads[:1])
    finally:
        await pool.close()
    shown = await asyncio.to_thread(_at_the_endpoint, typing, payloads)
    assert {'"case content: sealed, or erased with its case"'} == shown
    running = f'ExecutionStatus = "Running" AND WorkflowId STARTS_WITH "case/{case}/"'
    assert 0 == (await client.count_workflows(running)).count


async def test_a_workflow_that_still_runs_keeps_the_key_until_it_has_ended(
    typing: Typing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal names it; the decision stands, and is carried out when it is given again."""
    monkeypatch.setattr("web.asking.END_WITHIN", timedelta(seconds=1))
    case = await proposed(typing)
    client, superuser = await _temporal(typing), typing.told.stack.superuser
    stuck = referral_workflow_id(case, 1)
    handle = await client.start_workflow("Stuck", id=stuck, task_queue=NEVER)
    await beside(typing, "case erase", case, "--confirm", by=SUE, ends=3)
    left = "SELECT wrapped IS NOT NULL FROM vault.case_key WHERE case_ref = $1"
    assert await superuser.fetchval(left, case)
    await beside(typing, "case reopen", case, "--reason", "she_came_back", by=ANN, ends=3)
    await handle.terminate()
    assert "Erased." in await beside(typing, "case erase", case, "--confirm", by=SUE)
    assert not await superuser.fetchval(left, case)


async def test_whoever_proposed_it_does_not_confirm_it_and_a_caseworker_does_neither(
    typing: Typing,
) -> None:
    """Nothing is gone by it; whoever declines ends it, and the case can be opened again."""
    case = await proposed(typing)
    await beside(typing, "case erase", case, "--confirm", by=DEE, ends=3)
    await beside(typing, "case erase", case, "--confirm", by=ANN, ends=3)
    await beside(typing, "case erase", case, "--reason", "her_request", by=ANN, ends=3)
    await beside(typing, "case erase", case, "--decline", by=SUE)
    await beside(typing, "case reopen", case, "--reason", "she_came_back", by=ANN)
    shown = await beside(typing, "case show", case, "--personal", by=ANN)
    assert SAID["name"] in shown


async def _temporal(typing: Typing) -> Client:
    state = read_state(typing.told.stack.paths.data_dir)
    assert state is not None
    return await connect(state.ports)


async def _payloads(client: Client, case: CaseRef) -> list[Payload]:
    """What the journey was started with, and what its steps answered."""
    history = await client.get_workflow_handle(journey_workflow_id(case)).fetch_history()
    found: list[Payload] = []
    for event in history.events:
        found += event.workflow_execution_started_event_attributes.input.payloads
        accepted = event.workflow_execution_update_accepted_event_attributes
        found += accepted.accepted_request.input.args.payloads
    return found


def _at_the_endpoint(typing: Typing, payloads: list[Payload]) -> set[str]:
    state = read_state(typing.told.stack.paths.data_dir)
    assert state is not None
    body = json_format.MessageToJson(Payloads(payloads=payloads)).encode()
    asked = Request(f"http://{LOOPBACK}:{state.ports.codec}/decode", data=body)
    with urlopen(asked, timeout=10) as answer:  # noqa: S310 - loopback
        shown = json_format.Parse(answer.read(), Payloads())
    return {payload.data.decode() for payload in shown.payloads}
