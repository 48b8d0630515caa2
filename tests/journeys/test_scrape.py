"""What Prometheus reads of a whole stack in which everything an alert looks at has happened."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.request import urlopen

import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from temporalio.client import Client

from infra.metrics.counters import DONE
from infra.stack.state import StackState, read_state
from infra.stack.temporal import NAME as TEMPORAL
from infra.temporal import JOURNEYS
from schemas.case_commands import AddNeed
from schemas.consent_commands import AskConsent, GiveConsent
from schemas.ids import CaseRef
from schemas.messages import JOURNEY
from schemas.referral import ReferralState
from schemas.referral_commands import RequestReferral
from tests.builders import caseworker
from tests.house.source import HOUSE
from tests.house.test_alerts import alerts
from tests.journeys.standing import WITHIN, Stack, a_stack
from tests.workflows.telling import IDVA

ANN = caseworker(person="ann-quillfeather")
NONSENSE = "nothing-of-ours"
STUCK = """INSERT INTO record.trouble (workflow_id, case_ref, step, code, attempts, since, seen_at)
    VALUES ('case/' || $1 || '/referral/1', $1, 'deliver_stop', 'bug', 4, now(), now())"""
_NAMED = re.compile(r"\b(?:safepath|temporal)_[a-z_]+\b|\bup\b")


@dataclass(frozen=True)
class Scrape:
    """A stack's worker, scraped once all had happened."""

    case_ref: CaseRef
    text: str
    log: str

    @property
    def families(self) -> list[Metric]:
        """The metrics."""
        return list(text_string_to_metric_families(self.text))

    @property
    def samples(self) -> dict[tuple[str, ...], float]:
        """Name and labels' values, and the number."""
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in self.families
            for sample in family.samples
        }


@pytest.fixture(scope="module")
async def scrape(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scrape]:
    """A packet is delivered; a step is stuck, a workflow task fails, Temporal is away."""
    async with a_stack(tmp_path_factory.mktemp("scrape") / "data") as stack:
        case_ref = await _delivered(stack)
        await stack.superuser.execute(STUCK, case_ref)
        await _nonsense(stack)
        await stack.kill(TEMPORAL)
        text = await _scraped_until(
            stack,
            'safepath_stuck_work{code="bug",step="deliver_stop"} 1',
            "temporal_workflow_task_execution_failed_total{",
            "temporal_long_request_failure_total{",
        )
        log = (stack.paths.logs / "worker-journeys.log").read_text()
        yield Scrape(case_ref, text, log)


async def _delivered(stack: Stack) -> CaseRef:
    case_ref = await stack.open_case(ANN)
    await stack.decide(case_ref, AddNeed, actor=ANN)
    for kind in (AskConsent, GiveConsent):
        await stack.decide(case_ref, kind, actor=ANN, recipient=IDVA)
    await stack.decide(case_ref, RequestReferral, actor=ANN, choices=(IDVA,))
    await stack.until_page(
        case_ref, lambda page: page.referrals[0].state is ReferralState.RECEIVED, ANN
    )
    return case_ref


async def _nonsense(stack: Stack) -> None:
    """A journey of no case, whose first task cannot but fail; Temporal notes that it did."""
    address = _state(stack).temporal_address
    client = await Client.connect(address, namespace=JOURNEYS)
    handle = await client.start_workflow(
        JOURNEY, {NONSENSE: NONSENSE}, id=NONSENSE, task_queue=JOURNEYS
    )
    await _scraped_until(stack, "temporal_workflow_task_execution_failed_total{")
    await handle.terminate()


async def _scraped_until(stack: Stack, *wanted: str) -> str:
    """The text once it shows all of these."""
    end = asyncio.get_running_loop().time() + WITHIN
    while True:
        text = await asyncio.to_thread(_read, _state(stack).metrics)
        missing = [line for line in wanted if line not in text]
        if not missing:
            return text
        assert asyncio.get_running_loop().time() < end, f"never shown: {missing}"
        await asyncio.sleep(0.2)


def _state(stack: Stack) -> StackState:
    state = read_state(stack.paths.data_dir)
    assert state is not None
    return state


def _read(address: str) -> str:
    with urlopen(address) as answer:  # noqa: S310 - the loopback
        text: str = answer.read().decode()
    return text


def test_what_was_done_is_counted(scrape: Scrape) -> None:
    """By activity and code, and by state."""
    for activity in ("read_journey", "carry_out", "deliver_packet", "post_notice"):
        assert scrape.samples["safepath_steps_total", activity, DONE] >= 1
    assert 1 == scrape.samples["safepath_record_up",]
    assert 4 <= scrape.samples["safepath_steps_total", "carry_out", DONE]


def test_every_metric_that_an_alert_names_is_exported(scrape: Scrape) -> None:
    """A rule over a name that nobody exports would be silent for ever."""
    names = {s.name for f in scrape.families for s in f.samples} | {f.name for f in scrape.families}
    for alert, lines in alerts().items():
        expression = lines.partition("expr:")[2].partition("labels:\n")[0]
        named = set(_NAMED.findall(expression)) - {"up"}
        assert named or "up{job=" in expression, alert
        assert named <= names, alert


def test_every_label_that_an_alert_looks_at_is_exported(scrape: Scrape) -> None:
    """With the values it asks for."""
    for expression in re.findall(r"\b((?:safepath|temporal)_\w+)\{([^}]*)\}", _rules()):
        name, asked = expression
        for label, sign, value in re.findall(r'(\w+)(=|!=|!~)"([^"]*)"', asked):
            found = {
                sample.labels.get(label)
                for family in scrape.families
                for sample in family.samples
                if sample.name == name
            }
            assert found - {None}, (name, label)
            assert sign != "=" or value in found, (name, label, value)


def _rules() -> str:
    return (HOUSE / "infra" / "deploy" / "prometheus" / "alerts.yml").read_text()


def test_labels_are_enums_alone(scrape: Scrape) -> None:
    """No case, workflow, organisation, service or person; whatever happened, there are few."""
    for word in (scrape.case_ref, ANN.person, ANN.organisation, IDVA, "harbour", NONSENSE):
        assert word not in scrape.text
    ours = [s for f in scrape.families for s in f.samples if s.name.startswith("safepath_")]
    assert len(ours) < 300
    assert {True} == {
        bool(re.fullmatch(r"[a-z_]+", value)) for s in ours for value in s.labels.values()
    }


def test_the_sdk_writes_no_texts_of_failures(scrape: Scrape) -> None:
    """It would, by itself, on stderr, whatever the settings of the log are."""
    assert scrape.log.splitlines() == ["journeys worker ready"]
