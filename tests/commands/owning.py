"""A force of a test's own at the command line: its protocol owners, officers and their keys."""

import itertools
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typer.testing import Result

from infra.signing import new_private_key, public_text
from schemas.adoption import IMMIGRATION_ENFORCEMENT
from tests.commands.conftest import Safepath

P4 = "p4-consent-2025"
LATER = f"{datetime.now(UTC) + timedelta(days=400):%Y-%m-%d}"
REFUSED, BAD_INPUT = 3, 2
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Owners:
    """A force of this test's own, and the keys of its protocol owners."""

    safepath: Safepath
    folder: Path
    name: str

    def by(self, person: str, role: str = "protocol_owner") -> str:
        """How a person of it is named."""
        return f"{role}@{self.name}:{person}"

    def assess(self, paper: str = "DPIA-1", last: str = LATER) -> Result:
        """Dee records an impact assessment."""
        words = (paper, "--title", "Sharing, assessed", "--review-by", last)
        return self.safepath("protocol dpia record", *words, by=self.by("dee", "dpo"))

    def agree(self, *parties: str, last: str = LATER) -> Result:
        """Sol records an agreement."""
        named = [
            word
            for one in (parties or (self.name, IMMIGRATION_ENFORCEMENT))
            for word in ("--party", one)
        ]
        dates = ("--signed-on", "2026-01-01", "--expires", last)
        by = self.by("sol", "info_sharing_spoc")
        return self.safepath("protocol agreement record", "ISA-1", *named, *dates, by=by)

    def sign(
        self, person: str, version: str = P4, *more: str, key: str = "", said: str = ""
    ) -> Result:
        """Somebody signs."""
        file = ("--key", str(self.folder / f"{key or person}.pem"))
        why = ("--dpia", "DPIA-1", "--reason", "her own yes comes first")
        given = (version, *why, *file, *more)
        return self.safepath("protocol activate", *given, by=self.by(person), said=said)

    def status(self, role: str = "caseworker") -> dict[str, object]:
        """What anybody of the force is shown."""
        answer = self.safepath("protocol status", "--json", by=self.by("ann", role))
        assert 0 == answer.exit_code, answer.output
        found: dict[str, object] = json.loads(answer.stdout)
        return found


def made(safepath: Safepath, folder: Path, file: Path) -> Owners:
    """Cora and Iain of a force, whose public keys this file gets; and Mallory's, unknown."""
    name = f"typed-{next(_numbers)}-police"
    known = json.loads(file.read_text(encoding="utf-8"))
    for person in ("cora", "iain", "mallory"):
        key = folder / f"{person}.pem"
        key.write_text(new_private_key(), encoding="ascii")
        key.chmod(0o600)
        if person != "mallory":
            known[f"{name}:{person}"] = public_text(key)
    file.write_text(json.dumps(known), encoding="utf-8")
    return Owners(safepath, folder, name)


def refused(answer: Result, code: int = REFUSED) -> str:
    """What a refusal says."""
    assert code == answer.exit_code, answer.output
    return " ".join(answer.stderr.split())
