"""`safepath demo`: three journeys on a throw-away stack, told live."""

from commands.console import verb


@verb
async def demo() -> None:
    """Show three journeys in a minute, on a throw-away stack, with fictional people."""
