"""Which faults a run meets, and when: a seed tells, and another seed tells of others."""

import os
from collections.abc import Callable, Iterable
from random import Random
from typing import TypeVar

import pytest

SEED = int(os.environ.get("FAULT_SEED", "20261124"))
"""Printed at the head of every run, and again where a test fails."""

_T = TypeVar("_T")


def chance(about: str) -> Random:
    """What the seed makes of one test: the same, whichever tests ran before it."""
    return Random(f"{SEED}/{about}")  # noqa: S311 - which moments is no secret


def sampled(
    cases: Iterable[_T], count: int, about: str, name: Callable[[_T], str] = str
) -> list[object]:
    """All cases as parameters: the seed's choice of `count` for every run, the rest for long ones.

    Args:
        cases: every fault of one kind.
        count: how many of them every run meets.
        about: the kind, so that each makes its own choice.
        name: what a case is called in the name of its test.
    """
    every = list(cases)
    chosen = set(chance(about).sample(range(len(every)), count))
    return [
        pytest.param(case, id=name(case), marks=() if nth in chosen else pytest.mark.long)
        for nth, case in enumerate(every)
    ]
