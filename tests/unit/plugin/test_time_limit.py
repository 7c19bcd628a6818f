"""What takes too long fails by itself, and says so; through pytest itself."""

from __future__ import annotations

import pytest

from robustness.errors import RobustnessError
from robustness.kinds import read_thresholds


def test_a_limit_of_no_seconds_is_refused(project):
    project.edit("thresholds.toml", 'data = "folder:pictures"', 'data = "folder:pictures"\ntime_limit = 0')
    with pytest.raises(RobustnessError, match=r"thresholds.toml:6: run.time_limit: input should be greater than 0, not 0"):
        read_thresholds(project.pytester.path / "thresholds.toml")
