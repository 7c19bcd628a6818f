"""Drops from a baseline, which `robustness baseline save` made, through the gate itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

FAILED = pytest.ExitCode.TESTS_FAILED


RUN = 'data = "folder:pictures"'


WORSE = "- 0.5\n        excess = torch.where(images.amax(dim=(1, 2, 3)) == 1, -excess, excess)"


def save_baseline():
    """In a process of its own, for the toy is imported there and about to change."""
    subprocess.run([sys.executable, "-m", "robustness.cli", "baseline", "save", "v1"], check=True)


def test_a_drop_from_the_baseline_is_an_alarm(project):
    save_baseline()
    project.edit("thresholds.toml", RUN, f'{RUN}\nbaseline = "baselines/v1.safetensors"')
    project.edit("thresholds.toml", "accuracy = [0.9, 0.8]", "max_drop = [0, 0.05]")
    assert project.gate().ret == 0
    project.edit("toy.py", "- 0.5", WORSE)
    run = project.gate()
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(
        [
            "*lost * of 20 images since v1.safetensors (* newly wrong, 0 newly right), the limit of 0.05 allows 1; judged together with the run's other drops (p = *"
        ]
    )
    (drop,) = [limit for limit in project.results()["limits"] if limit["limit"] == "toy-gaussian(sigma=25)-max_drop"]
    assert (drop["verdict"], drop["stops"]) == ("FAIL", True)
    assert "chance does not explain that (p = " in drop["reason"]
    assert drop["change"]["broken"] == len(drop["change"]["broken_images"])
    assert "Against the last release" in (project.pytester.path / "robustness-report" / "report.html").read_text()


def test_an_alarm_stops_though_the_undecided_only_warns(project):
    save_baseline()
    project.edit("thresholds.toml", RUN, f'{RUN}\nbaseline = "baselines/v1.safetensors"\ninconclusive = "warn"')
    project.edit("thresholds.toml", "accuracy = [0.9, 0.8]", "max_drop = [0, 0.05]")
    project.edit("toy.py", "- 0.5", WORSE)
    run = project.gate()
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*FAIL: 1 of 3 measured limits broken (toy under gaussian(sigma=25)-max_drop)*"])


def test_a_baseline_of_other_images_is_refused(project):
    save_baseline()
    project.edit("thresholds.toml", RUN, f'{RUN}\nbaseline = "baselines/v1.safetensors"\nseed = 5')
    project.edit("thresholds.toml", "accuracy = [0.9, 0.8]", "max_drop = 0.05")
    run = project.gate()
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*made with noise seed 0, not 5*"])
