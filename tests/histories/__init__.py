"""Recorded histories of workflows, replayed on every change: what runs for months must go on."""
