"""Bounds, tests and sample sizes: numbers in, numbers out."""
