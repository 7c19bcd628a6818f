"""What evaluating under noise costs beyond the network: to be 15 % at most for the baseline CNN, 10 % for ResNet50."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robustness.data import Fit, fit_images, load_image_set
from robustness.evaluation.batch import BATCH
from robustness.evaluation.evaluate import evaluate
from robustness.evaluation.forward import batch_size
from robustness.noise import Gaussian, apply
from robustness.training.start import start

NOISE = Gaussian(sigma=25)
NETWORKS = {"baseline-cnn": (40, 5 * BATCH), "torchvision:resnet50": (50, BATCH)}
"""Size of the input, and how many signs: whole batches, so that padding plays no part."""


@pytest.fixture(params=NETWORKS)
def classifier(request):
    torch.manual_seed(0)
    return start(request.param, 43, Fit(NETWORKS[request.param][0]), None).classifier


@pytest.fixture
def signs(classifier):
    return load_image_set("signs").take(np.arange(NETWORKS[classifier.name][1]))


@pytest.fixture(autouse=True)
def _compared_by_network(benchmark, classifier, signs):
    benchmark.group = f"{classifier.name} on {len(signs):,} signs under {NOISE}"


def test_evaluation(benchmark, classifier, signs):
    benchmark(evaluate, classifier, signs, NOISE, 0)


def test_forward_pass(benchmark, classifier, signs):
    """The network alone, in the same batches, which are noisy floats already."""
    noisy = apply(NOISE, fit_images(signs, classifier.fit), signs.index, 0)
    batches = (torch.from_numpy(noisy).permute(0, 3, 1, 2).to(classifier.device) / 255).split(batch_size(classifier))

    @torch.inference_mode()
    def forward():
        return [classifier.module(batch).argmax(dim=1).cpu() for batch in batches]

    benchmark(forward)
