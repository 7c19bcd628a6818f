"""Limits and verdicts: pure functions."""
