"""One face for every classifier. `declaration` can be imported without torch; the rest needs it."""
