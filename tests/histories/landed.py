"""Which histories have landed, and that none was edited: `landed.txt` has a checksum of each.

`uv run python -m tests.histories.landed` adds the lines of new ones, and changes no line there is.
"""

import hashlib
from pathlib import Path

from tests.histories.fingerprints import HERE, histories

LANDED = HERE / "landed.txt"


def checksums() -> dict[str, str]:
    """The checksum of every history on disk, by its name."""
    return {
        file.relative_to(HERE).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in histories()
    }


def landed(page: Path = LANDED) -> dict[str, str]:
    """The checksums that were kept."""
    lines = page.read_text(encoding="utf-8").splitlines() if page.exists() else []
    return {name: checksum for checksum, name in (line.split() for line in lines)}


def main(page: Path = LANDED) -> None:
    """Add what is new; a history that was edited keeps the line that tells on it."""
    kept = checksums() | landed(page)
    lines = (f"{checksum} {name}\n" for name, checksum in sorted(kept.items()))
    page.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
