"""What tests of the sharing protocol need while mutmut changes its code on purpose."""

import os

import pytest
from hypothesis import Phase, settings

from rules.protocol.shipped import shipped_baseline, shipped_protocol

IS_MUTATING = "MUTANT_UNDER_TEST" in os.environ

if IS_MUTATING:
    # That a change is noticed is enough: the least case of it is not looked for.
    settings.register_profile("mutation", phases=(Phase.explicit, Phase.generate), database=None)
    settings.load_profile("mutation")


@pytest.fixture(autouse=True, scope="module")
def _nothing_remembered() -> None:
    """Every module of tests reads the files anew.

    What was read by code that was whole, would hide what the changed code makes of it.
    """
    if IS_MUTATING:
        shipped_baseline.cache_clear()
        shipped_protocol.cache_clear()
