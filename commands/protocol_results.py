"""What the protocol says: evaluations, proofs, differences and counts, for people and programs."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from commands.console import listing, out

if TYPE_CHECKING:
    from rules.protocol.comparing import Change, Difference
    from rules.protocol.rejudging import Judged, Moved
    from schemas.proof import Counterexample, Proof, Shadow
    from schemas.protocol import Evaluation

_LOOKS = {
    "deny": "[bold red]denied[/]",
    "needs_facts": "[yellow]needs facts[/]",
    "eligible": "[green]eligible[/] (two people now decide)",
}
_FEW_RULES, _MANY_SHADOWS = 5, 12


def print_evaluation(said: "Evaluation") -> None:
    """What was said, by which rules, and what is still to be found out."""
    from commands.duties import role_words
    from rules.protocol.standing import may_supply
    from rules.protocol.words import fact_about

    told = f", told {', '.join(said.told_versions)}" if said.told_versions else ""
    out.print(f"{said.version}{escape(told)}: {_LOOKS[said.outcome]}")
    denying = [rule for rule in said.rules if rule.effect == "deny"]
    for rule in denying or said.rules:
        effect = "[bold red]no[/]   " if denying else "[yellow]waits[/]"
        out.print(f"  {rule.id:<5} {effect} {escape(rule.reason)} [dim]{escape(rule.source)}[/]")
    if denying:
        waiting = [rule.id for rule in said.rules if rule not in denying]
        if waiting:
            out.print(f"  [dim]besides, these wait for facts: {', '.join(waiting)}[/]")
        return
    for name in said.needs:
        who = ", ".join(role_words(role) for role in may_supply(name)) or "our own records"
        out.print(f"  to be found out: {fact_about(name)} [dim]({who})[/]")
    if said.fields:
        out.print(f"  fields: {', '.join(_plain(name) for name in said.fields)}")
        out.print(f"  who decides: {', then '.join(_plain(role) for role in said.approver_roles)}")


def print_proof(proof: "Proof") -> None:
    """What holds, and where something does not, a request that shows it."""
    for promise in proof.promises:
        mark = "[green]holds[/] " if promise.holds else "[bold red]BROKEN[/]"
        out.print(f"{mark} {promise.number}. {escape(promise.sentence)}")
        if promise.counterexample is not None:
            _print_counterexample(promise.counterexample)
    out.print(
        f"\n{len(proof.versions)} versions, {proof.pairs} pairs and {proof.lists} lists of what "
        "was told, each over all facts."
    )
    for version in proof.versions:
        _print_shadows(version, [one for one in proof.shadowed if one.version == version])
    for version, names in proof.unread.items():
        if names:
            out.print(f"{version}: no rule reads {', '.join(_plain(name) for name in names)}")
    out.print(f"proved of the protocol with hash {proof.protocol_hash[:12]}")


def _print_shadows(version: str, shadows: "list[Shadow]") -> None:
    if len(shadows) > _MANY_SHADOWS:
        by = sorted({rule for one in shadows for rule in one.by})
        out.print(f"{version}: {len(shadows)} halves of rules never decide alone: {_and(by)}")
        return
    for one in shadows:
        half = "no" if one.effect == "deny" else "waiting"
        out.print(f"{version}: the {half} of {one.rule} is always said by {_and(one.by)} too")


def _print_counterexample(example: "Counterexample") -> None:
    from rules.protocol.words import fact_words

    told = f", told {', '.join(example.told_versions)}" if example.told_versions else ""
    out.print(f"    broken: {escape(example.broken)}")
    out.print(f"    under {example.version}{escape(told)}: {escape(example.outcome)}")
    out.print("    a request in order, but for:")
    for name, value in example.differs.items():
        out.print(f"      {escape(fact_words(name, value))}")
    if not example.differs:
        out.print("      nothing")


def _and(rules: "Iterable[str]") -> str:
    return " and ".join(rules)


def _plain(code: str) -> str:
    return code.replace("_", " ")


def print_difference(found: "Difference", before: str, after: str) -> None:
    """What changes for whom."""
    out.print(f"From {before} to {after}:")
    if found.is_empty:
        out.print("  nothing changes for anybody")
    _print_changes("Protected more", [one for one in found.changes if one.is_stricter])
    _print_changes("Protected less", [one for one in found.changes if not one.is_stricter])
    _section("Numbers", found.terms)
    _section("Fields", found.fields)
    _section("Words", [found.told] if found.told else [])
    _section("Rules that change nothing, because others say the same", found.silent)
    _section(
        f"Where {after} is stricter than its source",
        [f"{one.what} {one.why}" for one in found.stricter_than_source],
    )


def _print_changes(title: str, changes: "list[Change]") -> None:
    from rules.protocol.words import CHANGE_WORDS

    lines = []
    for change in changes:
        moved = f"{CHANGE_WORDS[change.before]} before, {CHANGE_WORDS[change.after]} now"
        lines += [change.who, f"  {moved}, by {change.rule}: {change.reason}"]
    _section(title, lines)


def _section(title: str, lines: "Iterable[str]") -> None:
    """A heading and its lines; nothing where there are none."""
    for number, line in enumerate(lines):
        if number == 0:
            out.print(f"\n[bold]{escape(title)}[/]")
        out.print(f"  {escape(line)}")


def difference_json(found: "Difference", before: str, after: str) -> dict[str, Any]:
    """The same for programs."""
    return {
        "before": before,
        "after": after,
        "changes": [_change_json(change) for change in found.changes],
        "silent_rules": found.silent,
        "terms": found.terms,
        "fields": found.fields,
        "told": found.told,
        "stricter_than_source": list(found.stricter_than_source),
    }


def _change_json(change: "Change") -> dict[str, Any]:
    return {
        "who": change.who,
        "before": change.before,
        "after": change.after,
        "is_stricter": change.is_stricter,
        "rule": change.rule,
        "reason": change.reason,
        "example": change.example,
    }


def print_compared(judged: "Iterable[Judged]") -> None:
    """Versions side by side."""
    from rules.small_numbers import shown

    table = listing("version", "denied", "needs facts", "eligible", "rules that spoke most")
    for one in judged:
        often = list(one.rules.items())[:_FEW_RULES]
        table.add_row(
            one.version,
            *(shown(one.outcomes[outcome]) for outcome in ("deny", "needs_facts", "eligible")),
            ", ".join(f"{rule} {shown(count)}" for rule, count in often) or "none",
        )
    out.print(table)


def print_moved(moved: "Iterable[Moved]") -> None:
    """What would change, under each version."""
    from rules.small_numbers import shown

    table = listing("version", "decisions", "what would change", "by rule")
    for one in moved:
        table.add_row(
            one.version,
            shown(one.decisions),
            ", ".join(f"{move} {shown(count)}" for move, count in one.moves.items()),
            ", ".join(f"{rule} {shown(n)}" for rule, n in sorted(one.rules.items())) or "–",
        )
    out.print(table)
