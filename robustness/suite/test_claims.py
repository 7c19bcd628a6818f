"""Every claim in `thresholds.toml`, one test each, which fails when the claim does not come out as declared."""

from robustness.claims.declare import Claims
from robustness.pytest_plugin.promise_tests import make_test, pytest_generate_tests

__all__ = ["pytest_generate_tests", "test_claim"]

test_claim = make_test(Claims)
