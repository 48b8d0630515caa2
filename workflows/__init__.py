"""The journey and its referrals as durable workflows: what happens next, and when.

Belongs here: workflows, their timeouts and retry policies. Does not: decisions (rules),
personal data (the record), I/O. May import: activities, rules, schemas, temporalio.
"""
