"""`robustness calibrate`, then `robustness gate`, as a user runs them: a network keeps its own limits, a hurt one does not."""

from __future__ import annotations

import subprocess
import sys

import torch
from safetensors.torch import load_file, save_file

from robustness.models.declaration import shipped_weights

THRESHOLDS = """
schema = 1
[run]
data = "signs"
[models.net]
load = "baseline-cnn"
weights = "net.safetensors"
[[limits]]
models = ["net"]
noise = "clean"
accuracy = 0
[[limits]]
models = ["net"]
noise = "gaussian"
sigma = [5, 25]
accuracy = [0, 0]
"""
FILTER = 9  # of the first layer's sixteen: without half of it 35 of 1,290 images more are named wrong


def test_calibrated_limits_hold_until_a_filter_that_matters_is_halved(tmp_path):
    weights = load_file(shipped_weights("baseline-cnn")["signs"])
    save_file(weights, tmp_path / "net.safetensors")
    (tmp_path / "thresholds.toml").write_text(THRESHOLDS)
    assert run(tmp_path, "calibrate").returncode == 0
    fresh = run(tmp_path, "gate")
    assert fresh.returncode == 0
    assert "PASS: all 3 limits hold" in fresh.stdout

    first = next(name for name, tensor in weights.items() if tensor.shape == torch.Size([16, 3, 3, 3]))
    weights[first][FILTER] /= 2
    save_file(weights, tmp_path / "net.safetensors")
    hurt = run(tmp_path, "gate")
    assert hurt.returncode == 1
    assert "net clean\n  accuracy 0.8915: 1,150 of 1,290 right" in hurt.stdout


def run(folder, *command):
    return subprocess.run(
        [sys.executable, "-m", "robustness.cli", *command], cwd=folder, capture_output=True, text=True, check=False
    )
