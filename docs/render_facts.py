"""The page of facts: what each says, who may say it, how long a word lives, what is near a no."""

from commands.duties import role_words
from docs.tables import codes, page, table
from rules.protocol.authority import AUTHORITY, FROM_RECORDS, NEARER_TO_A_NO, Authority
from schemas.fact_table import FACTS


def render_facts() -> str:
    """Every fact."""
    said = [
        (
            f"`{name}`{' ‡' if one.is_guarded else ''}",
            FACTS[name].about,
            _who(one),
            "as written" if one.lives is None else f"{one.lives.days} days",
            codes(NEARER_TO_A_NO.get(name, ())),
        )
        for name, one in AUTHORITY.items()
    ]
    recorded = [(f"`{name}`", FACTS[name].about) for name in FACTS if name in FROM_RECORDS]
    return page(
        "# Facts of a case",
        "What the sharing protocol may read of a case, and whose word on it counts. A word from "
        "anybody else is kept and reads as unknown. `safepath protocol fact` says one, "
        "`safepath protocol facts` shows how each reads, why, and until when.",
        "- Of words that contradict each other the one nearest to a no counts. Crimes that differ "
        "read as all of them, and as not all known.\n"
        "- Only the organisation that said something replaces it.\n"
        "- Time turns no no into a yes: where the word nearest to a no has run out, the fact reads "
        "as unknown until its own organisation says something else.\n"
        "- ‡ The word of whoever asks to share never supplies it; it counts only where it is "
        "nearer to a no than what others say.\n"
        "- Who first raised somebody's status stays: a cleaner source later never replaces a "
        "tainted one.",
        "## Said by people",
        table(("fact", "what it says", "who may say it", "lives", "nearest to a no first"), said),
        "## Given by our own records",
        "As they are now. Nobody can type one.",
        table(("fact", "what it says"), recorded),
    )


def _who(one: Authority) -> str:
    parts = [", ".join(role_words(role) for role in one.roles)]
    if one.needs_evidence:
        parts.append("each with an evidence reference")
    if one.raisers:
        parts.append(f"only to raise: {', '.join(role_words(role) for role in one.raisers)}")
    if one.by_two:
        two = ", ".join(role_words(role) for role in one.by_two)
        parts.append(f"that it was declined, also two people of: {two}")
    return "; ".join(parts)
