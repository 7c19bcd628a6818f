"""A user's own network trained on against the limits that it breaks."""
