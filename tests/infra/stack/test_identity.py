"""Who PostgreSQL runs as, and the sentences where it cannot."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.stack.layout import StackPaths, prepare
from infra.stack.postgres import NO_NAMESPACE_SENTENCE, barrier_for_nobody, initialise
from infra.stack.secrets import ensure_secrets
from schemas.errors import StackError
from tests.infra.stack.standins import REPOSITORY, Listener, is_root

_NO_MORE_NAMESPACES = "echo 0 > /proc/sys/user/max_user_namespaces && exec "


@pytest.mark.skipif(shutil.which("unshare") is None, reason="this machine has no unshare")
def test_root_without_user_namespaces_is_told_what_to_do(tmp_path: Path) -> None:
    """In a namespace of its own that allows no further one, as many containers are."""
    command = f"{sys.executable} -m tests.infra.stack.up_process {tmp_path}/data postgres"
    outcome = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", _NO_MORE_NAMESPACES + command],  # noqa: S607
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 1
    assert NO_NAMESPACE_SENTENCE in outcome.stdout


@pytest.mark.skipif(not is_root(), reason="only root appears as nobody")
def test_root_is_told_which_folder_of_another_user_is_in_the_way(tmp_path: Path) -> None:
    """As nobody, root's power over the homes of others is gone; nothing is chmod-ed for it."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    os.chown(home, 65534, 65534)
    paths = StackPaths.at(home / "data")
    prepare(paths, Listener())
    ensure_secrets(paths)
    assert barrier_for_nobody(paths.data_dir) == home
    with pytest.raises(StackError, match=f"cannot enter {home} on the way"):
        asyncio.run(initialise(paths))
