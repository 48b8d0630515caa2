"""Two development owners of the sharing protocol, with keys that are made here and never shipped.

Without them nobody could try what it takes to adopt a version. In production each owner makes a key
alone, and whoever runs the service puts the public halves into the file.
"""

import json
from collections.abc import Callable
from pathlib import Path

from infra.signing import new_private_key, public_text
from infra.stack.layout import StackPaths, write_private

DEVELOPMENT_OWNERS = ("essex-police:cora", "essex-police:iain")


def owner_key_file(folder: Path, who: str) -> Path:
    """Where the private key of a development owner is, among the secrets."""
    return folder / f"protocol-owner-{who.replace(':', '-')}.pem"


def ensure_protocol_owners(paths: StackPaths, say: Callable[[str], None]) -> None:
    """Make what is missing of their keys; a file of owners that is there stays as it is."""
    if paths.protocol_owners.exists():
        return
    files = {who: owner_key_file(paths.secrets, who) for who in DEVELOPMENT_OWNERS}
    for file in files.values():
        if not file.exists():
            write_private(file, new_private_key())
    public = {who: public_text(file) for who, file in files.items()}
    write_private(paths.protocol_owners, json.dumps(public, indent=2) + "\n")
    say(
        f"{' and '.join(DEVELOPMENT_OWNERS)} may sign sharing protocols here: development keys "
        f"are in {paths.secrets}, public ones in {paths.protocol_owners.name}"
    )
