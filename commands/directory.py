"""`safepath directory`: the services that referrals can go to."""

from typing import Annotated

import typer

from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    listing,
    out,
    print_json,
    verb,
)
from commands.people import ActorOption, desk, read_input

app = typer.Typer(help="Load and list the services referrals can go to.", no_args_is_help=True)


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
        table = listing("code", "service", "organisation", "status")
        for service in services:
            table.add_row(service.code, service.name, service.organisation, service.status.value)
        out.print(table)
