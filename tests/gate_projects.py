"""A small project to gate: dark and bright pictures, and a model that tells them apart."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch.export._trace  # noqa: F401 - loaded once here: pytester unloads what a run in this process imported, torch does not stand that
from PIL import Image

import robustness.evaluation.evaluate
import robustness.limits.measure
import robustness.models.load
import robustness.pytest_plugin.fixtures
import robustness.pytest_plugin.reports
import robustness.report.build
import robustness.report.text.terminal  # noqa: F401
from robustness.noise import Gaussian, apply

TOY = '''
import torch
from torch import nn


class Brightness(nn.Module):
    """Class 1 where the mean pixel is brighter than the middle."""

    def forward(self, images):
        excess = images[:, :1].mean(dim=(1, 2, 3)) - 0.5
        return torch.stack([-excess, excess], dim=1)


def make():
    return Brightness()
'''

THRESHOLDS = """
schema = 1

[run]
data = "folder:pictures"

[models.toy]
load = "python:toy:make"
size = 8
fit = "resize"

[[limits]]
models = ["toy"]
noise = "clean"
accuracy = 1.0

[[limits]]
models = ["toy"]
noise = "gaussian"
sigma = [5, 25]
accuracy = [0.9, 0.8]
"""

MODES = {"alone": ["-p", "no:xdist"], "no workers": ["-n", "0"], "a worker": ["-n", "1"]}
"""Options of a run; what several workers do to each other has tests of its own."""


class Project:
    """A folder with pictures, a model and limits; `gate()` runs pytest on the limits."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        generator = np.random.default_rng(0)
        for name, level in (("bright", 190), ("dark", 60)):
            folder = pytester.path / "pictures" / name
            folder.mkdir(parents=True)
            for number in range(10):
                pixels = generator.integers(level - 20, level + 20, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
        # Alphabetical: bright is class 0, so the toy's logits are swapped here.
        self.write("toy.py", TOY.replace("[-excess, excess]", "[excess, -excess]"))
        self.write("thresholds.toml", THRESHOLDS)

    def write(self, name: str, text: str) -> None:
        path = self.pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.pytester.path / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def gate(self, *options: str, paths: tuple[str, ...] = ("thresholds.toml",)) -> pytest.RunResult:
        """Run pytest on the limits, in this process: importing torch takes seconds. xdist's workers are processes anyway."""
        return self.pytester.runpytest_inprocess(*paths, *options)

    def results(self) -> dict:
        return json.loads((self.pytester.path / "robustness-report" / "results.json").read_text())


@pytest.fixture(scope="session", autouse=True)
def _numba() -> None:
    """Loaded once here, like torch: on its first kernel it imports modules that it does not stand to see imported again."""
    apply(Gaussian(1), np.zeros((1, 1, 1, 3), np.uint8), [0], 0)


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(pytester.path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return Project(pytester)
