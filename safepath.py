"""The command line of safepath."""


def main() -> None:
    """Run the command line."""
