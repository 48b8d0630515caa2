"""`safepath directory`: the services that referrals can go to, and which of them suit her."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    listing,
    out,
    print_json,
    verb,
)
from commands.people import ActorOption, desk, one_of, read_input
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from schemas.directory import Capacity, Service, Suggestion, Wish
    from schemas.hours import OpeningHours

app = typer.Typer(
    help="Load the services referrals can go to, list them, and choose among them.",
    no_args_is_help=True,
)

ServiceArgument = Annotated[str, typer.Argument(help="The service, such as idva-service.")]
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@app.command()
@verb
async def load(
    file: Annotated[str, typer.Argument(help="A feed in HSDS 3.0 or its UK profile, or -.")],
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Load a directory feed. A service that is known already is brought up to date.

    Addresses, telephone numbers and e-mail addresses are never imported: one could be a refuge's.
    `demo` loads the fictional demo directory.
    """
    from infra.demo.files import demo_directory_text

    text = demo_directory_text() if file == "demo" else read_input(file)
    async with desk(data_dir, actor, as_json=as_json) as opened:
        done = await opened.load_directory(text)
        if as_json:
            print_json(done)
            return
        out.print(f"[bold green]Loaded.[/] {done.new} new, {done.updated} brought up to date.")
        for sentence in done.left_out:
            out.print(f"  [dim]{sentence}[/]")


