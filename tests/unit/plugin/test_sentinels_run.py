"""A model that fails a sentinel fails all its limits with that reason, and no other model's."""

from __future__ import annotations

import pytest

UNSTEADY = """[models.unsteady]
load = "python:unsteady:make"
size = 8
fit = "resize"
[[limits]]
models = ["unsteady"]
noise = "gaussian"
sigma = [5, 25]
accuracy = [0.1, 0.1]
"""


def test_a_model_that_fails_a_sentinel_fails_all_its_limits_and_no_others(project):
    toy = (project.pytester.path / "toy.py").read_text()
    project.write("unsteady.py", toy.replace("- 0.5", "- 0.5 + 0.01 * torch.rand(len(images))"))
    project.write("thresholds.toml", (project.pytester.path / "thresholds.toml").read_text() + UNSTEADY)
    run = project.gate("-n", "0")
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.assert_outcomes(passed=3, failed=2)
    run.stdout.fnmatch_lines(
        [
            "unsteady gives no fixed answer: two passes over the same 20 images moved its logits by up to *",
            "unsteady gives no fixed answer: two passes over the same 20 images moved its logits by up to *",
            "*FAIL: *2 limits not measured: unsteady-gaussian(sigma=5), unsteady-gaussian(sigma=25)*",
        ]
    )
