"""Every limit in `thresholds.toml`, one test each."""

from robustness.limits.declare import Limits
from robustness.pytest_plugin.promise_tests import make_test, pytest_generate_tests

__all__ = ["pytest_generate_tests", "test_limit"]

test_limit = make_test(Limits)
