"""Layers and parameters against the study's printed networks; what any pair of networks here must do."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from robustness.gan.condition import Condition
from robustness.gan.networks import StudyDiscriminator, StudyGenerator
from robustness.gan.recipes import NETWORKS
from robustness.models.layers import parameter_count
from robustness.noise import PRESETS

CLASSES = tuple(f"{number:02d}" for number in range(43))
CONDITIONS = {
    "none": Condition(),
    "class": Condition(CLASSES),
    "noise": Condition((), PRESETS["paper"]),
    "both": Condition(CLASSES, PRESETS["paper"]),
}
every_condition = pytest.mark.parametrize("condition", CONDITIONS.values(), ids=CONDITIONS)
every_network = pytest.mark.parametrize("network", NETWORKS)


def shapes(network):
    """Of each layer: its kind, and the lengths of its input and output, of its input alone, or what it is set to."""
    told: list[tuple[object, ...]] = []
    for layer in network.layers:
        match layer:
            case nn.Linear():
                told.append(("Linear", layer.in_features, layer.out_features))
            case nn.BatchNorm1d():
                told.append(("BatchNorm1d", layer.num_features, layer.eps))
            case nn.LeakyReLU():
                told.append(("LeakyReLU", layer.negative_slope))
            case _:
                told.append((type(layer).__name__,))
    return told


def test_the_generator_is_the_studys():
    network = StudyGenerator(Condition())
    assert parameter_count(network) == 3_117_232
    assert shapes(network) == [
        *[("Linear", 100, 128), ("LeakyReLU", 0.2)],
        *[("Linear", 128, 256), ("BatchNorm1d", 256, 0.8), ("LeakyReLU", 0.2)],
        *[("Linear", 256, 512), ("BatchNorm1d", 512, 0.8), ("LeakyReLU", 0.2)],
        *[("Linear", 512, 1024), ("BatchNorm1d", 1024, 0.8), ("LeakyReLU", 0.2)],
        *[("Linear", 1024, 2352), ("Tanh",)],
    ]


def test_the_discriminator_is_the_studys():
    network = StudyDiscriminator(Condition())
    assert parameter_count(network) == 1_336_321
    assert shapes(network) == [
        *[("Linear", 2352, 512), ("LeakyReLU", 0.2)],
        *[("Linear", 512, 256), ("LeakyReLU", 0.2)],
        *[("Linear", 256, 1), ("Sigmoid",)],
    ]


def test_the_conditional_twins_differ_in_their_first_layer_alone():
    for kind, width, first in ((StudyGenerator, 100, 128), (StudyDiscriminator, 2352, 512)):
        plain, conditional = kind(Condition()), kind(CONDITIONS["class"])
        assert conditional.condition.embedding is not None
        assert conditional.condition.embedding.weight.shape == (43, 43)
        assert shapes(conditional) == [("Linear", width + 43, first), *shapes(plain)[1:]]
        assert parameter_count(conditional) - parameter_count(plain) == 43 * 43 + 43 * first


@every_network
@every_condition
def test_generators_give_images_and_discriminators_a_verdict_on_each(network, condition):
    generator = NETWORKS[network].generator(condition)
    discriminator = NETWORKS[network].discriminator(condition)
    asked = (torch.randint(0, 43, (6,)), torch.rand(6, len(condition.highest)))
    images = generator(torch.randn(6, 100), *asked)
    assert images.shape == (6, 3, 28, 28)
    assert images.dtype == torch.float32
    assert -1 <= images.min() < images.max() <= 1
    verdicts = discriminator(images, *asked)
    assert verdicts.shape == (6,)
    if network == "study":
        assert 0 < verdicts.min() <= verdicts.max() < 1


@every_network
def test_both_networks_heed_class_and_noise(network):
    condition = CONDITIONS["both"]
    generator = NETWORKS[network].generator(condition).eval()
    discriminator = NETWORKS[network].discriminator(condition).eval()
    latents, clean = torch.randn(1, 100), torch.zeros(1, 3)
    images = generator(latents, torch.tensor([0]), clean)
    for label, levels in ((1, clean), (0, torch.tensor([[0, 0.5, 0]]))):
        asked = (torch.tensor([label]), levels)
        assert not torch.equal(generator(latents, *asked), images)
        assert not torch.equal(discriminator(images, *asked), discriminator(images, torch.tensor([0]), clean))


@every_network
@every_condition
def test_a_trained_generator_does_not_mix_the_images_of_a_batch(network, condition):
    generator = NETWORKS[network].generator(condition).eval()
    latents, labels = torch.randn(5, 100), torch.arange(5)
    levels = torch.rand(5, len(condition.highest))
    together = generator(latents, labels, levels)
    for place in range(5):
        alone = generator(*(part[place : place + 1] for part in (latents, labels, levels)))
        assert torch.allclose(alone, together[place : place + 1], atol=1e-5)


def test_no_layer_of_the_convolutional_discriminator_stretches_its_input():
    torch.manual_seed(0)
    discriminator = NETWORKS["convolutional"].discriminator(CONDITIONS["both"])
    asked = (torch.zeros(8, dtype=torch.int64), torch.zeros(8, 3))
    for _ in range(30):  # each pass is one power iteration
        discriminator(torch.rand(8, 3, 28, 28), *asked)
    weights = [part.weight for part in discriminator.modules() if isinstance(part, nn.Conv2d | nn.Linear | nn.Embedding)]
    assert len(weights) == 7
    for weight in weights:
        assert torch.linalg.matrix_norm(weight.detach().flatten(1), 2).item() == pytest.approx(1, abs=0.1)
