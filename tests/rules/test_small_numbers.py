"""Small numbers: none is shown, and none can be told from what is."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from rules.small_numbers import LEAST_SHOWN, suppressed

COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 12), min_size=1)


def test_a_small_count_is_hidden_and_the_next_smallest_with_it() -> None:
    """One alone could be told from the total."""
    assert {"a": None, "b": None, "c": 9} == suppressed({"a": 3, "b": 7, "c": 9})


def test_two_that_are_one_each_are_hidden_with_a_third() -> None:
    """Two cases in two cells: then each has one."""
    assert {"a": None, "b": None, "c": None, "d": 9} == suppressed({"a": 1, "b": 1, "c": 6, "d": 9})


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    """None at all is no small number of people."""
    assert {"a": 0, "b": 5, "c": 12} == suppressed({"a": 0, "b": 5, "c": 12})


@given(COUNTS)
def test_no_count_that_is_hidden_can_be_told_from_the_total(counts: dict[str, int]) -> None:
    """Unless all there is, together, is a small number: then nothing of it is shown anyway."""
    shown = suppressed(counts)
    hidden = [key for key, count in shown.items() if count is None]
    assert not [key for key, count in shown.items() if count and count < LEAST_SHOWN]
    left = sum(counts.values()) - sum(count for count in shown.values() if count is not None)
    if left < LEAST_SHOWN and hidden:
        assert len(hidden) == len([key for key, count in counts.items() if count])
        return
    could_be = [
        values
        for values in product(range(1, left + 1), repeat=min(len(hidden), 3))
        if len(hidden) > 3 or sum(values) == left
    ]
    for place in range(min(len(hidden), 3)):
        assert 1 < len({values[place] for values in could_be})
