"""The gate as pytest tests. `robustness gate` runs them; so does `from robustness.suite.test_limits import *`."""
