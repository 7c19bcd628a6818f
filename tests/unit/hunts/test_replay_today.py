"""A finding tried again outside of a gate: broken, within today's budget, or neither."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import builders
import pytest
from builders import ByLight, classifier, plain_images

from robustness.errors import RobustnessError
from robustness.evaluation.store import Store
from robustness.hunts.replay import Fate, replay_today, thresholds_beside
from robustness.models.declaration import ModelDeclaration
from robustness.noise import Gaussian, Offset
from robustness.search.hunt import Batch, minimise
from robustness.search.perturbation import Perturbation
from robustness.search.replay import make_finding

IMAGES = plain_images((100, 105, 110, 115, 120))
FILE = Path("findings/net.json")


@pytest.fixture
def finding():
    """Light that flips two of five images, under a budget of 0.2."""
    batch = Batch(classifier(module=ByLight(130.5)), IMAGES, 256)
    found = minimise(batch, Perturbation((Offset(16), Gaussian(1)), 7), Decimal("0.2"))
    return make_finding(found, batch, Decimal("0.2"))


@pytest.fixture
def bench(tmp_path):
    def made(*hunts, threshold=130.5, load="python:module:factory"):
        models, net = [ModelDeclaration("net", load, size=8)], classifier(module=ByLight(threshold))
        return builders.bench(
            IMAGES, net, promises=hunts, models=models, file=tmp_path / "t.toml", store=Store(tmp_path / "store")
        )

    return made


def hunt(budget, light=40, model="net"):
    return builders.hunt(model, (Offset(light), Gaussian(20)), budget)


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
