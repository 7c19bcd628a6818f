"""Where things break."""
