"""Tells blobs apart."""
