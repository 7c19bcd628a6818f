"""A small convolutional network, and how it is trained: in a second or two, the same every time."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from blob_classifier.images import Blobs, training_images

STEPS = 80


def new_network() -> nn.Module:
    """Untrained. It takes float32 images in 0..1 of shape (N, 3, 16, 16), and gives logits."""
    return nn.Sequential(
        *(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(16 * 4 * 4, len(Blobs.classes))),
    )


def trained_network() -> nn.Module:
    blobs = training_images()
    images = torch.from_numpy(np.stack([image for image, _ in blobs])).permute(0, 3, 1, 2).float() / 255
    labels = torch.tensor([label for _, label in blobs])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = new_network()
        optimizer = torch.optim.Adam(network.parameters(), lr=0.005)
        for _ in range(STEPS):
            chosen = torch.randint(len(labels), (64,))
            noisy = images[chosen] + 0.1 * torch.randn(64, 1, 1, 1) * torch.randn_like(images[chosen])
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(noisy), labels[chosen]).backward()
            optimizer.step()
    return network.eval()
