"""Tests of the pure rules: facts in, decisions out, nothing running."""
