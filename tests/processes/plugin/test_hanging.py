"""A model that hangs fails by itself, and says so; through pytest itself."""

from __future__ import annotations

import pytest

STUCK = """
import time
import toy


class Stuck(toy.Brightness):
    def forward(self, images):
        try:
            time.sleep(600)
        except Exception:
            pass
        return super().forward(images)


def make():
    return Stuck()
"""


DECLARED = """
[models.stuck]
load = "python:stuck:make"
size = 8
fit = "resize"

[[limits]]
models = ["stuck"]
noise = "clean"
accuracy = 0.5
"""


@pytest.mark.parametrize("options", [["-p", "no:xdist"], ["-n", "1"]], ids=["alone", "one worker"])
def test_a_model_that_hangs_fails_its_own_limits_alone(project, options):
    project.write("stuck.py", STUCK)
    project.edit("thresholds.toml", 'data = "folder:pictures"', 'data = "folder:pictures"\ntime_limit = 8')
    project.write("thresholds.toml", (project.pytester.path / "thresholds.toml").read_text() + DECLARED)
    result = project.gate(*options)
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["not measured within 8 s, the time limit that [[]run[]] sets"])
    assert result.ret == 1
    assert project.results()["verdict"] == "FAIL"
