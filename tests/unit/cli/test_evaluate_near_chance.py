"""`robustness evaluate` says what sentinels say where an accuracy looks like chance, and nothing where it does not."""

from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest
from PIL import Image

from robustness.cli import main

NUMBERS = itertools.count()
THRESHOLDS = """\
schema = 1
[run]
data = "folder:pictures"
[models.net]
load = "python:{module}:make"
size = 8
fit = "resize"
[[limits]]
models = ["net"]
noise = "clean"
accuracy = 0
"""
NETWORK = """\
import torch


class Red(torch.nn.Module):
    def forward(self, images):
        excess = ({images})[:, 0].mean(dim=(1, 2)) - 0.5
        return torch.stack([excess, {other}], dim=1)


def make():
    return Red()
"""


@pytest.fixture
def evaluate(tmp_path, monkeypatch, capsys):
    module = f"near_chance_{next(NUMBERS)}"  # a module of one name is imported once
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    sys.path_importer_cache.pop(".", None)  # of another test's folder
    generator = np.random.default_rng(0)
    for name, level in (("bright", 190), ("dark", 60)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(40):
            pixels = generator.integers(level - 20, level + 20, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
    (tmp_path / "thresholds.toml").write_text(THRESHOLDS.format(module=module))

    def run(images, other="-excess"):
        (tmp_path / f"{module}.py").write_text(NETWORK.format(images=images, other=other))
        assert main(["evaluate", "net"]) == 0
        return capsys.readouterr().err

    yield run
    sys.modules.pop(module, None)


def test_a_mistake_behind_it_is_named(evaluate):
    said = evaluate("images / 255")
    assert said.startswith(
        "robustness: an accuracy of 50.0% looks like chance: net does better with mean = 0, std = 0.00392157"
    )
    assert said.count("\n") == 1


def test_where_none_explains_it_that_is_said(evaluate):
    assert "looks like chance, and none of the usual mistakes explains it" in evaluate(
        "images * 0", "excess + images[:, 0, 0, 0]"
    )


def test_a_good_accuracy_needs_no_words(evaluate):
    assert evaluate("images") == ""