@app.command("list")
@verb
async def list_services(
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """List the services, by the code that `--to` takes."""
    async with desk(data_dir, actor, as_json=as_json) as opened:
        services = await opened.list_services()
        if as_json:
            print_json(list(services))
            return
        if not services:
            out.print("The directory is empty. `safepath directory load demo` fills it.")
            return
        table = listing("code", "service", "organisation", "status", "capacity")
        for service in services:
            words = (service.name, service.organisation, service.status.value, _room(service))
            table.add_row(service.code, *(escape(word) for word in words))
        out.print(table)


@app.command()
@verb
async def show(
    service: ServiceArgument,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Show one service: what it helps with, where, when, in which languages, and its capacity."""
    async with desk(data_dir, actor, as_json=as_json) as opened:
        known = {one.code: one for one in await opened.list_services()}
        if service not in known:
            raise BadInputError("service", "not in the directory: see `directory list`")
        if as_json:
            print_json(known[service])
        else:
            _print_service(known[service])


@app.command()
@verb
async def choose(
    need: Annotated[
        str,
        typer.Option(
            help="advocacy, housing, counselling, legal_advice, health, money, children or other."
        ),
    ],
    area: Annotated[str | None, typer.Option(help="Where she wants help.")] = None,
    language: Annotated[
        str | None, typer.Option(help="A language she asked for, such as ur or Urdu.")
    ] = None,
    by_and_for: Annotated[
        str | None,
        typer.Option(
            help="A community she wants the service to be led by and for, as she says it."
        ),
    ] = None,
    all_services: Annotated[
        bool, typer.Option("--all", help="Also those that help with other things, or elsewhere.")
    ] = False,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Show which services suit what she asks for, best first, each with the reasons.

    Give what she asks for, and not what you know or guess of her. Nothing is looked up in a case,
    nothing is sent, and the choice and its order stay hers: name them with `referral request`.
    """
    wish = _wish(need, area, language, by_and_for)
    async with desk(data_dir, actor, as_json=as_json) as opened:
        suggestions = await opened.suggest_services(wish)
        if as_json:
            print_json(list(suggestions))
        else:
            _print_suggestions(suggestions, show_all=all_services)


@app.command()
@verb
async def capacity(
    service: ServiceArgument,
    is_open: Annotated[bool, typer.Option("--open", help="It can take somebody on now.")] = False,
    is_limited: Annotated[bool, typer.Option("--limited", help="It can take on a few.")] = False,
    is_full: Annotated[bool, typer.Option("--full", help="It can take nobody on now.")] = False,
    wait_days: Annotated[
        int | None,
        typer.Option(min=0, max=3650, help="How many days somebody waits now, if it is known."),
    ] = None,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say whether a service of your organisation can take somebody on.

    Caseworkers see it at once when they choose. It stops no referral: a full service can still be
    asked, and answers by itself. A directory feed changes it only with a word of a later day.
    """
    said = _capacity(is_open=is_open, is_limited=is_limited, is_full=is_full)
    async with desk(data_dir, actor, as_json=as_json) as opened:
        await opened.publish_capacity(service, said, wait_days)
        if as_json:
            print_json({"service": service, "capacity": said, "expected_wait_days": wait_days})
            return
        wait = "" if wait_days is None else f", about {wait_days} days' wait"
        out.print(f"[bold green]Published.[/] {escape(service)} is {said}{wait}.")


def _wish(need: str, area: str | None, language: str | None, by_and_for: str | None) -> "Wish":
    from pydantic import ValidationError

    from schemas.directory import Wish
    from schemas.referral import NeedCategory

    category = one_of("--need", need, NeedCategory)
    try:
        return Wish(need=category, area=area, language=language, by_and_for=by_and_for)
    except ValidationError as error:
        option = str(error.errors()[0]["loc"][0]).replace("_", "-")
        raise BadInputError(f"--{option}", "give a few words, or leave it out") from None


def _capacity(*, is_open: bool, is_limited: bool, is_full: bool) -> "Capacity":
    from schemas.directory import Capacity

    given = {Capacity.OPEN: is_open, Capacity.LIMITED: is_limited, Capacity.FULL: is_full}
    chosen = [one for one, is_given in given.items() if is_given]
    if len(chosen) != 1:
        raise BadInputError("capacity", "say one of --open, --limited and --full")
    return chosen[0]


def _print_suggestions(suggestions: "tuple[Suggestion, ...]", *, show_all: bool) -> None:
    if not suggestions:
        out.print("The directory is empty. `safepath directory load demo` fills it.")
        return
    shown = [one for one in suggestions if show_all or _is_near(one)]
    if not shown:
        out.print("No service of the directory suits this. Leave out a wish, or see --all.")
        return
    table = listing("code", "organisation", "suits", "why")
    for one in shown:
        words = (one.service.organisation, one.suitability.replace("_", " "), _why(one))
        table.add_row(one.service.code, *(escape(word) for word in words))
    out.print(table)
    if len(shown) < len(suggestions):
        out.print(f"[dim]{len(suggestions) - len(shown)} more do not suit this: see --all.[/]")
    out.print("The choice and its order are hers: `safepath referral request … --to CODE`.")


def _is_near(suggestion: "Suggestion") -> bool:
    """Not with other needs and not elsewhere; one that cannot be asked now is told of."""
    from schemas.directory import ChoiceCode

    beside = {ChoiceCode.HELPS_WITH_OTHER, ChoiceCode.OTHER_AREA}
    return not beside & {reason.code for reason in suggestion.reasons}


def _why(suggestion: "Suggestion") -> str:
    reasons = "; ".join(reason.sentence for reason in suggestion.reasons)
    instead = ", ".join(suggestion.alternatives)
    return f"{reasons}; open instead: {instead}" if instead else reasons


def _print_service(service: "Service") -> None:
    from rules.languages import language_name

    out.print(f"[bold]{escape(service.name)}[/] ({service.code}), {service.organisation_name}")
    if service.description:
        out.print(f"  {escape(service.description)}")
    lines = {
        "status": service.status.value,
        "helps with": ", ".join(need.replace("_", " ") for need in service.needs),
        "led by and for": ", ".join(service.by_and_for),
        "areas": ", ".join(service.areas),
        "languages": ", ".join(language_name(one) for one in service.languages),
        "hours": _hours(service.hours),
        "closed on": ", ".join(_closed_on(service.hours)),
        "capacity": _room(service),
        "assured on": str(service.assured_on or ""),
    }
    for name, value in lines.items():
        out.print(f"  {name:15} {escape(value) or '[dim]not said[/]'}")


def _hours(hours: "OpeningHours | None") -> str:
    """`Mon, Tue 09:00-17:00; Wed 10:00-12:00`: days of the same hours together."""
    days: dict[str, list[str]] = {}
    for slot in hours.slots if hours else ():
        days.setdefault(f"{slot.opens:%H:%M}-{slot.closes:%H:%M}", []).append(_DAYS[slot.weekday])
    return "; ".join(f"{', '.join(named)} {span}" for span, named in days.items())


def _closed_on(hours: "OpeningHours | None") -> tuple[str, ...]:
    return tuple(str(day) for day in hours.closed_on) if hours else ()


def _room(service: "Service") -> str:
    """`full, about 30 days' wait (2026-11-20)`; empty where nobody said."""
    from schemas.directory import Capacity

    words = [] if service.capacity is Capacity.UNKNOWN else [service.capacity.value]
    if service.expected_wait_days is not None:
        words.append(f"about {service.expected_wait_days} days' wait")
    on = f" ({service.capacity_on})" if words and service.capacity_on else ""
    return ", ".join(words) + on
