"""Rights: verb × role, a cell that is not there is refused, and each cell says why it is."""

from collections.abc import Callable

import pytest

from rules.decide import DECIDED, decide, objection_to
from rules.rights import RIGHTS, may, roles_with
from schemas.actor import NGO_ROLES, SYSTEM, Role
from schemas.casework import Conflict, ConflictKind
from schemas.clockwork_steps import Step
from schemas.command_base import Command
from schemas.consent_commands import GiveConsent, WithdrawConsent
from schemas.decisions import Refused
from schemas.referral import ReferralState
from schemas.verbs import Verb
from tests.builders import (
    AT,
    POLICE,
    a_command,
    a_referral,
    a_world,
    an_actor,
    an_open_case,
    caseworker,
    everyone,
    given,
    kinds_of,
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
    far = {Role.AUDITOR, Role.OPS, Role.PROTOCOL_OWNER, Role.SYSTEM}
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


# The whole table: verb × role × whose case it is

THEIR_CASE = an_open_case(consents=[given()], referrals=[a_referral(state=ReferralState.RECEIVED)])
"""Led by the usual force, with a referral that reached Harbour House."""

_WHOSE: dict[str, Callable[[Role], str]] = {
    "own": lambda role: "harbour-house" if role in NGO_ROLES else POLICE,
    "foreign": lambda role: "meadowlight" if role in NGO_ROLES else "saltmere-police",
}
_ANYBODY_BRINGS = Verb.WITHDRAW_CONSENT
CELLS = [
    pytest.param(kind, role, whose, id=f"{verb}-{role}-{whose}")
    for verb, kind in kinds_of().items()
    for role in Role
    for whose in (("own", "foreign") if role is not Role.SYSTEM else ("own",))
]


def _expected(verb: Verb, role: Role, whose: str) -> set[str]:
    """The ground on which a cell is refused; none where only the rule itself may speak."""
    if not may(verb, role):
        return {"no_right"}
    if whose == "own" or verb is _ANYBODY_BRINGS or role is Role.SYSTEM:
        return set()
    return {"not_yours"} if role in NGO_ROLES else {"not_your_case"}


@pytest.mark.parametrize(("kind", "role", "whose"), CELLS)
def test_each_cell_of_verb_role_and_organisation(
    kind: type[Command], role: Role, whose: str
) -> None:
    """A right holds for one's own organisation's cases and referrals, and for nothing else.

    A withdrawal is heard from anyone near her, whosever case it is (INV-09).
    """
    verb: Verb = kind.model_fields["verb"].default
    actor = SYSTEM if role is Role.SYSTEM else an_actor(role, _WHOSE[whose](role))
    objection = objection_to(THEIR_CASE, verb, actor)
    expected = _expected(verb, role, whose)
    assert expected == ({r.code for r in objection.reasons} if objection else set())
    assert expected <= why_not(THEIR_CASE, a_command(kind, actor=actor))


def test_whoever_declared_a_conflict_does_nothing_more_but_hear_a_withdrawal() -> None:
    """A conflict of interest closes the case to a person, whatever their role."""
    ann = caseworker()
    conflict = Conflict(who=ann.who, conflict=ConflictKind.KNOWS_PERPETRATOR, declared_at=AT)
    case = THEIR_CASE.model_copy(update={"conflicts": (conflict,)})
    for kind in kinds_of().values():
        verb: Verb = kind.model_fields["verb"].default
        if may(verb, ann.role) and verb not in (Verb.WITHDRAW_CONSENT, Verb.DECLARE_CONFLICT):
            assert {"conflict_declared"} == why_not(case, a_command(kind, actor=ann))
    assert set() == why_not(case, a_command(WithdrawConsent, actor=ann))


def test_the_clockwork_cannot_give_consent() -> None:
    """Silence never becomes a yes: no timer, retry or import can consent."""
    system = an_actor(Role.SYSTEM, "safepath", "clockwork")
    assert {"no_right"} == why_not(an_open_case(), a_command(GiveConsent, actor=system))
