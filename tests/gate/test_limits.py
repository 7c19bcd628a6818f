"""This repository's own gate: every limit in the root `thresholds.toml`, through the packaged suite."""

from robustness.suite.test_limits import *  # noqa: F403
