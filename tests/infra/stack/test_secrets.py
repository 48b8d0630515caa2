"""Generated secrets: once, private, never replaced beside records."""

from pathlib import Path

import pytest

from infra.stack.layout import StackPaths, mode_of, prepare
from infra.stack.secrets import (
    KeyFile,
    Role,
    ensure_secrets,
    key_file,
    password_file,
    read_password,
    secret_files,
)
from schemas.errors import StackError
from tests.infra.stack.standins import Listener


@pytest.fixture
def paths(tmp_path: Path) -> StackPaths:
    """A prepared data directory with secrets."""
    paths = StackPaths.at(tmp_path / "data")
    prepare(paths, Listener())
    ensure_secrets(paths)
    return paths


def _records_exist(paths: StackPaths) -> None:
    paths.postgres.mkdir()
    (paths.postgres / "PG_VERSION").write_text("18")


def test_every_role_has_its_own_password_and_every_key_32_bytes(paths: StackPaths) -> None:
    """No two secrets are alike."""
    texts = [file.read_text() for file in secret_files(paths)]
    assert len(Role) + len(KeyFile) == len(set(texts))
    assert len(bytes.fromhex(key_file(paths, KeyFile.KEK).read_text())) == 32


def test_secrets_can_be_read_by_us_alone(paths: StackPaths) -> None:
    """Mode 0600 each."""
    assert {0o600} == {mode_of(file) for file in secret_files(paths)}


def test_secrets_are_generated_once(paths: StackPaths) -> None:
    """A later start changes none."""
    before = [file.read_text() for file in secret_files(paths)]
    ensure_secrets(paths)
    assert before == [file.read_text() for file in secret_files(paths)]


def test_a_lost_key_is_refused_and_not_replaced_beside_records(paths: StackPaths) -> None:
    """What the lost key sealed would be unreadable, and nobody would notice."""
    _records_exist(paths)
    key_file(paths, KeyFile.KEK).unlink()
    with pytest.raises(StackError, match=r"kek\.key missing .* restore"):
        ensure_secrets(paths)
    assert not key_file(paths, KeyFile.KEK).exists()


def test_a_start_that_was_cut_short_before_any_record_is_completed(paths: StackPaths) -> None:
    """Without records a missing secret protects nothing yet."""
    key_file(paths, KeyFile.KEK).unlink()
    ensure_secrets(paths)
    assert key_file(paths, KeyFile.KEK).exists()


def test_a_secret_that_others_can_read_stops_the_start(paths: StackPaths) -> None:
    """The sentence is the command that mends it."""
    file = password_file(paths, Role.WEB)
    file.chmod(0o640)
    with pytest.raises(StackError, match=f"chmod 600 {file}"):
        ensure_secrets(paths)


def test_a_password_sought_in_the_wrong_directory_is_a_sentence(tmp_path: Path) -> None:
    """Verbs run elsewhere say what to check, and no password."""
    with pytest.raises(StackError, match="is --data-dir right"):
        read_password(StackPaths.at(tmp_path), Role.WEB)
