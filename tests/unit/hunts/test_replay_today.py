"""A finding tried again outside of a gate: broken, within today's budget, or neither."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from robustness.data import Fit, ImageSet
from robustness.errors import RobustnessError
from robustness.gate.thresholds import Thresholds
from robustness.gate.workbench import Workbench
from robustness.hunts.declare import Hunt
from robustness.hunts.replay import Fate, replay_today, thresholds_beside
from robustness.models.classifier import Classifier
from robustness.models.declaration import ModelDeclaration
from robustness.noise import Gaussian, Offset
from robustness.search.hunt import Batch, minimise
from robustness.search.perturbation import Perturbation
from robustness.search.replay import make_finding

IMAGES = ImageSet.from_images(
    "greys", [np.full((8, 8, 3), grey, np.uint8) for grey in (100, 105, 110, 115, 120)], [0] * 5, ["dark", "bright"]
)
FILE = Path("findings/net.json")


class ByLight(nn.Module):
    """Class 1 where the mean grey level is above the threshold."""

    def __init__(self, threshold):
        super().__init__()
        self.threshold = nn.Parameter(torch.tensor(threshold / 255))

    def forward(self, batch):
        excess = batch.mean(dim=(1, 2, 3)) - self.threshold
        return torch.stack([-excess, excess], dim=1)


def classifier(threshold=130.5):
    return Classifier("net", ByLight(threshold), Fit(8))


@pytest.fixture
def finding():
    """Light that flips two of five images, under a budget of 0.2."""
    batch = Batch(classifier(), IMAGES, 256)
    found = minimise(batch, Perturbation((Offset(16), Gaussian(1)), 7), Decimal("0.2"))
    return make_finding(found, batch, Decimal("0.2"))


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))

    def made(*hunts, threshold=130.5, load="python:module:factory"):
        models = {"net": ModelDeclaration("net", load, size=8)}
        made = Workbench(Thresholds(tmp_path / "t.toml", "", "greys", 0, models, {}, promises=hunts))
        made.once("images", lambda: IMAGES)
        made.once(("model", "net"), lambda: classifier(threshold))
        return made

    return made


def hunt(budget, light=40, model="net"):
    return Hunt(model, (Offset(light), Gaussian(20)), Decimal(budget), 256, "t.toml:7")


@pytest.mark.parametrize(
    ("hunts", "threshold", "budget", "fate"),
    [
        ([], 130.5, "0.2", Fate.BROKEN),
        ([], 300, "0.2", Fate.MENDED),
        ([hunt("0.9")], 130.5, "0.9", Fate.WITHIN),
        ([hunt("0.9"), hunt("0.1")], 130.5, "0.1", Fate.BROKEN),
        ([hunt("0.9", light=5), hunt("0.9", model="other")], 130.5, "0.2", Fate.BROKEN),
    ],
)
def test_a_finding_is_held_to_the_least_budget_of_the_hunts_that_it_lies_within(bench, finding, hunts, threshold, budget, fate):
    with bench(*hunts, threshold=threshold) as made:
        today = replay_today(FILE, finding, made)
    assert (str(today.budget), today.fate) == (budget, fate)
    assert today.replayed.right == 5


def test_a_budget_that_is_just_kept_is_not_broken(bench, finding):
    with bench(hunt("0.4")) as made:
        today = replay_today(FILE, finding, made)
    assert (today.replayed.flipped, today.fate) == (2, Fate.WITHIN)


@pytest.mark.parametrize(("name", "load"), [("gone", "python:module:factory"), ("net", "fixture")])
def test_a_model_that_no_command_can_load_is_no_verdict(bench, finding, name, load):
    with bench(load=load) as made, pytest.raises(RobustnessError, match=f"net.json: .*t.toml declares no model '{name}' that"):
        replay_today(FILE, replace(finding, model=name), made)


def test_the_thresholds_of_a_finding_lie_beside_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "project" / "findings" / "net.json"
    assert thresholds_beside(file) == Path("thresholds.toml")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "thresholds.toml").touch()
    assert thresholds_beside(file) == Path("project/thresholds.toml")
