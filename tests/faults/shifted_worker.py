"""The journeys worker with a clock that is wrong: `python -m tests.faults.shifted_worker SECONDS`.

Python's clock moves, in every module of the worker. Temporal's core, which is not Python, keeps the
machine's time, and so do the servers.
"""

import sys
from datetime import UTC, datetime, timedelta

import time_machine

import safepath


def main() -> None:
    """Say what the time is here, and be the worker."""
    wrong = datetime.now(UTC) + timedelta(seconds=float(sys.argv[1]))
    sys.argv = ["safepath", "worker", "journeys"]
    with time_machine.travel(wrong, tick=True):
        sys.stdout.write(f"clock {datetime.now(UTC).isoformat()}\n")
        sys.stdout.flush()
        safepath.main()


if __name__ == "__main__":
    main()
