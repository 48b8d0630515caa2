"""Become a child that dies with its parent: a script, run as `python -I -S launch.py …`.

Arguments: death signal, parent's process id, `map` or `keep`, then the command. It runs before
the command, in the command's own process, so no Python runs between fork and exec of a process
that has threads. `map` enters a user namespace in which root appears as `nobody`: PostgreSQL
refuses to run as root, and nothing on disk has to change hands for this.

Imports the standard library only, and nothing of ours: it starts in about 20 ms.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

NO_NAMESPACE = 71
NO_COMMAND = 72
ORPHAN = 73

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_NOBODY = 65534


def main(arguments: list[str]) -> int:
    """Prepare this process and turn it into the command; returns only if that is impossible."""
    death_signal, parent, identity, *command = arguments
    os.umask(0o077)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)  # a shell may have had them ignored
    if identity == "map" and not _enter_user_namespace():
        return NO_NAMESPACE
    # After the namespace: a change of credentials clears the death signal.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != int(parent):
        return ORPHAN  # the parent died before the line above
    try:
        os.execv(command[0], command)  # noqa: S606 - the command is ours; no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be run: {error.strerror}\n")
    return NO_COMMAND


def _enter_user_namespace() -> bool:
    uid, gid = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER) != 0:
        sys.stderr.write(f"no user namespace: {os.strerror(ctypes.get_errno())}\n")
        return False
    try:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{_NOBODY} {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{_NOBODY} {gid} 1", encoding="ascii")
    except OSError as error:
        sys.stderr.write(f"no user namespace: {error.strerror}\n")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
