"""Where a classifier breaks on generated images and on real ones: painters whose noise is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from robustness.data import Fit, ImageSet
from robustness.errors import RobustnessError
from robustness.gan.break_point import find_break_points
from robustness.gan.condition import Condition
from robustness.gan.sample import Generator
from robustness.models.classifier import Classifier
from robustness.noise import Clean, Gaussian, Offset
from robustness.report.text.break_points import break_point_lines

FIT = Fit(28)
LIGHTER = Offset(100)
DARK, LIGHT = 20, 150
NAMES = ("dark", "light")


class ByLight(nn.Module):
    """Dark below the middle of the range, light above it."""

    def __init__(self):
        super().__init__()
        self.middle = nn.Parameter(torch.tensor(102 / 255))

    def forward(self, batch):
        excess = batch[:, :1].mean(dim=(1, 2, 3)) - self.middle
        return torch.stack([-excess, excess], dim=1)


class Painter(nn.Module):
    """Dark or light images, lighter by the share of the noise's highest level that it takes them to be."""

    def __init__(self, strength):
        super().__init__()
        self.strength = strength

    def forward(self, latents, labels, levels):
        light = torch.where(labels == 0, DARK, LIGHT) + self.strength * 100 * levels[:, 0]
        return (light / 127.5 - 1)[:, None, None, None].expand(-1, 3, 28, 28).clone()


def find(strength=1.0, condition=None, noise=LIGHTER, of_clean=0.75, fit=FIT, module=None):
    generator = Generator(Painter(strength), condition or Condition(NAMES, (LIGHTER,)))
    pixels = [np.full((28, 28, 3), level, np.uint8) for level in (DARK, LIGHT) * 20]
    real = ImageSet.from_images("plain", pixels, [0, 1] * 20, NAMES)
    return find_break_points(generator, Classifier("net", module or ByLight(), fit), real, noise, of_clean, 0)


def test_a_generator_that_has_learnt_the_noise_breaks_the_classifier_where_real_images_do():
    found = find()
    assert found.magnitudes[:2] == (0, 5)
    assert found.magnitudes[-1] == 100
    assert found.real.accuracies[0] == 1
    assert found.real.break_point == found.generated.break_point == found.noised.break_point == 85
    assert found.real.accuracies == found.generated.accuracies


def test_one_that_paints_too_little_noise_breaks_it_later_or_never():
    assert find(0.9).generated.break_point == 95
    weak = find(0.5)
    assert weak.generated.break_point is None
    assert weak.noised.break_point == 85
    lines = break_point_lines(weak)
    assert len(lines) == 1 + 21 + 3
    assert lines[-3:] == [
        "real images under the noise: below 0.75 of its accuracy without noise from levels 85",
        "samples asked for with it: not below 0.75 of its accuracy without noise up to levels 100",
        "clean samples under it: below 0.75 of its accuracy without noise from levels 85",
    ]


class AllWrong(ByLight):
    def forward(self, batch):
        return -super().forward(batch)


class AlwaysDark(ByLight):
    def forward(self, batch):
        return super().forward(batch * 0)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"fit": Fit(40)}, "a generator gives crop-or-pad 28 px"),
        ({"noise": Clean()}, "no magnitude that grows from nothing"),
        ({"noise": Gaussian(5)}, "does not know the noise gaussian"),
        ({"noise": Offset(101)}, "lies beyond it"),
        ({"of_clean": 0}, "a share lies above 0"),
        ({"condition": Condition((), (LIGHTER,))}, "cannot be asked for a class"),
        ({"module": AllWrong()}, "nothing can break"),
        ({"module": AlwaysDark()}, r"names 20 of 40 images without noise right \(real\), no more than whoever always names"),
    ],
)
def test_what_cannot_be_found_is_refused(changed, said):
    with pytest.raises(RobustnessError, match=said):
        find(**changed)
