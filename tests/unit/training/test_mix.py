"""What half of the training images give way to: which half, by what, and that the rest stays as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from robustness.cli import main
from robustness.data import Fit, fit_images
from robustness.errors import RobustnessError
from robustness.gan.condition import Condition
from robustness.gan.mix import SampleMix
from robustness.gan.sample import Generator
from robustness.models.baseline_cnn import BaselineCNN
from robustness.models.classifier import Classifier
from robustness.noise import Gaussian, Offset, parse_noises
from robustness.training.batches import Batches
from robustness.training.fit import train
from robustness.training.mix import NoiseMix
from robustness.training.recipes import Recipe

FIT = Fit(8)
RECIPE = Recipe(learning_rate=0.003, batch_size=8, epochs=2, validation_share=0.25)
LIGHTER = NoiseMix((Offset(60),))


class Painter(nn.Module):
    """Plain images: red tells the class, green the level of noise, blue the latent vector."""

    def forward(self, latents, labels, levels):
        noise = levels.sum(dim=1) if levels.shape[1] else torch.zeros(len(labels))
        colours = torch.stack([labels / 10, noise, latents[:, 0].tanh()], dim=1)
        return colours[:, :, None, None].expand(-1, -1, 28, 28).clone()


def samples_of(class_names, noises=()):
    return SampleMix(Generator(Painter(), Condition(class_names, noises)), "painted")


def shown(image_set, mix, epoch=0, fit=FIT):
    """The images of an epoch in the set's order, and which of them are the set's own."""
    batches = Batches(image_set, fit, np.arange(len(image_set)), RECIPE, np.random.SeedSequence([0, epoch]), mix)
    own = fit_images(image_set, fit)
    return batches.images, np.array([np.array_equal(*pair) for pair in zip(batches.images, own, strict=True)])


def test_half_of_the_images_are_shown_otherwise_and_another_half_in_the_next_epoch(colours):
    always = samples_of(colours.class_names)
    (_, first), (_, second) = (shown(colours, always, epoch) for epoch in range(2))
    assert first.sum() == second.sum() == len(colours) / 2
    assert not np.array_equal(first, second)
    assert shown(colours, None)[1].all()


def test_the_same_seed_shows_the_same(colours):
    for mix in (LIGHTER, samples_of(colours.class_names)):
        assert np.array_equal(shown(colours, mix)[0], shown(colours, mix)[0])


def test_noise_is_on_the_image_itself_or_it_stays_clean(colours):
    images, own = shown(colours, LIGHTER)
    assert len(colours) / 2 < own.sum() < len(colours)  # half of the others stay clean
    lighter = np.minimum(fit_images(colours, FIT).astype(int) + 60, 255)
    assert np.array_equal(images[~own], lighter[~own])


def test_samples_are_of_the_image_s_class_and_of_all_noises_and_none_comes_twice(colours):
    noises = parse_noises("paper")[:3]
    images, own = shown(colours, samples_of(colours.class_names, noises), fit=Fit(28))
    painted = images[~own][:, 0, 0].astype(float) / 127.5 - 1
    assert np.array_equal((painted[:, 0] * 10).round(), colours.labels[~own])
    assert np.allclose(np.unique(painted[:, 1].round(1)), [0, 0.1, 0.5, 1])  # clean, and sigma 5, 25, 50
    assert len(np.unique(painted[:, 2])) > 0.7 * len(painted)  # 256 levels tell a few apart no more


def test_samples_come_to_the_network_s_size_as_images_do(colours):
    images, own = shown(colours, samples_of(colours.class_names), fit=Fit(32))
    assert own.sum() == len(colours) / 2
    assert not images[~own][:, :2].any()  # padded with black
    assert images[~own][:, 2:-2, 2:-2].any(axis=(1, 2, 3)).all()


def test_a_generator_of_other_classes_is_refused(colours):
    with pytest.raises(RobustnessError, match="not trained on the classes of colours"):
        shown(colours, samples_of(("red", "blue")))


def test_a_training_with_another_mix_is_another_training(colours, tmp_path):
    def trained(mix, epochs=2):
        torch.manual_seed(0)
        network = BaselineCNN(3, 8)
        train(Classifier("net", network, FIT), colours, replace(RECIPE, epochs=epochs), 0, tmp_path / "net.resume", mix)
        return network

    trained(LIGHTER)
    for other in (None, NoiseMix((Gaussian(60),))):
        with pytest.raises(RobustnessError, match="left by another training"):
            trained(other)


@pytest.mark.parametrize(
    ("named", "said"),
    [("papper", "did you mean 'paper'"), ("absent.safetensors", "absent.safetensors: no such generator; train one with")],
)
def test_a_preset_or_a_generator_that_is_not_there_is_refused(named, said, capsys):
    assert main(["train", "baseline-cnn", "--data", "signs", "--mix", named]) == 2
    assert said in capsys.readouterr().err


def test_hardening_mixes_nothing_in(capsys):
    assert main(["train", "baseline-cnn", "--data", "signs", "--harden", "--mix", "paper"]) == 2
    assert "--mix goes with the other recipes" in capsys.readouterr().err
