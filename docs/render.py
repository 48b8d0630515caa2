"""Render the pages that are data, so that they cannot drift from the rules.

`uv run python docs/render.py` writes them; `--check` writes nothing, names each page that is
stale, and exits 1 if one is.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from docs.render_duties import render_duties
from docs.render_facts import render_facts
from docs.render_lanes import render_lanes
from docs.render_protocol import protocol_pages
from docs.render_rights import render_rights
from docs.render_states import render_states

DOCS = Path(__file__).parent

PAGES: dict[str, Callable[[], str]] = {
    "rights.md": render_rights,
    "referral-states.md": render_states,
    "duties.md": render_duties,
    "lanes.md": render_lanes,
    **protocol_pages(),
    "protocol/facts.md": render_facts,
}


def main(arguments: Sequence[str], folder: Path = DOCS) -> int:
    """Write the pages, or with `--check` name the stale ones; the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: docs/render.py [--check]\n")
        return 2
    stale = [name for name, render in PAGES.items() if _on_disk(folder / name) != render()]
    for name in stale:
        if arguments:
            sys.stderr.write(f"docs/{name} is stale: run `uv run python docs/render.py`\n")
        else:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(PAGES[name](), encoding="utf-8")
    return 1 if arguments and stale else 0


def _on_disk(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
