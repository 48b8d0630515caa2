"""Every message has a handler, a caller and a test, and holds nothing that must stay home."""

import ast
import typing
from datetime import date, datetime
from enum import Enum

import pytest
from pydantic import AwareDatetime, BaseModel

from rules.decide import DECIDED
from rules.rights import may
from schemas import messages
from schemas.actor import Role
from schemas.case import CaseHeader, CaseOpening, PersonalPart
from schemas.command_base import Command
from schemas.commands import CaseCommand, Fact
from tests.house.source import HOUSE, modules, text_of, tree

_SHORT_CODES = {
    "case_ref": "opaque, with a check letter",
    "command_id": "random",
    "organisation": "code of an organisation",
    "person": "staff id; never a victim's name",
    "recipient": "code of a service",
    "choices": "codes of services",
    "deadline": "id of a deadline",
    "duty": "id of a duty",
    "key": "key of the outbox",
    "code": "refusal code",
    "sentence": "a refusal in words, made of codes and numbers",
    "reason": "the same",
    "detail": "codes for the audit",
    "task": "id of a task",
    "to_person": "staff id",
    "to_organisation": "code of an organisation",
    "other": "opaque, as case_ref",
    "offered": "codes of services",
    "interpreter": "code of an interpreter",
    "owner": "code of an organisation",
}
"""The only fields of text a message may have, and what each holds."""


_SAFE = (Enum, BaseModel, date, datetime, AwareDatetime, bool, int, type(None))


def _models(kind: object, seen: dict[type[BaseModel], None]) -> None:
    for part in typing.get_args(kind):
        _models(part, seen)
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
        seen[kind] = None
        for field in kind.model_fields.values():
            _models(field.annotation, seen)


def _reachable() -> list[type[BaseModel]]:
    seen: dict[type[BaseModel], None] = {}
    for value in vars(messages).values():
        if isinstance(value, type) and issubclass(value, BaseModel):
            _models(value, seen)
    return list(seen)


def _leaves(kind: object) -> set[object]:
    parts = typing.get_args(kind)
    origin = typing.get_origin(kind)
    if origin is typing.Literal or not parts:
        return set() if origin is typing.Literal else {kind}
    return {leaf for part in parts for leaf in _leaves(part)}


@pytest.mark.parametrize("model", _reachable(), ids=lambda m: m.__name__)
def test_what_may_lie_in_a_history_holds_codes_references_and_times(
    model: type[BaseModel],
) -> None:
    """A new field of text needs a line above that says what it holds."""
    assert model is not PersonalPart
    for name, field in model.model_fields.items():
        for leaf in _leaves(field.annotation):
            if leaf is ... or (isinstance(leaf, type) and issubclass(leaf, _SAFE)):
                continue
            assert name in _SHORT_CODES, f"{model.__name__}.{name}"


def test_the_check_above_sees_text_where_there_is_some() -> None:
    """It would find the personal part, if a message held one."""
    assert any(name not in _SHORT_CODES for name in PersonalPart.model_fields)


@pytest.mark.parametrize("model", [CaseOpening, PersonalPart, CaseHeader], ids=lambda m: m.__name__)
def test_intake_holds_neither_nationality_nor_status(model: type[BaseModel]) -> None:
    """INV-02: support never depends on either, so neither is asked."""
    for name in model.model_fields:
        for word in ("national", "immigra", "visa", "status", "citizen", "passport", "ethnic"):
            assert word not in name


def _handlers() -> dict[str, str]:
    """Names of updates and signals of the workflows, by kind."""
    found = {}
    for path in modules("workflows"):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
                continue
            for decorator in node.decorator_list:
                words = ast.unparse(decorator)
                for kind in ("update", "signal"):
                    if words.startswith(f"workflow.{kind}("):
                        found[node.name] = kind
    return found


def _decisions() -> dict[str, type[Command]]:
    """The commands that go through a journey, by their verb."""
    kinds = typing.get_args(typing.get_args(CaseCommand)[0])
    return {kind.model_fields["verb"].default.value: kind for kind in kinds}


def test_every_decision_has_its_update_and_nothing_else_has_one() -> None:
    """The desk sends a decision to the update of its verb; a missing one would never answer."""
    updates = {name for name, kind in _handlers().items() if kind == "update"}
    assert set(_decisions()) == updates
    asked = " ".join(text_of("web/asking.py").split())
    assert "execute_update( command.verb.value" in asked


def test_every_decision_has_a_rule_and_so_has_every_fact() -> None:
    """A message without a rule would answer with a refusal that nobody understands."""
    facts = {kind.model_fields["verb"].default.value for kind in typing.get_args(Fact)}
    assert not facts & set(_decisions())
    assert facts | set(_decisions()) <= {verb.value for verb in DECIDED}
    by_people = {verb.value for verb in DECIDED if not may(verb, Role.SYSTEM)}
    assert by_people == facts | set(_decisions())


def test_every_signal_has_a_caller() -> None:
    """What nobody sends is not a message."""
    signals = {name for name, kind in _handlers().items() if kind == "signal"}
    assert {"record_changed"} == signals
    assert "RECORD_CHANGED" in text_of("infra/wakes.py")


def test_every_task_queue_has_a_worker() -> None:
    """A queue that nobody polls holds work for ever."""
    from infra.temporal import JOURNEYS

    assert f"task_queue={'JOURNEYS'}" in text_of("workers/journeys.py")
    assert JOURNEYS in text_of("commands/services.py")


def test_workflows_are_named_and_begin_with_init() -> None:
    """Handlers may run before the first line of `run`."""
    for path in (HOUSE / "workflows" / "journey.py", HOUSE / "workflows" / "referral.py"):
        source = path.read_text(encoding="utf-8")
        assert "@workflow.defn(name=" in source
        assert "@workflow.init" in source


def test_every_step_has_a_timeout_and_a_retry_policy() -> None:
    """Both by name, from options.py."""
    calls = 0
    for path in modules("workflows"):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if "activity_method" not in called:
                continue
            calls += 1
            keywords = {keyword.arg for keyword in node.keywords}
            assert {"start_to_close_timeout", "retry_policy"} <= keywords, ast.unparse(node)
    assert calls >= 6


def test_the_clockwork_is_a_role_of_no_person() -> None:
    """INV-01: nobody acts as the clockwork from the command line."""
    from schemas.actor import parse_actor

    with pytest.raises(ValueError, match="no such role"):
        parse_actor(f"{Role.SYSTEM}@safepath")
