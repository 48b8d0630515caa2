"""The sharing protocol: versions as data, their evaluation, and the proof of their safeguards.

The files in `versions/` are the protocol; the modules read, apply, prove and compare them. No
clock, no signature and no database: who activated what, and when, is kept by `infra`.
"""
