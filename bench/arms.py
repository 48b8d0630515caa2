"""The arms of the comparison."""

from enum import StrEnum


class Arm(StrEnum):
    """Who walks the reference journey."""

    SAFEPATH = "safepath"
    BARE = "bare"
    DBOS = "dbos"
    FLOOR = "floor"


ON_TEMPORAL = frozenset({Arm.SAFEPATH, Arm.BARE})
"""Arms with a Temporal server, a worker process, and histories to count."""

TITLES = {
    Arm.SAFEPATH: "safepath: desk, worker, codec, pydantic, audit, row security",
    Arm.BARE: "plain Temporal workflows of the same shape, one INSERT a step",
    Arm.DBOS: "DBOS, its library in the driver's process",
    Arm.FLOOR: "asyncpg by hand: row lock, event row and timer row a step",
}

STORES = {
    Arm.SAFEPATH: "PostgreSQL fsync on; Temporal on an SQLite file, WAL, synchronous=FULL",
    Arm.BARE: "PostgreSQL fsync on; Temporal on an SQLite file, WAL, synchronous=FULL",
    Arm.DBOS: "PostgreSQL fsync on",
    Arm.FLOOR: "PostgreSQL fsync on",
}
"""Where an arm's answers lie once they are given. All are durable: they outlive a power cut."""
