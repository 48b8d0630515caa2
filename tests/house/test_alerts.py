"""Alert rules: each is tried by promtool, has its page, and looks at what is really exported.

That the metrics they name exist is held against a live scrape, in tests/journeys/test_scrape.py.
"""

import os
import re
import shutil
import subprocess

import pytest

from tests.house.source import HOUSE

RULES = HOUSE / "infra" / "deploy" / "prometheus"
RUNBOOKS = HOUSE / "docs" / "runbooks"
OPERATIONS = (HOUSE / "docs" / "operations.md").read_text(encoding="utf-8")


def alerts() -> dict[str, str]:
    """Each alert's name, and its lines."""
    parts = re.split(r"^ +- alert: (\w+)$", (RULES / "alerts.yml").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run promtool on the rules; where there is none, CI fails and a person goes on."""
    program = shutil.which("promtool")
    if program is None:
        sentence = "promtool is not installed: it comes with Debian's package prometheus"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    return subprocess.run(
        [program, *arguments], cwd=RULES, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "arguments",
    [("check", "config", "prometheus.yml"), ("test", "rules", "alerts_test.yml")],
    ids=["check", "test"],
)
def test_alerts_fire_on_what_they_are_for_and_on_nothing_else(arguments: tuple[str, ...]) -> None:
    """The rules as Prometheus reads them, and every case of alerts_test.yml."""
    done = promtool(*arguments)
    assert (0, "") == (done.returncode, done.stderr), done.stdout


@pytest.mark.parametrize("alert", sorted(alerts()))
def test_every_alert_is_tried(alert: str) -> None:
    """Once where it fires, and once where it is silent."""
    cases = (RULES / "alerts_test.yml").read_text()
    answers = re.findall(rf"alertname: {alert}\n +exp_alerts:(.*)$", cases, re.MULTILINE)
    assert {"", " []"} == set(answers)


@pytest.mark.parametrize("alert", sorted(alerts()))
def test_every_alert_says_how_urgent_it_is_and_has_its_page(alert: str) -> None:
    """The page is called as the alert is, and says what whoever is called needs."""
    lines = alerts()[alert]
    severity = re.search(r"severity: (page|ticket)$", lines, re.MULTILINE)
    assert severity
    assert f"runbook: docs/runbooks/{alert}.md" in lines
    page = (RUNBOOKS / f"{alert}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {alert}\n")
    assert f"| [`{alert}`](runbooks/{alert}.md) | {severity[1]} |" in OPERATIONS
    for heading in ("What it means", "What is at risk for her", "Look at", "Do", "Call"):
        assert f"\n## {heading}\n" in page, heading


def test_every_page_has_its_alert() -> None:
    """Pages of the repair verbs, `ops-…`, stand beside them. No link from one leads nowhere."""
    pages = {page.stem: page.read_text(encoding="utf-8") for page in RUNBOOKS.glob("*.md")}
    assert set(alerts()) == {name for name in pages if not name.startswith("ops-")}
    for name, text in pages.items():
        for linked in re.findall(r"\]\(([\w-]+)\.md", text):
            assert linked in pages, name


def test_every_metric_that_an_alert_names_is_explained() -> None:
    """Whoever is called can look up what was counted."""
    for lines in alerts().values():
        for name in re.findall(r"\bsafepath_[a-z_]+", lines.partition("expr:")[2]):
            assert f"`{name}`" in OPERATIONS
