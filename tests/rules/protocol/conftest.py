"""What tests of the sharing protocol need while its code is changed on purpose."""

import os

import pytest

from rules.protocol.shipped import shipped_baseline, shipped_protocol


@pytest.fixture(autouse=True, scope="module")
def _nothing_remembered() -> None:
    """Under mutmut every module of tests reads the files anew.

    What was read by code that was whole, would hide what the changed code makes of it.
    """
    if "MUTANT_UNDER_TEST" in os.environ:
        shipped_baseline.cache_clear()
        shipped_protocol.cache_clear()
