"""GANs as they train: to the same files after an interruption, towards their images, and classes as often as told."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gan_runs import RUNS, few, killed_in_epoch, run, three_colours, written

from robustness.data import fit_images
from robustness.gan import train as module
from robustness.gan.batches import FIT
from robustness.gan.checkpoint import load_generator
from robustness.gan.condition import Condition
from robustness.gan.pair import Pair
from robustness.gan.train import RESUME, checkpoint_path

pytestmark = pytest.mark.usefixtures("exact_arithmetic")


@pytest.fixture(scope="module")
def colours():
    return few(three_colours())


@pytest.fixture
def checkpoints(monkeypatch):
    monkeypatch.setattr(module, "CHECKPOINTS", (1,))


@pytest.mark.parametrize(
    ("name", "epoch", "step"),
    [
        *((name, 2, "step") for name in RUNS),
        *(("conditional", *where) for where in [(1, "save_state"), (1, "_write_checkpoint"), (2, "_write_losses")]),
    ],
)
def test_a_killed_training_repeated_gives_the_same_files_to_the_bit(
    tmp_path, monkeypatch, colours, checkpoints, name, epoch, step
):
    network, condition = RUNS[name]
    expected = run(colours, tmp_path / "whole", network, condition, epochs=2)
    with monkeypatch.context() as patch:
        killed_in_epoch(patch, epoch, step)
        with pytest.raises(KeyboardInterrupt):
            run(colours, tmp_path / "cut", network, condition, epochs=2)
    torch.rand(7)  # whatever drew from the global generators meanwhile
    np.random.default_rng()
    assert run(colours, tmp_path / "cut", network, condition, epochs=2) == expected
    assert written(tmp_path / "cut") == written(tmp_path / "whole")
    whole, cut = (torch.load(tmp_path / name / RESUME, weights_only=True) for name in ("whole", "cut"))
    for part in ("generator", "discriminator", *(["average"] if network == "convolutional" else [])):
        assert all(torch.equal(whole[part][name], cut[part][name]) for name in whole[part])


@pytest.mark.parametrize("name", ["conditional", "convolutional"])
def test_a_generator_learns_what_its_images_look_like(tmp_path, colours, name):
    """From noise around grey towards the images' mean: one of three channels is bright."""
    run(colours, tmp_path, *RUNS[name], epochs=1)
    run(colours, tmp_path, *RUNS[name], epochs=7)
    wanted = fit_images(colours, FIT).mean(axis=(0, 1, 2))
    before, after = (
        load_generator(checkpoint_path(tmp_path, epoch)).images(np.arange(30) % 3, np.arange(30), 0).mean(axis=(0, 1, 2))
        for epoch in (1, 7)
    )
    assert np.abs(after - wanted).max() < np.abs(before - wanted).max()


def test_classes_come_equally_often_once_the_recipe_has_come_to_that(tmp_path, colours, monkeypatch):
    few = colours.take(np.flatnonzero(colours.labels != 0).tolist() + [0, 1])  # two of the first class
    seen = []
    step = Pair.step
    monkeypatch.setattr(Pair, "step", lambda pair, batch, draws: seen.append(batch[1]) or step(pair, batch, draws))
    run(few, tmp_path / "told", "convolutional", epochs=2, natural_epochs=1)
    natural, balanced = (torch.cat(part).bincount() for part in (seen[: len(seen) // 2], seen[len(seen) // 2 :]))
    assert natural[0] <= 2 < natural[1]
    assert balanced.max() - balanced.min() <= 2  # left over from whole batches
    seen.clear()
    run(few, tmp_path / "untold", "convolutional", Condition(), epochs=2, natural_epochs=1)
    assert torch.cat(seen[len(seen) // 2 :]).bincount()[0] <= 2  # a GAN that knows no classes has none to balance
