"""`robustness train`: what is given instead of the recipe's is what the card says."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from robustness.cli import main
from robustness.models.checkpoint import load_card


@pytest.fixture
def images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(16):
        folder = tmp_path / "images" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), 100 * (number % 2) + number, np.uint8)).save(folder / f"{number}.png")


def run(*more):
    return main(
        ["train", "baseline-cnn", "--data", "folder:images", "--size", "8", "--epochs", "1", "--out", "net.safetensors", *more]
    )


def test_the_learning_rate_given_is_the_one_used(images, tmp_path, capsys):
    assert run("--learning-rate", "0.002") == 0
    assert load_card(tmp_path / "net.safetensors")["recipe"]["learning_rate"] == 0.002


@pytest.mark.parametrize("rate", ["0", "-1", "2", "nan"])
def test_a_rate_that_trains_nothing_is_refused(images, tmp_path, capsys, rate):
    assert run("--learning-rate", rate) == 2
    assert "--learning-rate is above 0 and at most 1, not " in capsys.readouterr().err
    assert not (tmp_path / "net.safetensors").exists()
