"""A version of the protocol as a decision table: on the screen, and as a page of Markdown."""

from collections.abc import Iterable
from dataclasses import astuple
from typing import TYPE_CHECKING

from rich.markup import escape

from commands.console import listing, out

if TYPE_CHECKING:
    from schemas.protocol import Baseline, Rule, Version


def print_version(version: "Version", baseline: "Baseline") -> None:
    """A version as a decision table."""
    from rules.protocol.evaluation import content_hash
    from rules.protocol.words import term_words

    out.print(f"[bold]{escape(version.title)}[/]  {version.id}")
    if version.historical:
        out.print("[yellow]Only to look back with: never activated, never told.[/]")
    for source in version.source_refs:
        out.print(f"  after {escape(source)}")
    out.print(f"  in force from {version.effective_from}; content {content_hash(version)[:12]}")
    _print_all_rules(version, baseline)
    print_stricter(version)
    out.print("\n[bold]What two people approve, and when[/]")
    out.print(f"  {_seats(version)}")
    for sentence in term_words(version.terms):
        out.print(f"  {sentence}")
    out.print(f"  at the most: {', '.join(name.replace('_', ' ') for name in version.max_fields)}")
    out.print(f"  people are told the words {version.told_text_id}")


def _print_all_rules(version: "Version", baseline: "Baseline") -> None:
    if version.rules:
        out.print("\n[bold]What it adds[/]")
        _print_rules(version.rules)
    elif not version.historical:
        out.print("\nIt adds no rule of its own.")
    if not version.historical:
        out.print("\n[bold]What holds under every version[/]")
        _print_rules(baseline.rules)


def _print_rules(rules: "Iterable[Rule]") -> None:
    from rules.protocol.words import decision_table

    table = listing("rule", "says no", "waits", "why", "source")
    table.show_lines = True
    for row in decision_table(rules):
        cells = (row.rule, row.says_no, row.waits, row.why)
        table.add_row(*map(escape, cells), f"[dim]{escape(row.source)}[/]")
    out.print(table)


def print_stricter(version: "Version") -> None:
    """Where it asks for more than what it was made after."""
    out.print("\n[bold]Where it is stricter than its source[/]")
    for stricter in version.stricter_than_source:
        out.print(f"  {escape(stricter.what)} [dim]{escape(stricter.why)}[/]")
    if not version.stricter_than_source:
        out.print("  nowhere on record")


def _seats(version: "Version") -> str:
    return "first the " + ", then the ".join(r.replace("_", " ") for r in version.approver_roles)


def version_page(version: "Version") -> str:
    """A version as a page of Markdown."""
    from rules.protocol.words import term_words

    rules = rules_table(version.rules) if version.rules else "No rule of its own."
    stricter = [f"- {one.what} *{one.why}*" for one in version.stricter_than_source]
    blocks = [
        f"# {version.title}",
        f"`{version.id}`, from {version.effective_from}.",
        "Only to look back with: never activated, never told." if version.historical else "",
        "After:",
        "\n".join(f"- {source}" for source in version.source_refs),
        "## What it adds",
        rules,
        "" if version.historical else "[What holds under every version](baseline.md) holds too.",
        "## Where it is stricter than its source",
        "\n".join(stricter) or "Nowhere on record.",
        "## What two people approve, and when",
        "\n".join(f"- {sentence}" for sentence in (_seats(version), *term_words(version.terms))),
        f"At the most: {', '.join(f'`{name}`' for name in version.max_fields)}.",
        f"People are told the words `{version.told_text_id}`.",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _cell(text: str) -> str:
    """Text in a cell: what would end the cell, or be taken for HTML, is written out."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def rules_table(rules: "Iterable[Rule]") -> str:
    """Rules as a table of Markdown."""
    from rules.protocol.words import decision_table

    rows = [
        f"| {' | '.join(_cell(text) for text in astuple(row))} |" for row in decision_table(rules)
    ]
    head = ["| rule | says no | waits | why | source |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *rows])
