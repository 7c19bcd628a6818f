"""A kind of promise: no noise up to the magnitudes declared safe flips more predictions than a budget."""
