"""A generator judged: toy generators whose marks are known, before a judge that names colours."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from robustness.data import Fit, ImageSet
from robustness.errors import RobustnessError
from robustness.gan.condition import Condition
from robustness.gan.judge import judge, last_layer
from robustness.gan.sample import Generator
from robustness.models.classifier import Classifier
from robustness.report.generators import judged_values

COLOURS = ("blue", "green", "red")
CHANNEL = torch.tensor([2, 1, 0])


class Painter(nn.Module):
    """Flat images of the class's colour, lighter or darker by the first latent number; `paint` may change what is asked."""

    def __init__(self, paint=lambda labels, latents: (labels, latents)):
        super().__init__()
        self.paint = paint

    def forward(self, latents, labels, levels):
        labels, latents = self.paint(labels, latents)
        images = torch.full((len(labels), 3, 28, 28), -1.0)
        images[torch.arange(len(labels)), CHANNEL[labels]] = (latents[:, 0].tanh() * 0.4 + 0.4)[:, None, None]
        return images + (latents[:, 1].tanh() * 0.1 + 0.1)[:, None, None, None]


class NamesColours(nn.Module):
    """Features: the mean of each channel; the class: the largest."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(3, 3, bias=False)
        with torch.no_grad():
            self.last.weight.copy_(torch.eye(3).flip(0))

    def forward(self, images):
        return self.last(images.mean(dim=(2, 3)))


def painted(count, seed, names=COLOURS):
    """Real images: what a faithful painter paints from other latent vectors."""
    generator = Generator(Painter(), Condition(COLOURS))
    labels = np.arange(count) % 3
    images = generator.images(labels, np.arange(count), seed)
    return ImageSet.from_images("real", images, labels.tolist(), names)


@pytest.fixture
def judged(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path))

    def judged(paint=None, condition=None, training=None, size=28):
        generator = Generator(Painter(*([paint] if paint else [])), condition or Condition(COLOURS))
        classifier = Classifier("judge", NamesColours(), Fit(size))
        return judge(generator, classifier, painted(300, 1), training or painted(300, 2), 3)

    return judged


def test_a_faithful_generator_is_as_good_as_the_real_images(judged):
    marks = judged()
    assert (marks.fidelity, marks.collapsed) == (1.0, ())
    assert [(label.name, label.images, label.right) for label in marks.classes] == [(name, 100, 100) for name in COLOURS]
    assert marks.classes[0].low == pytest.approx(0.025 ** (1 / 100))
    assert marks.classes[0].high == 1
    assert min(marks.precision, marks.recall) > 0.7
    assert marks.frechet < 0.01
    assert all(label.variety == pytest.approx(1, abs=0.3) for label in marks.classes)
    assert marks.copied < 0.1
    assert json.loads(json.dumps(judged_values(marks)))["classes"][0]["fidelity"] == 1.0


def test_a_class_painted_as_another_has_no_fidelity(judged):
    marks = judged(lambda labels, latents: (torch.where(labels == 2, 1, labels), latents))
    assert marks.fidelity == pytest.approx(2 / 3)
    assert (marks.worst.name, marks.worst.fidelity) == ("red", 0.0)
    assert marks.recall < 0.7
    assert marks.frechet > judged().frechet


def test_one_image_again_and_again_is_a_collapse_of_its_class(judged):
    def paint(labels, latents):
        return labels, torch.where((labels == 0)[:, None], latents * 0, latents)

    marks = judged(paint)
    assert marks.collapsed == ("blue",)
    assert marks.classes[0].variety == 0
    assert marks.fidelity == 1.0


def test_copies_of_training_images_are_told(judged):
    """The training images are what the generator paints for the seed it is asked with."""
    marks = judged(training=painted_by_class(300, 3))
    assert marks.copied == 1.0


def painted_by_class(count, seed):
    """As the judge asks for them: numbered from 0 in each class."""
    generator = Generator(Painter(), Condition(COLOURS))
    labels = np.arange(count) % 3
    images = generator.images(labels, np.arange(count) // 3, seed)
    return ImageSet.from_images("training", images, labels.tolist(), COLOURS)


def test_without_classes_there_is_no_fidelity_but_the_rest(judged):
    marks = judged(lambda labels, latents: ((latents[:, 2] > 0).long(), latents), Condition())
    assert (marks.fidelity, marks.worst, marks.classes) == (None, None, ())
    assert marks.recall < 0.8  # nothing red
    assert judged_values(marks)["fidelity"] is None


def test_a_judge_of_another_size_or_other_classes_is_refused(judged):
    with pytest.raises(RobustnessError, match="judge takes crop-or-pad 40 px, and a generator gives crop-or-pad 28 px"):
        judged(size=40)
    with pytest.raises(RobustnessError, match="the generator knows other classes than real"):
        judged(condition=Condition(("a", "b", "c")))


def test_features_are_what_reaches_the_last_linear_layer():
    assert last_layer(NamesColours()) == "last"
    with pytest.raises(RobustnessError, match="no linear layer"):
        last_layer(nn.Conv2d(3, 3, 1))
