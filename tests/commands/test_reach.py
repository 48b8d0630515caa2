"""Nothing that people may do is out of their reach, and no sentence names a verb that is not."""

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, get_args

import pytest
import typer

from safepath import build
from schemas.actor import Role
from schemas.case_commands import EraseCase
from schemas.commands import CaseCommand, Fact
from schemas.verbs import Verb
from tests.house.source import HOUSE
from web.desk import Desk
from web.facts import FactDesk
from web.gate import GateDesk
from web.protocol import ProtocolDesk
from web.repair import RepairDesk

_STORIES = {"stories", "demo"}
"""They tell a story through the desk; nobody can ask for one of its verbs there."""
_READS = re.compile(r"(?:opened|desk)\.(\w+)\(")
_NAMED = re.compile(r"`(?:safepath )?([a-z]+ [a-z-]+)(?: [^`]*)?`")


def _modules() -> list[ModuleType]:
    names = sorted(path.stem for path in (HOUSE / "commands").glob("*.py"))
    return [import_module(f"commands.{name}") for name in names if name not in _STORIES]


MODULES = _modules()
SOURCE = "\n".join(inspect.getsource(module) for module in MODULES)
KINDS: tuple[Any, ...] = (*get_args(get_args(CaseCommand)[0]), *get_args(Fact))
ROOT: Any = typer.main.get_command(build())


def _below(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every group and verb by the words people type."""
    for name, command in group.commands.items():
        yield before + name, command
        if hasattr(command, "commands"):
            yield from _below(command, f"{before}{name} ")


TYPED = dict(_below(ROOT))
VERBS = {words: verb for words, verb in TYPED.items() if not hasattr(verb, "commands")}
OF_PEOPLE = [words for words, verb in VERBS.items() if "actor" in {p.name for p in verb.params}]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_command_is_given_by_some_verb(kind: type) -> None:
    """A command that no verb makes is a right on paper. One, the desk makes of another's yes."""
    made = SOURCE + (inspect.getsource(Desk) if kind is EraseCase else "")
    assert re.search(rf"\b{kind.__name__}\(", made)


def _of_the_desk() -> list[str]:
    desks = (Desk, RepairDesk, ProtocolDesk, FactDesk, GateDesk)
    methods = (m for desk in desks for m in inspect.getmembers(desk, inspect.iscoroutinefunction))
    return [name for name, _ in methods if not name.startswith("_")]


@pytest.mark.parametrize("method", _of_the_desk())
def test_whatever_the_desk_offers_is_asked_for_by_some_verb(method: str) -> None:
    """Lists and pages too."""
    assert method in set(_READS.findall(SOURCE))


_BY_ITS_METHOD = {
    Verb.READ_PERSONAL: "show_case",
    Verb.RELAY_WITHDRAWAL: "withdraw",
    Verb.LIST_DIRECTORY: "list_services",
    Verb.SHOW_CHOICE: "suggest_services",
    Verb.RETRY_WORK: "retry",
    Verb.REDRIVE_WORK: "redrive",
    Verb.PAUSE_CASE: "pause",
    Verb.RESUME_CASE: "resume",
    Verb.SHOW_PROTOCOL: "status",
    Verb.SIGN_PROTOCOL: "activate",
    Verb.AWAIT_PROTOCOL: "await_version",
    Verb.EVALUATE_CASE: "evaluate",
    Verb.REPORT_SHARING: "report",
}
"""Verbs whose method at the desk has another name."""


@pytest.mark.parametrize("verb", list(Verb))
def test_every_verb_that_people_have_is_a_command_or_a_method_of_the_desk(verb: Verb) -> None:
    """With the two tests above: each is reachable from the command line."""
    from rules.rights import RIGHTS

    people = {role for right, role in RIGHTS if right is verb} - {Role.SYSTEM}
    by_command = {kind.model_fields["verb"].default for kind in KINDS}
    known = verb in by_command or _BY_ITS_METHOD.get(verb, verb.value) in _of_the_desk()
    assert bool(people) is known


def _functions() -> list[Any]:
    """What `commands.console.verb` made a verb of, in the module that wrote it."""
    return [
        function
        for module in MODULES
        for _, function in inspect.getmembers(module, inspect.isfunction)
        if hasattr(function, "__wrapped__")
        and function.__module__ == module.__name__
        and not inspect.isasyncgenfunction(function.__wrapped__)
    ]


@pytest.mark.parametrize(
    "function", [pytest.param(f, id=f"{f.__module__}.{f.__name__}") for f in _functions()]
)
def test_every_verb_that_is_written_is_registered(function: Any) -> None:
    """A verb outside every group is dead."""
    callbacks = {inspect.unwrap(verb.callback) for verb in VERBS.values() if verb.callback}
    assert inspect.unwrap(function) in callbacks


@pytest.mark.parametrize("words", OF_PEOPLE)
def test_a_verb_of_people_has_help_and_json(words: str) -> None:
    """Help is a sentence at least; every answer can be read by a program."""
    verb = VERBS[words]
    assert verb.help
    assert verb.help.rstrip().endswith(".")
    assert "as_json" in {parameter.name for parameter in verb.params}


@pytest.mark.parametrize("words", OF_PEOPLE)
def test_what_changes_a_case_can_be_given_again(words: str) -> None:
    """Whoever lost an answer repeats the command, and it is done once."""
    callback = VERBS[words].callback
    assert callback is not None
    changes = re.search(r"\b(said|_of_\w+|of_referral|_about)\(", inspect.getsource(callback))
    named = {parameter.name for parameter in VERBS[words].params}
    assert bool(changes) <= ("command_id" in named)


def _texts(tree: ast.Module) -> Iterator[str]:
    """What a module may say: its strings, one in pieces put together, and no docstring."""
    bodies = (getattr(node, "body", None) for node in ast.walk(tree))
    firsts = (body[0] for body in bodies if isinstance(body, list) and body)
    docstrings = {id(first.value) for first in firsts if isinstance(first, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            yield str(node.value)


def _sentences() -> Iterator[tuple[str, str]]:
    for room in ("rules", "activities", "infra", "web", "commands"):
        for path in (HOUSE / room).rglob("*.py"):
            for text in _texts(ast.parse(path.read_text(encoding="utf-8"))):
                yield from ((path.relative_to(HOUSE).as_posix(), w) for w in _NAMED.findall(text))


@pytest.mark.parametrize(("where", "words"), sorted(set(_sentences())))
def test_a_sentence_names_only_verbs_that_exist(where: str, words: str) -> None:
    """The way on that a refusal shows can be gone."""
    assert words.removeprefix("safepath ") in TYPED, where
