"""The protocol as it is shipped: the baseline, six versions, and one to look back with."""

from functools import cache
from importlib import resources

from rules.protocol.evaluation import Protocol
from rules.protocol.loader import load_baseline, load_version
from schemas.protocol import Baseline, Version

_FILES = resources.files("rules.protocol") / "versions"
_BASELINE = "baseline.yaml"


@cache
def shipped_baseline() -> Baseline:
    """What holds under every version."""
    return load_baseline((_FILES / _BASELINE).read_text(encoding="utf-8"), _BASELINE)


@cache
def shipped_protocol() -> Protocol:
    """The baseline and every version that lies in this folder."""
    baseline = shipped_baseline()
    names = sorted(file.name for file in _FILES.iterdir() if file.name.endswith(".yaml"))
    versions = [
        load_version((_FILES / name).read_text(encoding="utf-8"), name, baseline)
        for name in names
        if name != _BASELINE
    ]
    return Protocol(baseline, {version.id: version for version in versions})


def shipped_versions() -> tuple[Version, ...]:
    """The versions that can be activated, by id."""
    return tuple(v for v in shipped_protocol().versions.values() if not v.historical)
