"""A generator judged: toy generators whose marks are known, before a judge that names colours."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from builders import COLOURS, NamesColours, Painter, painted
from torch import nn

from robustness.data import Fit, ImageSet
from robustness.errors import RobustnessError
from robustness.gan.condition import Condition
from robustness.gan.judge import judge, judged_values, last_layer
from robustness.gan.sample import Generator
from robustness.models.classifier import Classifier
from robustness.report.text.generators import judged_lines


@pytest.fixture
def judged(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path))

    def judged(paint=None, condition=None, training=None, size=28, losses=None, module=None, painter=None, trained_on=None):
        painter = painter or Painter(*([paint] if paint else []))
        generator = Generator(painter, condition or Condition(COLOURS), losses or {}, trained_on)
        classifier = Classifier("judge", module or NamesColours(), Fit(size))
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
    assert marks.nearest == pytest.approx(1, abs=0.3)
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
    assert (marks.copied, marks.nearest) == (1.0, 0.0)
    samples, images = marks.pairs
    assert samples.shape == (10, 28, 28, 3)
    assert np.array_equal(samples, images)


def test_copies_are_looked_for_among_the_images_it_was_trained_on_alone(judged):
    training = painted(300, 2)
    assert judged(trained_on=training.content_hash).copied is not None
    marks = judged(trained_on=painted(300, 4).content_hash)
    assert (marks.copied, marks.nearest, marks.copy_distance, marks.pairs) == (None, None, None, None)
    assert marks.fidelity == 1.0
    assert "copied              not looked for: the training images" in "\n".join(judged_lines(marks))


def test_classes_that_the_judge_does_not_know_are_named(judged):
    class NeverRed(NamesColours):
        def forward(self, images):
            return super().forward(images) - torch.tensor([0.0, 0.0, 9.0])

    assert "no fidelity       of classes of which the judge names no real image right: red" in "\n".join(
        judged_lines(judged(module=NeverRed()))
    )


def test_samples_like_nothing_seen_are_far_from_the_training_images(judged):
    class Inverted(Painter):
        def forward(self, latents, labels, levels):
            return -super().forward(latents, labels, levels)

    assert judged(painter=Inverted()).nearest > 5


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


def test_losses_that_drift_apart_are_told(judged):
    assert judged().divergence is None
    assert judged(losses={"generator": [1.0, 1.0, 2.0, 4.0], "discriminator": [0.5] * 4}).divergence == 3.0


def test_training_images_that_are_the_test_images_are_refused(judged):
    with pytest.raises(RobustnessError, match="real are the test images themselves: name those the generator was trained on"):
        judged(training=painted(300, 1))


def test_a_judge_of_unknown_code_looks_anew_when_its_code_changed(judged):
    class Darker(NamesColours):
        def forward(self, images):
            return super().forward(images / 2)

    assert judged(module=Darker()).frechet == pytest.approx(judged().frechet / 4, rel=0.1)


def test_a_judge_of_another_size_or_other_classes_is_refused(judged):
    with pytest.raises(RobustnessError, match="judge takes crop-or-pad 40 px, and a generator gives crop-or-pad 28 px"):
        judged(size=40)
    with pytest.raises(RobustnessError, match="the generator knows other classes than real"):
        judged(condition=Condition(("a", "b", "c")))


def test_features_are_what_reaches_the_last_linear_layer():
    assert last_layer(NamesColours()) == "last"
    with pytest.raises(RobustnessError, match="no linear layer"):
        last_layer(nn.Conv2d(3, 3, 1))
