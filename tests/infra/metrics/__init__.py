"""Tests of infra/metrics."""
