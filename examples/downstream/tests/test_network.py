"""The project's own tests, beside the gate."""

from __future__ import annotations

import torch
from blob_classifier.network import new_network

from robustness import SaltAndPepper


def test_logits_of_three_classes():
    assert new_network()(torch.zeros(2, 3, 16, 16)).shape == (2, 3)


def test_rings_survive_dead_pixels(blob_network, test_set, accuracy):
    assert accuracy(blob_network, test_set.only("ring"), SaltAndPepper(amount=0.004)) >= 0.9
