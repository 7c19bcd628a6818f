"""Generators of traffic signs: trained, sampled and, by the classifiers they are tried on, judged."""
