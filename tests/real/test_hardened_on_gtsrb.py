"""The shipped hardened network keeps its limits, on every twentieth test image with as much room as so few leave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from robustness.data import fit_images, load_image_set
from robustness.kinds import read_thresholds
from robustness.limits.limit import Limit
from robustness.models.classifier import to_tensor
from robustness.models.load import load_classifier
from robustness.noise import apply

THRESHOLDS = Path(__file__).parents[2] / "examples" / "gtsrb" / "hardened.toml"


@pytest.mark.parametrize("name", ["hardened", "hardened-resized"])
def test_what_ships_is_what_was_measured(name):
    thresholds = read_thresholds(THRESHOLDS)
    classifier = load_classifier(thresholds.models[name], THRESHOLDS.parent)
    images = load_image_set("gtsrb", "test").take(range(0, 12_630, 20))
    pixels = to_tensor(fit_images(images, classifier.fit))
    limits = [limit for limit in thresholds.promises if isinstance(limit, Limit) and limit.model == name]
    assert len(limits) == 10
    for limit in limits:
        noisy = apply(limit.noise, pixels, np.asarray(images.index), thresholds.seed)
        right = np.concatenate([classifier.logits(part).argmax(1).cpu().numpy() for part in noisy.split(256)]) == images.labels
        assert right.mean() >= float(limit.required) - 0.015, str(limit)
