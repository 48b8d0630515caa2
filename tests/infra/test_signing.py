"""Keys of protocol owners, and what a signature says."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from infra.signing import (
    is_encrypted,
    is_signed,
    new_private_key,
    public_text,
    read_owners,
    read_signer,
)
from infra.stack.layout import StackPaths, prepare
from infra.stack.protocol_owners import (
    DEVELOPMENT_OWNERS,
    ensure_protocol_owners,
    owner_key_file,
)
from schemas.errors import BadInputError, SettingsError

STATEMENT = {
    "deployment": "one",
    "organisation": "essex-police",
    "baseline": {"rules": []},
    "version": {"id": "p1-npcc-2018"},
    "dpia_id": "DPIA-1",
    "since": "2026-12-01T12:00:00+00:00",
    "reason": "adopted by the force",
    "departs_from": ["HMICFRS 2020, recommendation 1"],
}


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A private key, as a person keeps it."""
    return private(tmp_path / "cora.pem", new_private_key())


def private(file: Path, text: str, mode: int = 0o600) -> Path:
    file.write_text(text, encoding="ascii")
    file.chmod(mode)
    return file


def owners_file(tmp_path: Path, document: Any) -> Path:
    file = tmp_path / "protocol-owners.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_a_signature_is_good_for_what_was_signed(tmp_path: Path, key_file: Path) -> None:
    """And for the holder of the key alone."""
    owners = read_owners(
        owners_file(
            tmp_path,
            {
                "essex-police:cora": public_text(key_file),
                "essex-police:iain": public_text(private(tmp_path / "i.pem", new_private_key())),
            },
        )
    )
    signer = read_signer(key_file)
    value = signer.sign(STATEMENT)
    assert signer.holds(owners["essex-police:cora"])
    assert is_signed(owners["essex-police:cora"], value, STATEMENT)
    assert not signer.holds(owners["essex-police:iain"])
    assert not is_signed(owners["essex-police:iain"], value, STATEMENT)


@pytest.mark.parametrize("part", list(STATEMENT))
def test_a_signature_is_good_for_nothing_else(tmp_path: Path, key_file: Path, part: str) -> None:
    """Whichever part of a statement is another, it was not signed."""
    owners = read_owners(owners_file(tmp_path, {"cora": public_text(key_file)}))
    value = read_signer(key_file).sign(STATEMENT)
    assert not is_signed(owners["cora"], value, {**STATEMENT, part: "another"})


def test_a_key_that_others_can_read_is_not_used(key_file: Path) -> None:
    """Whoever can read it can sign with it."""
    key_file.chmod(0o640)
    with pytest.raises(BadInputError, match="others can read this key"):
        read_signer(key_file)


def test_a_key_with_a_passphrase_opens_with_it_alone(tmp_path: Path) -> None:
    """And says that it asks for one."""
    plain = load_pem_private_key(new_private_key().encode(), None)
    sealed = plain.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"heron")
    )
    file = private(tmp_path / "sealed.pem", sealed.decode())
    assert is_encrypted(file)
    assert read_signer(file, "heron").sign(STATEMENT)
    for wrong in ("crane", None):
        with pytest.raises(BadInputError, match="with this passphrase"):
            read_signer(file, wrong)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    """And a file that is none, and one that is not there."""
    other = generate_private_key(SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    with pytest.raises(BadInputError, match="not an Ed25519 key"):
        read_signer(private(tmp_path / "other.pem", other.decode()))
    with pytest.raises(BadInputError, match="no private key opens there"):
        read_signer(private(tmp_path / "none.pem", "words"))
    with pytest.raises(BadInputError, match="cannot be read"):
        read_signer(tmp_path / "nowhere.pem")


@pytest.mark.parametrize(
    "document", [["cora"], {"cora": "words"}, {"cora": 1}, {"cora": "AAAA"}], ids=str
)
def test_a_file_of_owners_that_cannot_be_read_says_so(tmp_path: Path, document: Any) -> None:
    """Rather than that nobody signed."""
    with pytest.raises(SettingsError, match=r"protocol-owners.json cannot be read"):
        read_owners(owners_file(tmp_path, document))


def test_without_a_file_nobody_may_sign(tmp_path: Path) -> None:
    """Nothing is active where nobody is named."""
    assert {} == read_owners(None) == read_owners(tmp_path / "nowhere.json")


def test_an_embedded_stack_has_two_owners_made_once(tmp_path: Path) -> None:
    """Their keys are private, the file fits them, and what is there is left alone."""
    paths, said = StackPaths.at(tmp_path / "data"), list[str]()
    prepare(paths, said.append)
    ensure_protocol_owners(paths, said.append)
    first = paths.protocol_owners.read_text(encoding="utf-8")
    ensure_protocol_owners(paths, said.append)
    assert first == paths.protocol_owners.read_text(encoding="utf-8")
    owners = read_owners(paths.protocol_owners)
    assert set(DEVELOPMENT_OWNERS) == set(owners)
    for who, public in owners.items():
        assert read_signer(owner_key_file(paths.secrets, who)).holds(public)
    assert [True] == ["may sign sharing protocols here" in line for line in said]


def test_a_lost_file_of_owners_is_made_from_the_keys_there_are(tmp_path: Path) -> None:
    """What they signed stays good."""
    paths = StackPaths.at(tmp_path / "data")
    prepare(paths, lambda _: None)
    ensure_protocol_owners(paths, lambda _: None)
    first = paths.protocol_owners.read_text(encoding="utf-8")
    paths.protocol_owners.unlink()
    ensure_protocol_owners(paths, lambda _: None)
    assert first == paths.protocol_owners.read_text(encoding="utf-8")


def a_public_key(file: Path) -> str:
    """The public half of a new key."""
    file.touch(mode=0o600)
    file.write_text(new_private_key(), encoding="utf-8")
    return public_text(file)


@pytest.mark.parametrize("twice", ["a person", "a key"])
def test_two_owners_have_two_keys(tmp_path: Path, twice: str) -> None:
    """One key under two names would sign alone for both."""
    key = a_public_key(tmp_path / "one.pem")
    names = ("north:cora", "north:cora") if twice == "a person" else ("north:cora", "north:iain")
    second = key if twice == "a key" else a_public_key(tmp_path / "other.pem")
    file = tmp_path / "owners.json"
    file.write_text(f'{{"{names[0]}": "{key}", "{names[1]}": "{second}"}}', encoding="utf-8")
    with pytest.raises(SettingsError, match="each with a key of their own"):
        read_owners(file)
