from __future__ import annotations

import numpy as np
import pytest

from robustness.data import ImageSet

COLOURS = ((220, 30, 30), (30, 220, 30), (30, 30, 220))


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def _exactly(exact_arithmetic):
    pass


@pytest.fixture
def colours():
    """Noisy images of three colours, 8 to 16 pixels wide and high, in four tracks of four frames per colour."""
    generator = np.random.default_rng(5)
    images, labels, tracks = [], [], []
    for label, colour in enumerate(COLOURS):
        for track in range(4):
            for _ in range(4):
                noise = generator.integers(-30, 31, (*generator.integers(8, 17, 2), 3))
                images.append((np.array(colour) + noise).clip(0, 255).astype(np.uint8))
                labels.append(label)
                tracks.append(10 * label + track)
    return ImageSet.from_images("colours", images, labels, ["red", "green", "blue"], tracks)
