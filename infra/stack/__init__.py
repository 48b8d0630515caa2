"""The embedded stack: real servers from wheels, as child processes of `safepath up`.

Belongs here: starting, watching, stopping and examining PostgreSQL, Temporal and our processes.
Does not: what those processes do. May import: infra's settings and migrations, schemas.
"""
