"""A release frozen: what goes into the file, and what is left out and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.evaluation.baseline import read_baseline
from robustness.gate.workbench import Workbench
from robustness.kinds import read_thresholds
from robustness.limits.baseline import freeze
from robustness.models.load import load_classifier
from robustness.noise import Gaussian, parse_noise

HEAD = """\
schema = 1
[run]
data = "signs"
seed = 3
[models.cnn]
load = "baseline-cnn"
weights = "signs"
[models.held]
load = "fixture"
size = 8
fit = "resize"
[noises.mist]
load = "python:mist_of_the_baseline:mist"
magnitude = "share"
"""
LIMITS = """\
[[limits]]
models = ["cnn", "held"]
noise = "gaussian"
sigma = [5, 25]
accuracy = [0, 0]
[[limits]]
models = ["cnn"]
noise = "gaussian"
sigma = 5
max_flips = 1
[[limits]]
models = ["cnn"]
noise = "mist"
share = 0.5
accuracy = 0
"""
OF_FIXTURES = '[[limits]]\nmodels = ["held"]\nnoise = "clean"\naccuracy = 0\n'


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mist_of_the_baseline.py").write_text("def mist(images, share):\n    return images\n")
    greys = ImageSet.from_images("greys", np.full((4, 40, 40, 3), 90, np.uint8), [0, 1, 2, 3], [str(n) for n in range(43)])

    def made(limits=LIMITS):
        (tmp_path / "thresholds.toml").write_text(HEAD + limits)
        made = Workbench(read_thresholds(tmp_path / "thresholds.toml"))
        made.once("images", lambda: greys)
        return made

    monkeypatch.setattr("robustness.gate.workbench.load_classifier", _load)
    return made


def _load(declaration, base):
    """Whatever the classes of the images are called."""
    return replace(load_classifier(declaration, base), class_names=None)


def test_every_model_is_frozen_clean_and_under_each_of_its_noises_once(bench, tmp_path):
    with bench() as made:
        frozen = freeze(made, tmp_path / "baselines" / "v1.safetensors")
    assert (frozen.cases, frozen.left_out) == (
        3,
        (
            "held lives in a pytest fixture; `--from results.json` of a gate freezes it too",
            "mist(share=0.5) may make other bytes elsewhere",
        ),
    )
    baseline = read_baseline(tmp_path / "baselines" / "v1.safetensors")
    assert (baseline.data, baseline.seed) == ("greys", 3)
    assert list(baseline.cases) == [("cnn", "clean"), ("cnn", "gaussian(sigma=5)"), ("cnn", "gaussian(sigma=25)")]


def test_a_release_that_is_there_stays(bench, tmp_path):
    (tmp_path / "v1.safetensors").write_text("mine")
    with bench() as made, pytest.raises(RobustnessError, match="v1.safetensors is there already and stays as it is"):
        freeze(made, tmp_path / "v1.safetensors")
    assert (tmp_path / "v1.safetensors").read_text() == "mine"


def test_what_no_limit_is_about_yet_is_kept_for_limits_to_come(bench, tmp_path):
    """The road to a drop begins with a file that may have no limit on this model at all."""
    with bench(OF_FIXTURES) as made:
        frozen = freeze(made, tmp_path / "v1.safetensors", [Gaussian(0), Gaussian(50), parse_noise("offset(levels=9)")])
    assert frozen.cases == 3
    held = read_baseline(tmp_path / "v1.safetensors").cases
    assert list(held) == [("cnn", "clean"), ("cnn", "gaussian(sigma=50)"), ("cnn", "offset(levels=9)")]


def test_where_nothing_can_be_frozen_the_reasons_are_said(bench, tmp_path):
    alone = HEAD.replace('[models.cnn]\nload = "baseline-cnn"\nweights = "signs"\n', "") + OF_FIXTURES
    (tmp_path / "alone.toml").write_text(alone)
    made, words = Workbench(read_thresholds(tmp_path / "alone.toml")), "nothing in it can be saved; held lives in a pytest"
    with made, pytest.raises(RobustnessError, match=words):
        freeze(made, tmp_path / "v1.safetensors")
    assert not (tmp_path / "v1.safetensors").exists()
