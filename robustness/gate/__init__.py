"""What a promise is, what measures it, and what a run of the gate amounts to."""
