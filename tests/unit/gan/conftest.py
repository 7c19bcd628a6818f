from __future__ import annotations

import numpy as np
import pytest
import torch

from robustness.data import ImageSet

COLOURS = ((220, 30, 30), (30, 220, 30), (30, 30, 220))


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    """Equal to the bit is promised for one machine's CPU; a GPU may add in another order."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def colours():
    """Noisy images of three colours, 30 of each, 20 to 40 pixels wide and high."""
    generator = np.random.default_rng(5)
    images, labels = [], []
    for label, colour in enumerate(COLOURS):
        for _ in range(30):
            noise = generator.integers(-20, 21, (*generator.integers(20, 41, 2), 3))
            images.append((np.array(colour) + noise).clip(0, 255).astype(np.uint8))
            labels.append(label)
    return ImageSet.from_images("colours", images, labels, ["red", "green", "blue"])
