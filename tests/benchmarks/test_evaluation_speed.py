"""What evaluating under noise costs beyond the network: the ratio of these two is to be 1.15 at most."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robustness.data import fit_images, load_image_set
from robustness.evaluation.batch import BATCH
from robustness.evaluation.evaluate import evaluate
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
from robustness.noise import Gaussian, apply

NOISE = Gaussian(sigma=25)
pytestmark = pytest.mark.benchmark(group="baseline CNN on 1,280 signs under gaussian(sigma=25)")


@pytest.fixture(scope="module")
def classifier():
    return load_classifier(ModelDeclaration("baseline-cnn", load="baseline-cnn", weights="signs", size=40))


@pytest.fixture(scope="module")
def whole_batches():
    """Signs that fill five batches, so that padding plays no part."""
    return load_image_set("signs").take(np.arange(5 * BATCH))


def test_evaluation(benchmark, classifier, whole_batches):
    benchmark(evaluate, classifier, whole_batches, NOISE, 0)


def test_forward_pass(benchmark, classifier, whole_batches):
    """The network alone, on float batches that are noisy already, in channels-last order: convolutions are fastest so."""
    noisy = apply(NOISE, fit_images(whole_batches, classifier.fit), whole_batches.index, 0)
    batches = (torch.from_numpy(noisy).permute(0, 3, 1, 2).to(classifier.device) / 255).split(BATCH)

    @torch.inference_mode()
    def forward():
        return [classifier.module(batch).argmax(dim=1).cpu() for batch in batches]

    benchmark(forward)
