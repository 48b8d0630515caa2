"""Tests of the pages that are rendered from data."""
