"""Every limit on a generator in `thresholds.toml`, one test each."""

from robustness.generators.declare import Generators
from robustness.pytest_plugin.promise_tests import make_test, pytest_generate_tests

__all__ = ["pytest_generate_tests", "test_generator_limit"]

test_generator_limit = make_test(Generators)
