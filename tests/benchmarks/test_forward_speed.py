"""How many images a network should see at once, in which order of memory: the same 512 in batches of several sizes."""

from __future__ import annotations

import pytest
import torch

from robustness.data import Fit
from robustness.training.start import start

IMAGES = 512
SIZES = (32, 64, 256)
LAYOUTS = {"channels last": torch.channels_last, "contiguous": torch.contiguous_format}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("batch_size", SIZES)
@pytest.mark.parametrize("network", ["baseline-cnn", "medium-resnet"])
def test_forward_pass(benchmark, network, batch_size, layout):
    torch.manual_seed(0)
    classifier = start(network, 43, Fit(40), None).classifier
    classifier.module.to(memory_format=LAYOUTS[layout])
    images = torch.randint(0, 256, (IMAGES, 40, 40, 3), dtype=torch.uint8).permute(0, 3, 1, 2).to(classifier.device)
    benchmark.group = f"{network} on {IMAGES} images"
    benchmark(lambda: [classifier.logits(batch).cpu() for batch in images.split(batch_size)])
