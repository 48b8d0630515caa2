"""What the journeys worker counts, for Prometheus to read.

Labels are enums alone: never a case, a workflow, an organisation or a person. Whoever counts
imports `counters`; the worker serves them. May import `schemas` and, of infra, what counts need.
"""
