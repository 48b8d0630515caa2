"""Named SQL statements, read from the `.sql` files of infra/sql."""

import re
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def statements(file: str) -> dict[str, str]:
    """The statements of `infra/sql/<file>.sql` by name.

    Raises:
        ValueError: two statements of one name.
    """
    text = files("infra.sql").joinpath(f"{file}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)[1:]
    named = dict(zip(parts[::2], (sql.strip() for sql in parts[1::2]), strict=True))
    if len(named) != len(parts) // 2:
        raise ValueError(f"infra/sql/{file}.sql names a statement twice")
    return named
