"""This repository's own gate: every limit, hunt and claim in the root `thresholds.toml`, through the packaged suite."""

from robustness.suite.test_claims import *  # noqa: F403
from robustness.suite.test_flips import *  # noqa: F403
from robustness.suite.test_limits import *  # noqa: F403
