"""What `calibrate` measures, and by which weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import robustness
from robustness.errors import RobustnessError
from robustness.evaluation.store import Store
from robustness.gate.workbench import Workbench
from robustness.kinds import read_thresholds
from robustness.limits.calibrate import FEWEST, by_command, measure_subjects, origin, retrained_files

FILE = """\
schema = 1
[run]
data = "signs"
[models.cnn]
load = "baseline-cnn"
weights = "signs"
[models.held]
load = "fixture"
size = 8
fit = "resize"
[[limits]]
models = ["cnn"]
noise = "clean"
accuracy = 0.9
[[limits]]
models = ["cnn", "held"]
noise = "gaussian"
sigma = [5, 25]
accuracy = [0.8, 0.7]
"""


@pytest.fixture
def thresholds(tmp_path):
    (tmp_path / "thresholds.toml").write_text(FILE)
    return read_thresholds(tmp_path / "thresholds.toml")


def test_an_accuracy_that_a_fixture_has_to_keep_is_left_with_the_reason(thresholds):
    asked, left = by_command(thresholds)
    assert [str(limit.accuracy) for limit in asked] == ["0.9"]
    assert left == [
        "0.8 under gaussian(sigma=5); held lives in a pytest fixture",
        "0.7 under gaussian(sigma=25); held lives in a pytest fixture",
    ]


def test_retrained_weights_are_listed_by_model(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    texts = [f"{name}={number}.pt" for number in range(FEWEST) for name in ("cnn", "other")]
    files = retrained_files(texts, {"cnn", "other"})
    assert files == {name: [tmp_path / f"{number}.pt" for number in range(FEWEST)] for name in ("cnn", "other")}
    with pytest.raises(RobustnessError, match="4 of cnn; give at least 5"):
        retrained_files(["cnn=a.pt"] * (FEWEST - 1), {"cnn"})
    with pytest.raises(RobustnessError, match="did you mean 'cnn'"):
        retrained_files(["cn=a.pt"], {"cnn"})


def test_the_note_says_where_limits_come_from(thresholds):
    assert origin(1.0, False, {}, thresholds) == "measured less 1 point, fixtures left as they were"
    said = origin(0.5, True, {"cnn": [thresholds.file] * 5}, thresholds)
    assert said == "measured less 0.5 points, cnn by the spread of 6 trainings, only ever raised, fixtures left as they were"


def test_networks_of_the_same_weights_are_no_spread(thresholds, tmp_path):
    asked, _ = by_command(thresholds)
    weights = Path(robustness.__file__).parent / "weights"
    others = []
    for number in (1, 2):
        others.append(tmp_path / f"{number}.safetensors")
        for ending in ("safetensors", "card.json"):
            shutil.copyfile(weights / f"baseline-cnn-gtsrb.{ending}", tmp_path / f"{number}.{ending}")
    for retrained in (others, [weights / "baseline-cnn-signs.safetensors"]):  # of each other, and of the declared one
        with (
            Workbench(thresholds, Store(tmp_path / "store")) as bench,
            pytest.raises(RobustnessError, match="two of the networks of cnn have the same weights"),
        ):
            measure_subjects(asked, {"cnn": retrained}, bench)
