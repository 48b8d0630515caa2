"""From the command line to the desk: who acts, and how the desk's answers are printed."""

import json
import re
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.markup import escape

from commands.console import REFUSED, err, out, print_json
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from datetime import date, datetime

    from activities.ports import Beside
    from infra.settings import Installation
    from schemas.actor import Actor
    from schemas.commands import CaseCommand, Fact
    from schemas.decisions import Permitted, Reply
    from schemas.ids import CaseRef
    from web.desk import Desk

_D = TypeVar("_D")
_COMMAND_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CODE = re.compile(r"[a-z0-9][a-z0-9/_.:-]{0,199}")
_MOST_TEXT = 20_000

ActorOption = Annotated[
    str,
    typer.Option(
        "--as",
        envvar="SAFEPATH_ACTOR",
        help="Who acts: ROLE@ORG or ROLE@ORG:NAME, such as caseworker@essex-police:ann.",
        show_default=False,
    ),
]
CommandIdOption = Annotated[
    str | None,
    typer.Option(
        "--command-id",
        help="Repeat a command whose answer was lost: the same id is done once.",
        show_default=False,
    ),
]
OccurredOption = Annotated[
    str | None,
    typer.Option(
        "--occurred-at", help="When it happened, if not now: 2026-12-24T16:00.", show_default=False
    ),
]
CaseArgument = Annotated[str, typer.Argument(help="The case, such as bafod-kisut-n.")]
ReferralArgument = Annotated[str, typer.Argument(help="The referral, such as bafod-kisut-n/1.")]


@asynccontextmanager
async def desk(data_dir: Path, actor: str, *, as_json: bool) -> AsyncIterator["Desk"]:
    """The desk for whoever is named by --as; a refusal is printed and exits 3."""
    from web.entrance import open_desk

    async with entered(open_desk, data_dir, actor, as_json=as_json) as opened:
        yield opened


@asynccontextmanager
async def entered(
    open_one: "Callable[[Installation, Actor], AbstractAsyncContextManager[_D]]",
    data_dir: Path,
    actor: str,
    *,
    as_json: bool,
) -> AsyncIterator[_D]:
    """A desk of whatever kind for whoever is named by --as; a refusal is printed and exits 3."""
    from infra.settings import find_installation
    from infra.tracing import watch_over
    from web.counter import NotAllowed

    acting = parse_as(actor)
    installation = find_installation(data_dir)
    watch_over(installation)
    try:
        async with open_one(installation, acting) as opened:
            yield opened
    except NotAllowed as refusal:
        print_reply(refusal.refused, as_json=as_json)


def parse_as(text: str) -> "Actor":
    """The actor of --as.

    Raises:
        BadInputError: it cannot be read.
    """
    from schemas.actor import parse_actor

    if not text:
        raise BadInputError("--as", "say who acts: --as ROLE@ORG:NAME, or set SAFEPATH_ACTOR")
    try:
        return parse_actor(text)
    except ValueError as error:
        raise BadInputError("--as", str(error)) from None


def case_ref(text: str) -> "CaseRef":
    """The case of an argument.

    Raises:
        BadInputError: it is not one.
    """
    from schemas.ids import parse_case_ref

    try:
        return parse_case_ref(text)
    except ValueError as error:
        raise BadInputError("case", str(error)) from None


def referral_of(text: str) -> "tuple[CaseRef, int]":
    """Case and number of a referral argument.

    Raises:
        BadInputError: it is not one.
    """
    from schemas.ids import parse_referral_ref

    try:
        return parse_referral_ref(text)
    except ValueError as error:
        raise BadInputError("referral", str(error)) from None


def numbered(what: str, text: str) -> "tuple[CaseRef, int]":
    """Case and number of a contact, check or hold, named as a referral is: `bafod-kisut-n/2`.

    Raises:
        BadInputError: it cannot be read.
    """
    case, _, number = text.rpartition("/")
    if not number.isdecimal() or int(number) < 1:
        raise BadInputError(what, "write CASE/NUMBER, such as bafod-kisut-n/2")
    return case_ref(case), int(number)


def moment(text: str | None, field: str = "--occurred-at") -> "datetime | None":
    """The moment of an option, read as London time where it has no offset."""
    if text is None:
        return None
    from infra.calendars.load import england_and_wales
    from rules.deadlines import local_moment

    return local_moment(text, england_and_wales(), field=field)


def day(field: str, text: str) -> "date":
    """The day of an option.

    Raises:
        BadInputError: it is not written as a day.
    """
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInputError(field, "write a day as 2026-12-24") from None


def new_command_id(given: str | None) -> str:
    """The id of a command: the one given, or a fresh one.

    Raises:
        BadInputError: the one given is not an id.
    """
    if given is not None and not _COMMAND_ID.fullmatch(given):
        raise BadInputError("--command-id", "up to 64 letters, digits, dots and dashes")
    return given or uuid.uuid4().hex


def said(actor: str, occurred_at: str | None, command_id: str | None) -> dict[str, Any]:
    """What every command of a person carries, from the options every verb has."""
    return {
        "command_id": new_command_id(command_id),
        "actor": parse_as(actor),
        "occurred_at": moment(occurred_at),
    }


