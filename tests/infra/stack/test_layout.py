"""The data directory: private, ours, and refused where it is not."""

import os
from pathlib import Path

import pytest

from infra.stack.layout import StackPaths, mode_of, prepare, write_private
from schemas.errors import StackError
from tests.infra.stack.standins import Listener, is_root


def test_a_new_data_directory_can_be_entered_by_us_alone(tmp_path: Path) -> None:
    """Mode 0700, whatever the umask: it holds personal data and keys."""
    before = os.umask(0)
    try:
        paths = StackPaths.at(tmp_path / "deep" / "data")
        prepare(paths, Listener())
    finally:
        os.umask(before)
    folders = (paths.data_dir, paths.secrets, paths.logs, paths.notices)
    assert {0o700} == {mode_of(folder) for folder in folders}


def test_a_loose_data_directory_is_made_private_and_that_is_said(tmp_path: Path) -> None:
    """Nobody finds out by accident that others could look in."""
    say, paths = Listener(), StackPaths.at(tmp_path / "data")
    prepare(paths, say)
    paths.data_dir.chmod(0o755)
    prepare(paths, say)
    assert mode_of(paths.data_dir) == 0o700
    assert say.heard("could be entered by others")


def test_a_file_is_refused_as_data_directory(tmp_path: Path) -> None:
    """A sentence, not a traceback."""
    place = tmp_path / "file"
    place.write_text("")
    with pytest.raises(StackError, match="is not a directory"):
        prepare(StackPaths.at(place), Listener())


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    """`--data-dir ~` must not close somebody's home to everyone else."""
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(StackError, match="not a safepath data directory"):
        prepare(StackPaths.at(tmp_path), Listener())
    assert mode_of(tmp_path) == 0o755


def test_a_folder_of_somebody_else_is_refused_by_name(tmp_path: Path) -> None:
    """Neither root over a user's directory nor a user over root's."""
    place = Path("/usr")
    if is_root():
        place = tmp_path
        os.chown(place, 65534, 65534)
    with pytest.raises(StackError, match=r"belongs to (nobody|root)"):
        prepare(StackPaths.at(place), Listener())


def test_a_place_below_a_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """Whatever the operating system objects to becomes one sentence."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match="name another with --data-dir"):
        prepare(StackPaths.at(tmp_path / "file" / "data"), Listener())


def test_a_private_file_is_private_and_whole_when_replaced(tmp_path: Path) -> None:
    """Mode 0600, and no half-written remains beside it."""
    place = tmp_path / "stack.json"
    write_private(place, "old")
    write_private(place, "new")
    assert place.read_text() == "new"
    assert mode_of(place) == 0o600
    assert [place] == list(tmp_path.iterdir())
