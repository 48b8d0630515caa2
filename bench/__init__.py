"""Measurements: safepath beside plain Temporal, DBOS and bare SQL, Cedar and CEL, as ratios.

Belongs here: the reference journey in each arm, the rounds, the counts, the report. Does not:
anything that safepath needs to run; nobody imports this room. May import: everything.
"""
