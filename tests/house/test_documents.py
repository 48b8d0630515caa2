"""What the documents promise, held against the program."""

import hashlib
import re
from pathlib import Path

import pytest

from infra.database import CONSTRAINT_ERRORS
from infra.migrations import migrations
from infra.notices import TEXTS
from infra.settings import Settings
from schemas import errors
from schemas.snapshot import NoticeTemplate
from schemas.verbs import Verb
from tests.house.source import HOUSE, text_of

OPERATIONS = (HOUSE / "docs" / "operations.md").read_text(encoding="utf-8")
HEADS = Path(__file__).with_name("migrations.txt")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_operations_page(name: str) -> None:
    """A setting that nobody can look up is a trap."""
    assert f"SAFEPATH_{name.upper()}" in OPERATIONS


def _codes() -> set[str]:
    tree = {errors.SafepathError}
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.SafepathError):
            tree.add(kind)
    return {kind.code for kind in tree} | {code for code, _ in CONSTRAINT_ERRORS.values()}


@pytest.mark.parametrize("code", sorted(_codes() - {"safepath_error"}))
def test_every_error_code_is_in_the_operations_page(code: str) -> None:
    """Whoever meets a code finds what to do."""
    assert f"`{code}`" in OPERATIONS


@pytest.mark.parametrize("verb", list(Verb))
def test_every_verb_is_in_the_rights_page(verb: Verb) -> None:
    """Who may do what is public."""
    rights = (HOUSE / "docs" / "rights.md").read_text(encoding="utf-8")
    assert verb.value in rights or verb.value.replace("_", " ") in rights.lower()


@pytest.mark.parametrize("verb", list(Verb))
def test_every_verb_has_a_phrase_for_the_timeline(verb: Verb) -> None:
    """The audit reads as sentences."""
    from commands.wording import PHRASES

    assert PHRASES[verb]


def test_no_notice_has_a_place_for_a_personal_field() -> None:
    """INV-32: texts are whole; there is nothing to fill in."""
    assert set(NoticeTemplate) == set(TEXTS)
    for text in TEXTS.values():
        assert "{" not in text
        assert "%" not in text


def test_migrations_are_numbered_and_never_edited() -> None:
    """A migration that landed is history: change the schema by a new one, and add its line."""
    pinned = HEADS.read_text(encoding="utf-8").splitlines()
    found = [f"{m.name} {hashlib.sha256(m.sql.encode()).hexdigest()}" for m in migrations()]
    assert pinned == found
    numbers = [int(m.name[:4]) for m in migrations()]
    assert numbers == list(range(1, len(numbers) + 1))


_CALL = re.compile(r"(?:^|[(&] ?|uv run )safepath ((?:[a-z]+ ?){1,2})")


def _verbs_in(*documents: str) -> set[tuple[str, ...]]:
    blocks = re.findall(
        r"^```(?:sh|console|bash)$(.*?)^```$", text_of(*documents), re.MULTILINE | re.DOTALL
    )
    calls = (_CALL.search(line) for block in blocks for line in block.splitlines())
    return {tuple(call.group(1).split()) for call in calls if call}


def test_commands_in_the_readme_exist() -> None:
    """What a newcomer copies, works."""
    import typer

    from safepath import build

    command = typer.main.get_command(build())
    known: set[tuple[str, ...]] = set()
    for name, verb in command.commands.items():  # type: ignore[attr-defined]
        inner = getattr(verb, "commands", None)
        known |= {(name, sub) for sub in inner} if inner else {(name,)}
    found = _verbs_in("README.md", "docs/operations.md", "CONTRIBUTING.md")
    assert len(found) > 10
    for words in found:
        assert words in known or words[:1] in known, words


def test_the_first_screen_is_the_two_commands() -> None:
    """The promise of the first screen, to the letter; CI runs the second line."""
    readme = (HOUSE / "README.md").read_text(encoding="utf-8")
    assert "pip install uv && uv run safepath demo\nuv run pytest\n" in readme
    assert (HOUSE / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith("uv run pytest")
