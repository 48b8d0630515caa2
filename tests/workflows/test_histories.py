"""Recorded histories: none is edited unseen, and none hangs on the order of a set."""

import os
import random
import subprocess
import sys
from pathlib import Path

from tests.histories.fingerprints import histories
from tests.histories.landed import LANDED, checksums, landed, main
from tests.house.source import HOUSE

_SEED = 20261124


def test_a_history_that_landed_is_never_edited() -> None:
    """Journeys that began under it may still run: what they did is not ours to write anew.

    `uv run python -m tests.histories.landed` adds the lines of histories that are new.
    """
    assert landed() == checksums()


def test_an_edited_history_keeps_the_line_that_tells_on_it(tmp_path: Path) -> None:
    """Lines are added for what is new, and no other is changed."""
    page = tmp_path / "landed.txt"
    first, *others = LANDED.read_text(encoding="utf-8").splitlines()
    forged = f"{'0' * 64} {first.split()[1]}"
    page.write_text("\n".join((forged, *others[:-1])) + "\n", encoding="utf-8")
    main(page)
    assert [forged, *others] == page.read_text(encoding="utf-8").splitlines()


def test_histories_replay_whatever_order_sets_have() -> None:
    """They were recorded under one seed of Python's hashes, and are replayed under two others."""
    seeds = random.Random(_SEED).sample(range(1, 4_294_967_295), 2)  # noqa: S311 - no secret
    orders = set()
    for seed in seeds:
        sys.stdout.write(f"PYTHONHASHSEED={seed}\n")
        replayed = subprocess.run(
            [sys.executable, "-P", "-m", "tests.histories.replay"],
            cwd=HOUSE,
            env={**os.environ, "PYTHONPATH": str(HOUSE), "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert replayed.returncode == 0, replayed.stdout
        order, *_, counted = replayed.stdout.splitlines()
        assert f"replayed {len(histories())}, failed 0" == counted
        orders.add(order)
    assert len(orders) == 2, "both seeds order sets alike: take another"
