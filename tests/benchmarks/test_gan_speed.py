"""How fast GANs are sampled and trained: `pytest tests/benchmarks -n 0 --benchmark-only`."""

from __future__ import annotations

import pytest

from robustness.bench.clock import has_cuda, times
from robustness.bench.gan import sampling, training_step
from robustness.gan.recipes import NETWORKS
from robustness.gan.sample import BATCH
from robustness.process import torch_threads

SHARE_OF_FLOOR = 0.7
"""What sampling on the CPU is to reach of the speed of its matrix products and convolutions alone."""


@pytest.fixture(autouse=True)
def _one_thread():
    with torch_threads(1):
        yield


@pytest.mark.benchmark(group=f"{BATCH} samples of a GAN")
@pytest.mark.parametrize("network", NETWORKS)
def test_sampling(benchmark, network):
    sample, floor = sampling(network)
    benchmark(sample)  # its images end on the CPU, so it waits for the device
    if not benchmark.stats:  # benchmarks are disabled
        return
    share = min(times(floor, has_cuda())) / benchmark.stats.stats.min
    benchmark.extra_info |= {"images/s": round(BATCH / benchmark.stats.stats.median), "share of the floor": round(share, 2)}
    assert has_cuda() or share >= SHARE_OF_FLOOR


@pytest.mark.benchmark(group="a training step of a GAN")
@pytest.mark.parametrize("network", NETWORKS)
def test_training_step(benchmark, network):
    step, images = training_step(network)
    benchmark(step)  # it reads its losses, so it waits for the device
    if benchmark.stats:
        benchmark.extra_info["images/s"] = round(images / benchmark.stats.stats.median)
