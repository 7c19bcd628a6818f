"""A kind of promise."""
