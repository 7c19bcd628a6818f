"""How fast noise is made: `pytest tests/benchmarks -n 0 --benchmark-only`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robustness import Gaussian, Periodic, SaltAndPepper, apply

IMAGES = np.random.default_rng(0).integers(0, 256, (256, 40, 40, 3), dtype=np.uint8)


@pytest.mark.parametrize("noise", [Gaussian(sigma=25), Periodic(amplitude=0.25), SaltAndPepper(amount=0.004)])
@pytest.mark.benchmark(group="noise on 256 images of 40x40x3")
def test_reference(benchmark, noise):
    benchmark.extra_info["values"] = IMAGES.size
    benchmark(apply, noise, IMAGES, np.arange(len(IMAGES)), 0)


@pytest.mark.benchmark(group="noise on 256 images of 40x40x3")
def test_bare_torch_randn(benchmark):
    """The floor of every float implementation: draws alone, nothing added."""
    benchmark.extra_info["values"] = IMAGES.size
    benchmark(torch.randn, IMAGES.shape)
