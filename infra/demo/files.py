"""The demonstration files, as text."""

from importlib.resources import files


def demo_directory_text() -> str:
    """A fictional directory of services as an HSDS 3.0 feed, to be read like any other feed."""
    return files("infra.demo").joinpath("directory.json").read_text(encoding="utf-8")