def of_referral(referral: str, actor: str, occurred_at: str | None, command_id: str | None) -> Any:
    """What every command about a referral carries."""
    case, number = referral_of(referral)
    return {**said(actor, occurred_at, command_id), "case_ref": case, "referral": number}


def print_reply(reply: "Reply", *, as_json: bool, done: str = "Done.", then: str = "") -> None:
    """Print the answer to a decision, and `then` what follows from a yes; a refusal exits 3."""
    from schemas.decisions import NotDone

    is_refused = isinstance(reply, NotDone)
    if as_json:
        print_json(reply)
    elif isinstance(reply, NotDone):
        err.print(f"[bold yellow]Refused.[/] {escape(reply.sentences())}")
    else:
        detail = ", ".join(_told(k, v) for k, v in reply.detail.items() if v not in (None, ""))
        out.print(f"[bold green]{done}[/] {escape(detail)}{' ' * bool(detail)}", end="")
        out.print(f"(version {reply.version})")
        if then:
            out.print(f"  {then}")
        print_actions(reply.actions)
    if is_refused:
        raise typer.Exit(REFUSED)


_SAYS_ITSELF = frozenset({"agreed"})
"""Details that are words already, and need none before them."""


def _told(name: str, said: str | int | None) -> str:
    return str(said) if name in _SAYS_ITSELF else f"{name} {said}"


def print_actions(actions: "tuple[Permitted, ...]") -> None:
    """What may be done now; and what not, each reason once."""
    allowed = [_action(action) for action in actions if action.is_allowed]
    if allowed:
        out.print(f"  you may now: {', '.join(allowed)}")
    reasons: dict[str, list[str]] = {}
    for action in actions:
        if action.reason is not None:
            reasons.setdefault(action.reason, []).append(_action(action))
    for reason, verbs in reasons.items():
        out.print(f"  [dim]not now: {', '.join(verbs)}: {escape(reason)}[/]")


def _action(action: "Permitted") -> str:
    words = action.verb.value.replace("_", " ")
    about = action.referral or action.number
    return f"{words} {about}" if about else words


def read_input(file: str) -> str:
    """The text of a file, or of stdin for `-`.

    Raises:
        BadInputError: it cannot be read as text.
    """
    import sys

    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise BadInputError("FILE", f"it cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadInputError("FILE", "it is not UTF-8 text") from None


def checked_text(field: str, text: str) -> str:
    """The text, if it is words.

    Raises:
        BadInputError: it holds control characters, or is too long.
    """
    from schemas.text import plain_text

    if len(text) > _MOST_TEXT:
        raise BadInputError(field, f"longer than {_MOST_TEXT} characters")
    try:
        return plain_text(text)
    except ValueError as error:
        raise BadInputError(field, str(error)) from None


def one_of(field: str, text: str, kind: type[Any]) -> Any:
    """The member of an enum that `text` names.

    Raises:
        BadInputError: none; the sentence lists them.
    """
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(member.value for member in kind)
        raise BadInputError(field, f"not one of those known: {known}") from None


def staff_code(field: str, text: str) -> str:
    """The code of a person or organisation.

    Raises:
        BadInputError: it is not one; a name is personal, and no code.
    """
    from pydantic import TypeAdapter, ValidationError

    from schemas.case import StaffId

    try:
        return TypeAdapter(StaffId).validate_python(text)
    except ValidationError:
        sentence = "write a code: lower-case letters, digits and hyphens"
        raise BadInputError(field, sentence) from None


def code(field: str, text: str) -> str:
    """The code of a service, or the id of a deadline or a task.

    Raises:
        BadInputError: it cannot be one; what it is instead may be personal, and is kept nowhere.
    """
    if not _CODE.fullmatch(text):
        raise BadInputError(field, "write its code, as the lists show it")
    return text


def several(field: str, text: str, kind: type[Any]) -> tuple[Any, ...]:
    """The members of an enum that `text` names, with commas between.

    Raises:
        BadInputError: one is none; the sentence lists them.
    """
    return tuple(one_of(field, name, kind) for name in words(text))


def words(text: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def parse_json(text: str) -> Any:
    """JSON from a file.

    Raises:
        BadInputError: it is not JSON; says where.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInputError(
            "FILE", f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    except (RecursionError, ValueError):
        raise BadInputError("FILE", "not JSON: too deep, or too long a number") from None


async def decide(
    data_dir: Path, actor: str, command: "CaseCommand", *, as_json: bool, done: str, then: str = ""
) -> None:
    """Give a decision to the case's journey and print the answer."""
    async with desk(data_dir, actor, as_json=as_json) as opened:
        reply = await opened.decide(command)
        print_reply(reply, as_json=as_json, done=done, then=then)


async def state(
    data_dir: Path,
    actor: str,
    fact: "Fact",
    *,
    as_json: bool,
    done: str,
    then: str = "",
    beside: "Beside | None" = None,
) -> None:
    """Write a fact to the record, with what was said beside it, and print the answer."""
    from activities.ports import NOTHING

    async with desk(data_dir, actor, as_json=as_json) as opened:
        reply = await opened.state(fact, beside=beside or NOTHING)
        print_reply(reply, as_json=as_json, done=done, then=then)
