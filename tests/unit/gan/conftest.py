from __future__ import annotations

import numpy as np
import pytest

from robustness.data import ImageSet

COLOURS = ((220, 30, 30), (30, 220, 30), (30, 30, 220))


@pytest.fixture(autouse=True)
def _exactly(exact_arithmetic):
    pass


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
