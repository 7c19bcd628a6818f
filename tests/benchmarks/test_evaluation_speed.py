"""What evaluating under noise costs beyond the network: to be 15 % at most for the baseline CNN, 10 % for ResNet50."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from robustness.data import Fit, fit_images, load_image_set
from robustness.evaluation.batch import BATCH
from robustness.evaluation.evaluate import evaluate
from robustness.noise import Gaussian, apply
from robustness.process import torch_threads
from robustness.training.start import start

NOISE = Gaussian(sigma=25)
NETWORKS = {"baseline-cnn": (40, 5 * BATCH), "torchvision:resnet50": (50, BATCH)}
"""Size of the input, and how many signs: whole batches, so that padding plays no part."""
ROUNDS = 3


@pytest.fixture(params=NETWORKS)
def classifier(request):
    torch.manual_seed(0)
    return start(request.param, 43, Fit(NETWORKS[request.param][0]), None).classifier


@pytest.fixture
def signs(classifier):
    return load_image_set("signs").take(np.arange(NETWORKS[classifier.name][1]))


@pytest.fixture(autouse=True)
def _one_thread():
    with torch_threads(1):
        yield


@pytest.mark.benchmark(group=f"evaluation under {NOISE}, over the forward pass")
def test_evaluation(benchmark, classifier, signs):
    """Each round also times the network alone, in the same batches, which are noisy floats already: what else the machine does
    hits both alike."""
    noisy = apply(NOISE, fit_images(signs, classifier.fit), signs.index, 0)
    batches = (torch.from_numpy(noisy).permute(0, 3, 1, 2).to(classifier.device) / 255).split(classifier.batch_size)
    forward_seconds = []

    @torch.inference_mode()
    def forward():
        started = time.perf_counter()
        for batch in batches:
            classifier.module(batch).argmax(dim=1).cpu()
        forward_seconds.append(time.perf_counter() - started)

    forward()
    benchmark.pedantic(evaluate, (classifier, signs, NOISE, 0), setup=forward, rounds=ROUNDS, warmup_rounds=1)
    if benchmark.stats:
        ratios = np.divide(benchmark.stats.stats.data, forward_seconds[-ROUNDS:])
        benchmark.extra_info |= {
            "images/s": round(len(signs) / benchmark.stats.stats.median),
            "times the forward pass": round(float(np.median(ratios)), 2),
        }
