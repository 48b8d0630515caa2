"""Rights: verb × role, a cell that is not there is refused, and each cell says why it is."""

from collections.abc import Callable

import pytest
from schemas.clockwork_steps import Step
from schemas.command_base import Command
from schemas.consent_commands import GiveConsent, WithdrawConsent

from rules.decide import DECIDED, decide
from rules.rights import RIGHTS, may, roles_with
from schemas.actor import NGO_ROLES, Actor, Role
from schemas.decisions import Refused
from schemas.verbs import Verb
from tests.builders import (
    a_case,
    a_command,
    a_world,
    an_actor,
    an_open_case,
    caseworker,
    dpo,
    everyone,
    first_responder,
    kinds_of,
    supervisor,
    why_not,
)

SYSTEM_VERBS = set(kinds_of(Step))
PEOPLE = [role for role in Role if role is not Role.SYSTEM]


@pytest.mark.parametrize("verb", list(Verb))
def test_every_verb_is_for_somebody(verb: Verb) -> None:
    """No verb is without a row."""
    assert any(may(verb, role) for role in Role)


@pytest.mark.parametrize("role", list(Role))
def test_every_role_can_do_something(role: Role) -> None:
    """No role is without a verb."""
    assert any(may(verb, role) for verb in Verb)


def test_no_verb_and_no_role_comes_from_outside_the_words() -> None:
    """Cells are made of the enums, so a mistyped role cannot hold a right."""
    assert all(isinstance(verb, Verb) and isinstance(role, Role) for verb, role in RIGHTS)


@pytest.mark.parametrize("cell", sorted(RIGHTS), ids=" by ".join)
def test_every_cell_has_a_source(cell: tuple[Verb, Role]) -> None:
    """INV-35: why a role may do a thing can be said, if only as a design choice."""
    assert len(RIGHTS[cell].strip()) > len("none")


def test_every_command_has_a_rule_and_every_rule_a_command() -> None:
    """What changes a case is decided by a rule, and by exactly one."""
    assert set(kinds_of()) == DECIDED


@pytest.mark.parametrize("verb", list(Verb))
def test_the_clockwork_and_people_share_no_verb(verb: Verb) -> None:
    """INV-40: the clockwork cannot consent, refer or close, and nobody acts as the clockwork."""
    assert (verb in SYSTEM_VERBS) == may(verb, Role.SYSTEM)
    assert (verb not in SYSTEM_VERBS) == any(may(verb, role) for role in PEOPLE)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OPS])
def test_auditor_and_operations_change_no_case(role: Role) -> None:
    """Auditors edit nothing; operations see no case and change none."""
    assert not [verb for verb in DECIDED if may(verb, role)]


def test_operations_see_no_personal_text_and_no_case() -> None:
    """INV-24, INV-25: operations see clock health, never a case or what it says."""
    shown = {Verb.SHOW_CASE, Verb.READ_PERSONAL, Verb.LIST_CASES, Verb.SHOW_TIMELINE}
    assert not [verb for verb in shown if may(verb, Role.OPS)]


def test_an_ngo_sees_its_inbox_and_no_case() -> None:
    """INV-24: what an NGO may see is what was sent to it."""
    shown = {Verb.SHOW_CASE, Verb.LIST_CASES, Verb.SHOW_TIMELINE, Verb.READ_PERSONAL}
    for role in NGO_ROLES:
        assert may(Verb.LIST_INBOX, role)
        assert not [verb for verb in shown if may(verb, role)]


def test_everyone_near_her_may_record_a_withdrawal() -> None:
    """INV-09: any officer and any NGO takes a withdrawal; no form, no rank."""
    far = {Role.AUDITOR, Role.OPS, Role.SYSTEM}
    assert set(Role) - far == {role for role in Role if may(Verb.WITHDRAW_CONSENT, role)}


@pytest.mark.parametrize("kind", kinds_of().values(), ids=kinds_of())
def test_a_role_without_the_verb_is_refused_and_told_whom_to_ask(kind: type[Command]) -> None:
    """The refusal names the roles that have the verb, and no rule is asked."""
    verb = kind.model_fields["verb"].default
    who = ", ".join(roles_with(verb)) or "nobody by hand"
    strangers = [actor for actor in everyone() if not may(verb, actor.role)]
    assert strangers
    for actor in strangers:
        answer = decide(an_open_case(), a_command(kind, actor=actor), a_world())
        assert isinstance(answer, Refused)
        assert {"no_right"} == {r.code for r in answer.reasons}
        assert answer.sentences().endswith(f"It is for: {who}.")


@pytest.mark.parametrize("actor", [caseworker, first_responder, supervisor, dpo])
def test_staff_of_another_force_are_refused(actor: Callable[..., Actor]) -> None:
    """A role holds its verbs for its own organisation's cases only."""
    command = a_command(WithdrawConsent, actor=actor("saltmere-police"))
    assert {"not_your_case"} == why_not(a_case(), command)
    assert set() == why_not(a_case(), a_command(WithdrawConsent, actor=actor()))


def test_the_clockwork_cannot_give_consent() -> None:
    """Silence never becomes a yes: no timer, retry or import can consent."""
    system = an_actor(Role.SYSTEM, "safepath", "clockwork")
    assert {"no_right"} == why_not(an_open_case(), a_command(GiveConsent, actor=system))
