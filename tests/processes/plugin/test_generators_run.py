"""Limits on generators through pytest itself: a good painter passes, a bad one fails its gate, and each is judged once."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

import robustness.generators.marks  # noqa: F401 - loaded once here, as in conftest.py
from robustness.gan.checkpoint import save_generator
from robustness.gan.condition import Condition
from robustness.gan.networks import SIZE, StudyGenerator
from robustness.gan.sample import Generator
from robustness.generators.declare import MARKS

COLOURS = ("blue", "green", "red")
JUDGE = """
import torch
from torch import nn

class NamesColours(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(3, 3, bias=False)
        with torch.no_grad():
            self.last.weight.copy_(torch.eye(3).flip(0))

    def forward(self, images):
        return self.last(images.mean(dim=(2, 3)))
"""
COUNTING = """
import os
import robustness.generators.marks as marks

def judge(*arguments, real=marks.judge):
    with open("judged", "a") as file:
        file.write("x")
    return real(*arguments)

if "PYTEST_XDIST_WORKER" in os.environ:
    marks.judge = judge
"""
HEAD = """
schema = 1

[run]
data = "folder:test"

[models.judge]
load = "python:judge:NamesColours"
size = 28
fit = "crop-or-pad"

[[limits]]
models = ["judge"]
noise = "clean"
accuracy = 1.0
"""
GENERATOR = """
[generators.{name}]
load = "{name}.safetensors"
judge = "judge"
training = "folder:train"
"""
GOOD = """
[[generator_limits]]
generators = ["good"]
fidelity = 1
worst_class = 1
precision = 0.5
recall = 0.5
max_frechet = 0.05
max_nearest = 1.5
max_copied = 0.2
max_collapsed = 0
max_divergence = 0.5
"""
POOR = """
[[generator_limits]]
generators = ["good", "poor"]
fidelity = 0.9
max_divergence = 1

[[generator_limits]]
generators = ["plain"]
fidelity = 0.1
max_copied = 1
"""
CARRIED = 23
"""Units that go through all layers: a class of three, and twenty latent numbers."""


def painter(classes=COLOURS, mixed_up=False):
    """The study's generator with weights that paint each class in its colour, with a pattern of its own on every image."""
    generator = StudyGenerator(Condition(classes)).eval().requires_grad_(False)
    for parameter in generator.parameters():
        parameter.zero_()
    linear = [layer for layer in generator.layers if isinstance(layer, torch.nn.Linear)]
    units = torch.arange(CARRIED)
    if classes:
        generator.condition.embedding.weight.copy_(torch.eye(3)[[0, 1, 1] if mixed_up else [0, 1, 2]])
        linear[0].weight[units[:3], 100 + units[:3]] = 1
    linear[0].weight[units[3:], units[3:]] = 1
    for layer in generator.layers:
        if isinstance(layer, torch.nn.BatchNorm1d):
            layer.weight.fill_(1.8**0.5)  # undoes its division
    for layer in linear[1:-1]:
        layer.weight[units, units] = 1
    pixels = linear[-1].weight.view(3, SIZE * SIZE, -1)
    pixels[:, :, 3:CARRIED] = 0.3 * torch.randn(3, SIZE * SIZE, 20, generator=torch.Generator().manual_seed(0))
    pixels[torch.tensor([2, 1, 0]), :, units[:3]] = 2
    pixels[:, :, 3] += 0.3
    linear[-1].bias.fill_(-1.5)
    return generator


def save(folder, name, module, losses, classes=COLOURS):
    condition = Condition(classes)
    save_generator(
        folder / f"{name}.safetensors", module, {"network": "study", "condition": condition.to_card(), "losses": losses}
    )


@pytest.fixture
def painted(project):
    """Real images are what the good painter paints from other latent vectors."""
    folder, real = project.pytester.path, Generator(painter(), Condition(COLOURS))
    for split, seed in (("test", 11), ("train", 12)):
        for label, name in enumerate(COLOURS):
            (folder / split / name).mkdir(parents=True)
            for number, pixels in enumerate(real.images(np.full(40, label), np.arange(40), seed)):
                Image.fromarray(pixels).save(folder / split / name / f"{number}.png")
    save(folder, "good", painter(), {"generator": [1.0, 1.0], "discriminator": [1.0, 0.8]})
    save(folder, "poor", painter(mixed_up=True), {"generator": [1.0, 5.0], "discriminator": [1.0, 0.1]})
    save(folder, "plain", painter(classes=()), {"generator": [1.0], "discriminator": [1.0]}, classes=())
    project.write("judge.py", JUDGE)
    return project


def test_a_good_painter_keeps_all_its_limits(painted, mode):
    painted.write("thresholds.toml", HEAD + GENERATOR.format(name="good") + GOOD)
    run = painted.gate(*mode)
    assert run.ret == pytest.ExitCode.OK
    run.stdout.fnmatch_lines(
        [
            "generator limit good-fidelity: fidelity 1 (worst class 1, blue), the limit asks for at least 1",
            "PASS: the one limit holds, 9 generator limits kept",
        ]
    )
    results = painted.results()
    assert [limit["asks"] for limit in results["generator_limits"]] == list(MARKS)
    assert "judged" not in json.dumps(results["generator_limits"])
    assert results["generators"]["good"]["divergence"] == pytest.approx(0.2)
    assert [label["name"] for label in results["generators"]["good"]["classes"]] == list(COLOURS)
    report = (painted.pytester.path / "robustness-report" / "report.html").read_text()
    assert '<h2 id="generators">Generators</h2>' in report
    assert results["generators"]["good"]["sheet"] in report
    assert f"<code>{results['generators']['good']['hash']}</code>" in report


def test_a_poor_painter_fails_its_gate_and_each_is_judged_once_over_two_workers(painted):
    tables = "".join(GENERATOR.format(name=name) for name in ("good", "poor", "plain"))
    painted.write("thresholds.toml", HEAD + tables + POOR)
    painted.write("conftest.py", COUNTING)
    run = painted.gate("-n", "2")
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["*poor-fidelity", "*fidelity 0.667 (worst class 0, red), the limit asks for at least 0.9"])
    run.stdout.fnmatch_lines(["*plain: it knows no classes, so it has no mark for fidelity: nothing was measured"])
    run.stdout.fnmatch_lines(
        [
            "FAIL: 2 of 5 generator limits broken (poor-fidelity, poor-max_divergence); "
            "1 generator limit not measured: plain-fidelity"
        ]
    )
    assert (painted.pytester.path / "judged").read_text() == "xxx"
    assert {limit["generator_limit"]: limit["stops"] for limit in painted.results()["generator_limits"]} == {
        "good-fidelity": False,
        "good-max_divergence": False,
        "poor-fidelity": True,
        "poor-max_divergence": True,
        "plain-max_copied": False,
    }
