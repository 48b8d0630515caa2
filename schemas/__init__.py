"""The words of the domain: frozen pydantic models and enums, one name for one thing.

Belongs here: ids, actors, the case, consent, referrals, deadlines, commands, changes, errors.
Does not: behaviour beyond validation; anything that knows Temporal or storage.
May import: pydantic and the standard library.
"""
