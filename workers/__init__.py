"""The composition root: which worker runs what, on which namespace and task queue.

Belongs here: wiring of ports to infra. Does not: behaviour.
May import: infra, workflows, activities, rules, schemas; never web.
"""
