"""Tests of the sharing protocol: worked examples, rows by hand, properties, refusals, proofs."""
