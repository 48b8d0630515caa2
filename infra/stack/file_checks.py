"""Looking at the stack from outside: programs, directories, secrets, space. Starts nothing."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from infra.stack import launch
from infra.stack.binaries import postgres_binary, temporal_binary
from infra.stack.finding import Finding, down, fail, ok, warn
from infra.stack.layout import PRIVATE_DIRECTORY, StackPaths, mode_of, objection
from infra.stack.lock import is_held
from infra.stack.postgres import NO_NAMESPACE_SENTENCE, barrier_for_nobody
from infra.stack.processes import is_alive
from infra.stack.secrets import (
    KeyFile,
    key_file,
    loose_secrets,
    lost,
    missing_secrets,
    too_open,
)
from infra.stack.stack import leftovers
from infra.stack.state import StackState
from schemas.errors import StackError

_MEGABYTE = 1_000_000
_TOO_LITTLE = 200 * _MEGABYTE
_LITTLE = 1_000 * _MEGABYTE
_KEY = re.compile(r"[0-9a-f]{64}\n?")


def check_programs() -> Finding:
    """Whether the servers are installed."""
    try:
        postgres_binary("postgres")
        temporal_binary()
    except StackError as error:
        found, advice = str(error).split(": ", 1)
        return fail("programs", found, advice)
    return ok("programs", "PostgreSQL 18 and Temporal are installed")


def check_identity() -> Finding:
    """Whether PostgreSQL can run as whoever we are."""
    if os.geteuid() != 0:
        return ok("identity", "running as an ordinary user")
    script = Path(launch.__file__)
    command = [sys.executable, "-I", "-S", str(script), "15", str(os.getpid()), "map"]
    outcome = subprocess.run(  # noqa: S603 - our own script
        [*command, shutil.which("true") or "/bin/true"], capture_output=True, check=False
    )
    if outcome.returncode != 0:
        found, advice = NO_NAMESPACE_SENTENCE.split(": ", 1)
        return fail("identity", found, advice)
    return ok("identity", "running as root; PostgreSQL runs as nobody in a user namespace")


def check_data_dir(paths: StackPaths) -> Finding:
    """Whether the data directory is there, ours and private."""
    name = "data directory"
    refused = objection(paths)
    if refused is not None:
        found, advice = refused.rsplit(": ", 1)
        return fail(name, found, advice)
    if not paths.data_dir.exists():
        return down(name, f"{paths.data_dir} does not exist yet")
    mode = mode_of(paths.data_dir)
    if mode != PRIVATE_DIRECTORY:
        return fail(name, f"{paths.data_dir} has mode {mode:04o}", f"chmod 700 {paths.data_dir}")
    return ok(name, f"{paths.data_dir} is private to us")


def check_way_in(paths: StackPaths) -> Iterator[Finding]:
    """As root: whether PostgreSQL, appearing as nobody, can enter where its things are."""
    if os.geteuid() != 0:
        return
    existing = next(p for p in (paths.data_dir, *paths.data_dir.parents) if p.exists())
    places = [existing]
    if check_programs().level == "ok":
        places.append(postgres_binary("postgres").parent)
    for place in places:
        barrier = barrier_for_nobody(place)
        if barrier is not None:
            yield fail(
                "way in",
                f"PostgreSQL cannot enter {barrier} on the way to {place}",
                "use a place that belongs to root, or run as an ordinary user",
            )


def check_secrets(paths: StackPaths) -> Finding:
    """Whether every password and key is there, whole and private."""
    name = "secrets"
    missing, loose = missing_secrets(paths), loose_secrets(paths)
    if missing and paths.has_records:
        found, advice = lost(missing).split(": ", 1)
        return fail(name, found, advice)
    if loose:
        found, advice = too_open(loose).split(": ", 1)
        return fail(name, found, advice)
    if missing:
        return down(name, "not generated yet")
    damaged = [key for key in KeyFile if not _is_key(key_file(paths, key))]
    if damaged:
        named = ", ".join(damaged)
        return fail(name, f"not 32 bytes in hexadecimal: {named}", "restore it from a backup")
    return ok(name, f"passwords and keys are in {paths.secrets}, readable by us alone")


def check_space(paths: StackPaths) -> Finding:
    """Whether the disk has room."""
    place = next(p for p in (paths.data_dir, *paths.data_dir.parents) if p.exists())
    free = shutil.disk_usage(place).free
    found = f"{free // _MEGABYTE} MB free at {place}"
    if free < _TOO_LITTLE:
        return fail("disk space", found, "free some: PostgreSQL stops when the disk is full")
    if free < _LITTLE:
        return warn("disk space", found, "free some soon")
    return ok("disk space", found)


def check_holder(paths: StackPaths, state: StackState | None) -> Finding:
    """Whether an `up` runs on this directory, and whether the last one ended well."""
    name = "safepath up"
    if is_held(paths.lock):
        if state is None or state.ready_at is None:
            return warn(name, "starting, or stopping", "look again in a few seconds")
        since = f"{state.started_at:%Y-%m-%d %H:%M:%S %Z}"
        return ok(name, f"running as process {state.pid} since {since}")
    if state is None or state.pid is None:
        return down(name, "not running")
    alive = {name: child.pid for name, child in state.children.items() if is_alive(child)}
    if alive:
        found, advice = leftovers(alive).split("; ", 1)
        return fail(name, found, advice)
    return down(name, f"not running; process {state.pid} was killed before it could stop in order")


def _is_key(file: Path) -> bool:
    try:
        return _KEY.fullmatch(file.read_text(encoding="ascii")) is not None
    except (OSError, UnicodeDecodeError):
        return False
