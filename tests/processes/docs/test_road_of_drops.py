"""docs/verdicts.md, "Drops from the last release", walked as it is written, from a baseline to a verdict on new weights."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

PAGE = Path(__file__).parents[3] / "docs" / "verdicts.md"
NETWORK = """\
import torch


class Brightness(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.grey = torch.nn.Parameter(torch.tensor(0.0))

    def forward(self, images):
        excess = images[:, :1].mean(dim=(1, 2, 3)) - self.grey
        return torch.stack([excess, -excess], dim=1)
"""
BEFORE = """\
schema = 1

[run]
data = "folder:pictures"

[models.my-model]
load = "python:my_network:Brightness"
weights = "my-model.safetensors"
size = 8
fit = "resize"

[models.held]
load = "fixture"
size = 8
fit = "resize"

[[limits]]
models = ["my-model", "held"]
noise = "clean"
accuracy = 0.5
"""
CONFTEST = """\
import pytest
from safetensors.torch import load_file

from my_network import Brightness


@pytest.fixture
def held():
    network = Brightness()
    network.load_state_dict(load_file("my-model.safetensors"))
    return network
"""


@pytest.fixture(scope="module")
def road():
    """The commands of the section by their first words, and what it adds to the thresholds file."""
    section = PAGE.read_text(encoding="utf-8").split("## Drops from the last release")[1].split("\n## ")[0]
    blocks = re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL)
    commands = [line for kind, text in blocks if kind == "sh" for line in text.splitlines()]
    assert [line.split()[1] for line in commands] == ["baseline", "baseline", "regress"]
    (declared,) = [text for kind, text in blocks if kind == "toml"]
    assert set(tomllib.loads(declared)) == {"run", "limits"}
    return commands, declared


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Two hundred pictures; the release gets all of them right."""
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    for name, first in (("bright", 128), ("dark", 28)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for level in range(first, first + 100):
            Image.fromarray(np.full((8, 8, 3), level, np.uint8)).save(tmp_path / "pictures" / name / f"{level}.png")
    (tmp_path / "my_network.py").write_text(NETWORK)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "thresholds.toml").write_text(BEFORE)
    weights("my-model", 127.5)
    return tmp_path


def weights(name, cut):
    save_file({"grey": torch.tensor(cut / 255)}, f"{name}.safetensors")


def run(command, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "robustness.cli", *_words(command)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def _words(command):
    return shlex.split(command.removeprefix("robustness "))


def declare(here, declared):
    run_table, limits = declared.split("\n\n", 1)
    text = BEFORE.replace("[run]", run_table.strip()) + "\n" + limits
    (here / "thresholds.toml").write_text(text)


def test_from_a_baseline_saved_before_the_limits_to_a_verdict_on_a_retrained_network(here, road):
    (save, _, regress), declared = road
    assert "left out: held lives in a pytest fixture" in run(save)
    declare(here, declared)
    weights("new", 131.5)  # four images lost of two hundred, where 0.002 allows none
    said = run(regress, code=1)
    assert "lost 4 of 200 images since v1.safetensors (4 newly wrong, 0 newly right), the limit of 0.002 allows 0" in said
    assert "FAIL: 2 of 3 limits broken or not measured (my-model under gaussian(sigma=0)-max_drop, " in said
    weights("new", 127.75)
    assert "as before" in run(regress)
    (here / "my-model.safetensors").write_bytes((here / "new.safetensors").read_bytes())
    assert "PASS: all 4 limits hold" in run("robustness gate -n 0")


def test_whoever_has_the_results_of_ci_alone_walks_it_too(here, road):
    """With a model that lives in a fixture, whose former weights are gone."""
    (_, of_ci, _), declared = road
    text = BEFORE + '[[limits]]\nmodels = ["my-model", "held"]\nnoise = "gaussian"\nsigma = [0, 50]\naccuracy = 0.5\n'
    (here / "thresholds.toml").write_text(text)
    run("robustness gate -n 0")
    weights("my-model", 147.5)
    run(of_ci)
    declare(here, declared.replace("v1.safetensors", "v1-of-ci.safetensors").replace('["my-model"]', '["my-model", "held"]'))
    run("robustness gate -n 0", code=1)
    results = json.loads((here / "robustness-report" / "results.json").read_text())
    reasons = {limit["limit"]: limit["reason"] for limit in results["limits"]}
    for model in ("my-model", "held"):
        said = reasons[f"{model}-gaussian(sigma=0)-max_drop"]
        assert said.startswith("lost 20 of 200 images since v1-of-ci.safetensors (20 newly wrong, 0 newly right)")
