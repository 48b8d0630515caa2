"""`safepath protocol`, where a force changes its protocol: sign, withdraw, await, and status."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    err,
    local,
    out,
    print_json,
    verb,
)
from commands.people import ActorOption, day, entered, parse_as, staff_code
from commands.protocol import app
from commands.protocol_files import with_files
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from infra.signing import Signer
    from schemas.actor import Actor
    from schemas.adoption import Offer
    from schemas.protocol import Version
    from web.protocol import ProtocolDesk, Signed

KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key",
        help="Your private key: Ed25519 in PEM, readable by you alone. On an embedded stack its "
        "development owners have one already.",
        show_default=False,
    ),
]


@app.command()
@verb
async def activate(
    version: Annotated[str, typer.Argument(help="A version, or a file of one.")],
    dpia: Annotated[str, typer.Option(help="The impact assessment it rests on.")] = "",
    reason: Annotated[str, typer.Option(help="Why: a code or a sentence, about rules alone.")] = "",
    departs_from: Annotated[
        list[str] | None,
        typer.Option(help="A recommendation that this force does not follow; as often as needed."),
    ] = None,
    key: KeyOption = None,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Sign a version. Once two protocol owners of a force have signed the same, it is in force.

    The first signature proposes it, for seven days; the second person types the same command.
    Nothing is shared by this: a version only says which requests two people may look at.
    """
    async with protocol_desk(data_dir, actor, as_json=as_json) as opened:
        known = await opened.known_to_sign()
        held, (name,) = with_files(known, [version])
        offer = _offer(held.versions[name], dpia, reason, tuple(departs_from or ()))
        signer = _signer(data_dir, parse_as(actor), key)
        signed = await opened.activate(offer, signer, err.print)
        _print_signed(signed, as_json=as_json)


@app.command("withdraw-proposal")
@verb
async def withdraw_proposal(
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Take back what you signed and nobody else has signed yet."""
    async with protocol_desk(data_dir, actor, as_json=as_json) as opened:
        taken = await opened.withdraw()
    if as_json:
        print_json({"withdrawn": taken.version.id})
        return
    out.print(f"[bold green]Withdrawn.[/] {taken.version.id} waits for nobody; what was, holds.")


@app.command("await")
@verb
async def await_version(
    version: Annotated[str, typer.Argument(help="The id it will have.")],
    title: Annotated[str, typer.Option(help="What it is.")] = "",
    expected: Annotated[str, typer.Option(help="The day it is expected: 2027-03-01.")] = "",
    owner: Annotated[str, typer.Option(help="Who sees to it: a staff id.")] = "",
    drop: Annotated[bool, typer.Option("--drop", help="It is awaited no more.")] = False,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Note that a version is expected. The one in use stays until two people sign another."""
    from schemas.adoption import Title
    from schemas.protocol import VersionId

    name = checked("ID", version, VersionId)
    async with protocol_desk(data_dir, actor, as_json=as_json) as opened:
        if drop:
            was = await opened.drop_awaited(name)
            _say(as_json, "Dropped." if was else "It was not awaited.", name)
            return
        words, on = checked("--title", title, Title), day("--expected", expected)
        await opened.await_version(name, words, on, staff_code("--owner", owner))
        _say(as_json, "Awaited.", name)


@app.command()
@verb
async def status(
    of: Annotated[
        str, typer.Option("--of", help="Another force's, by its code; your own otherwise.")
    ] = "",
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say which version a force uses now, since when, why, who signed, and what it rests on."""
    from commands import protocol_status

    whose = staff_code("--of", of) if of else None
    async with protocol_desk(data_dir, actor, as_json=as_json) as opened:
        found = await opened.status(whose)
    if as_json:
        print_json(protocol_status.status_json(found))
        return
    for line in protocol_status.status_lines(found):
        out.print(line)


@asynccontextmanager
async def protocol_desk(
    data_dir: Path, actor: str, *, as_json: bool
) -> "AsyncIterator[ProtocolDesk]":
    """The desk of the protocol for whoever is named by --as."""
    from web.entrance import open_protocol_desk

    async with entered(open_protocol_desk, data_dir, actor, as_json=as_json) as opened:
        yield opened


def _offer(version: "Version", dpia: str, reason: str, departs: tuple[str, ...]) -> "Offer":
    from schemas.adoption import Offer, PaperId, Reason

    return Offer(
        version=version,
        dpia_id=checked("--dpia", dpia, PaperId),
        reason=checked("--reason", reason, Reason),
        departs_from=tuple(checked("--departs-from", text, Reason) for text in departs),
    )


def _signer(data_dir: Path, actor: "Actor", key: Path | None) -> "Signer":
    from infra.settings import find_installation
    from infra.signing import is_encrypted, read_signer
    from infra.stack.protocol_owners import owner_key_file

    folder = find_installation(data_dir).protocol_keys_dir
    file = key or (owner_key_file(folder, actor.who) if folder else None)
    if file is None or (key is None and not file.exists()):
        raise BadInputError("--key", "name the file of your private key")
    if not is_encrypted(file):
        return read_signer(file)
    return read_signer(file, typer.prompt("Passphrase", hide_input=True, err=True))


def checked(field: str, text: str, kind: Any) -> str:
    """The text of an option, as one of our types takes it.

    Raises:
        BadInputError: it does not; what was typed is not repeated.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        return str(TypeAdapter(kind).validate_python(text))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        reason = first["msg"].removeprefix("Value error, ")
        raise BadInputError(field, reason if text else "it is needed") from None


def _say(as_json: bool, done: str, what: str) -> None:
    if as_json:
        print_json({"outcome": done.rstrip(".").lower().replace(" ", "_"), "version": what})
        return
    out.print(f"[bold green]{done}[/] {what}")


def _print_signed(signed: "Signed", *, as_json: bool) -> None:
    first = signed.proposal
    if as_json:
        theirs = first.model_dump(mode="json", include=_SHOWN) if first else None
        print_json(
            {
                "outcome": signed.step,
                "version": signed.version,
                "since": signed.since,
                "first_signed": theirs,
            }
        )
        return
    if first is None:
        out.print(
            f"[bold green]Signed.[/] {signed.version} waits for a second protocol owner, who types "
            "the same command within seven days. Until then nothing changes."
        )
        return
    out.print(f"{first.first.by} signed it first: {first.reason} (DPIA {first.dpia_id})")
    for text in first.departs_from:
        out.print(f"  departs from: {text}", markup=False)
    out.print(
        f"[bold green]Adopted.[/] {signed.version} is in force from {local(signed.since)} on."
    )


_SHOWN = {"reason", "dpia_id", "departs_from", "proposed_at"}
