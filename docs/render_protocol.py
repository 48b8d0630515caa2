"""The pages of the sharing protocol: its versions, what holds under all, and what was proved."""

from collections.abc import Callable, Mapping
from functools import partial

from commands.protocol_show import rules_table, version_page
from docs.tables import MADE_BY, codes, page, table
from rules.protocol.proof import prove
from rules.protocol.shipped import shipped_protocol, shipped_versions
from rules.protocol.words import adds, term_words
from schemas.proof import Proof
from schemas.protocol import Version


def protocol_pages() -> Mapping[str, Callable[[], str]]:
    """Every page, by its place under docs/."""
    versions = shipped_protocol().versions.values()
    return {
        "protocol/README.md": render_index,
        "protocol/baseline.md": render_baseline,
        "protocol/proof.md": render_proof,
        **{f"protocol/{version.id}.md": partial(render_version, version) for version in versions},
    }


def render_version(version: Version) -> str:
    """One version."""
    title, rest = version_page(version).split("\n\n", 1)
    return f"{title}\n\n{MADE_BY}\n\n{rest}"


def render_index() -> str:
    """The versions, side by side."""
    protocol = shipped_protocol()
    rows = [
        (
            f"[`{version.id}`]({version.id}.md)",
            version.title,
            "to look back with" if version.historical else adds(version, protocol.baseline),
        )
        for version in sorted(protocol.versions.values(), key=lambda version: version.id)
    ]
    return page(
        "# The sharing protocol",
        "Whether a request to share one person's data with Immigration Enforcement may go on to "
        "two people. It never decides to share. Where no version is active, `p0-closed` holds.",
        table(("version", "title", "adds to the [baseline](baseline.md)"), rows),
        "Any rule that definitely denies, denies. Otherwise, any rule that still waits for a fact "
        "is told with what it waits for, never with what would pass. Otherwise the request is "
        "eligible. In play are the active version and every version the person was ever told: the "
        "strictest of them counts.",
        "[What is proved](proof.md) · [who may say which fact](facts.md) · "
        "`safepath protocol --help` · why data and not code: "
        "[ADR 15](../decisions/0015-prove-the-protocol-by-exact-reasoning.md)",
    )


def render_baseline() -> str:
    """What holds under every version."""
    baseline = shipped_protocol().baseline
    return page(
        "# The baseline",
        "What no version can lift. A version can only add to it.",
        rules_table(baseline.rules),
        "## Numbers no version may loosen",
        "\n".join(f"- {sentence}" for sentence in term_words(baseline.floor)),
    )


def render_proof() -> str:
    """What is proved, and which halves of rules never decide alone."""
    proof = prove(shipped_protocol(), [version.id for version in shipped_versions()])
    held = [(str(one.number), one.sentence, _held(proof, one.number)) for one in proof.promises]
    shadows = [
        (one.version, one.rule, one.effect.value, ", ".join(one.by))
        for one in proof.shadowed
        if one.version != "p0-closed"
    ]
    unread = [(version, codes(names)) for version, names in proof.unread.items()]
    return page(
        "# What is proved",
        f"`safepath protocol prove` looks through all facts there could be, for "
        f"{len(proof.versions)} versions, {proof.pairs} pairs (active × told) and {proof.lists} "
        "lists of what was told. It is no sample: see "
        "[ADR 15](../decisions/0015-prove-the-protocol-by-exact-reasoning.md).",
        table(("", "for every request", ""), held),
        "## Halves of rules that never decide alone",
        "Another rule always says the same. Under `p0-closed` that is every rule but its own.",
        table(("version", "rule", "effect", "said too by"), shadows),
        "## Facts no rule of a version reads",
        table(("version", "facts"), unread),
    )


def _held(proof: Proof, number: int) -> str:
    return "holds" if next(p for p in proof.promises if p.number == number).holds else "BROKEN"
