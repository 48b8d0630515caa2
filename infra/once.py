"""Files that appear whole, once, and for their owner only: where messages go in this version."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path


def write_once(directory: Path, name: str, content: Mapping[str, object]) -> None:
    """Write `name`.json into a directory of mode 0700; one that is there stays as it is.

    Nobody ever sees half of it, and whoever tries again beside us changes nothing.
    """
    fresh = directory / f".{name}.{secrets.token_hex(8)}"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, directory / f"{name}.json")
    except FileExistsError:
        pass  # a retry: it went out before
    finally:
        fresh.unlink()
