"""How fast this machine is at what the package does: `robustness bench` and `pytest tests/benchmarks`."""
