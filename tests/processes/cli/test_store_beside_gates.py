"""A gate while its store is pruned, and one that has none to write to."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from PIL import Image
from safetensors.torch import save_file

from robustness.models.baseline_cnn import BaselineCNN

PRUNE = """
import sys, time
from pathlib import Path
from robustness.cli import main

folder = Path(sys.argv[1])
(folder / "pruning").touch()
while not (folder / "stop").exists():
    assert main(["store", "prune", "--to", "0"]) == 0
    time.sleep(0.1)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ROBUSTNESS_CACHE_SIZE", raising=False)
    return tmp_path / "cache"


LIMITS = """
schema = 1

[run]
data = "folder:images"

[models.baseline-cnn]
load = "baseline-cnn"
weights = "net.safetensors"
size = 8
fit = "resize"

[[limits]]
models = ["baseline-cnn"]
noise = "gaussian"
sigma = [5, 10, 15, 20, 25]
accuracy = [0, 0, 0, 0, 0]
"""


@pytest.fixture
def project(pytester):
    """A gate on two pictures and a network that was never trained."""
    for name, level in (("bright", 200), ("dark", 20)):
        (pytester.path / "images" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8), (level,) * 3).save(pytester.path / "images" / name / "1.png")
    save_file(BaselineCNN(2, 8).state_dict(), pytester.path / "net.safetensors")
    pytester.makefile(".toml", thresholds=LIMITS)
    return pytester


def test_a_gate_goes_on_while_everything_is_pruned(project, folder):
    folder.mkdir()
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([sys.executable, "-c", PRUNE, str(folder)], stdout=subprocess.DEVNULL, env=environment) as pruning:
        try:
            while not (folder / "pruning").exists():
                assert pruning.poll() is None
                time.sleep(0.05)
            gate = project.runpytest_subprocess("thresholds.toml", "-n", "0")
        finally:
            (folder / "stop").touch()
    assert pruning.returncode == 0
    assert gate.ret == 0
    gate.stdout.fnmatch_lines(["*PASS: all 5 limits hold*"])


def test_a_gate_that_cannot_store_what_it_measures_fails_and_says_why(project, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "file" / "cache"))
    gate = project.runpytest_subprocess("thresholds.toml", "-n", "0")
    assert gate.ret == pytest.ExitCode.TESTS_FAILED
    gate.stdout.fnmatch_lines(["*cannot be written to (Not a directory)*ROBUSTNESS_CACHE names another folder*", "*FAIL: *"])
