"""Whole journeys on the real Temporal, the real PostgreSQL, and skipped time."""
