"""How fast noise is made, beside other libraries: `pytest tests/benchmarks -n 0 --benchmark-only`."""

from __future__ import annotations

import math

import pytest
import torch

from robustness.bench.noise import CUDA_IMAGES, UnavailableError, contenders, prepare, sample
from robustness.process import torch_threads


@pytest.fixture(autouse=True)
def _one_thread():
    with torch_threads(1):
        yield


@pytest.mark.parametrize("contender", contenders(), ids=lambda contender: f"{contender.group} {contender.name}")
def test_noise(benchmark, contender):
    images = sample(contender, CUDA_IMAGES if contender.cuda else 256, 40)
    try:
        call = prepare(contender, images)
    except UnavailableError as error:
        pytest.skip(str(error))
    benchmark.group = f"{contender.group}, {len(images):,} images of 40x40x3"
    benchmark(_finished(call) if contender.cuda else call)
    values = math.prod(images.shape)
    benchmark.extra_info["values"] = values
    if benchmark.stats:  # none where benchmarks are disabled
        benchmark.extra_info["M values/s"] = round(values / benchmark.stats.stats.median / 1e6, 1)


def _finished(call):
    """The call with what it started on the device."""

    def run():
        call()
        torch.cuda.synchronize()

    return run
