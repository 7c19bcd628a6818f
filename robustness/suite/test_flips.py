"""Every hunt in `thresholds.toml`, one test each: former findings first, then noise that nobody has tried."""

from robustness.hunts.declare import Hunts
from robustness.pytest_plugin.promise_tests import make_test, pytest_generate_tests

__all__ = ["pytest_generate_tests", "test_hunt"]

test_hunt = make_test(Hunts)
