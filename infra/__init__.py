"""The ports made real: PostgreSQL, Temporal, keys, codec, delivery, the embedded stack.

Belongs here: whatever touches disk, network, clock or environment. Does not: decide anything.
May import: activities (the ports), schemas; never rules, workflows, workers or web.
"""
