"""Pure decisions: facts in, a decision with its reasons out.

Belongs here: transition tables, rights, consent validity, deadlines, what a recipient may see.
Does not: a clock, the environment, Temporal, network or storage. Time and calendars come in.
May import: schemas.
"""
