"""scikit-learn's digits as a task: 8 x 8 pixels, and networks that learn them in seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


def split() -> tuple[Pixels, Labels, Pixels, Labels]:
    """Training and test images, uint8 of shape (N, 8, 8), and their labels; every third image is a test image."""
    digits = load_digits()
    images = np.floor(digits.images * 255 / 16 + 0.5).astype(np.uint8)
    test = np.arange(len(images)) % 3 == 0
    return images[~test], digits.target[~test], images[test], digits.target[test]


def write_folder(folder: Path, images: Pixels, names: list[str]) -> Labels:
    """A folder with a sub-folder for each name. The order of `names` becomes alphabetical; returns where each image went."""
    order = sorted(range(len(names)), key=lambda place: (names[place], place))
    for place in order:
        target = folder / names[place]
        target.mkdir(parents=True, exist_ok=True)
        Image.fromarray(images[place]).save(target / f"{place:04}.png")
    return np.array(order)


class Net(nn.Module):
    """A small network; takes (N, channels, 8 or more, 8 or more) in 0..1, and gives `outputs` numbers an image."""

    def __init__(self, channels: int = 1, outputs: int = 10) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, 16, 3), nn.ReLU(), nn.Conv2d(16, 32, 3), nn.ReLU())
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(128, outputs))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.body(images))
        return logits


class Flat(nn.Module):
    """A network without pooling, whose every part has eight-bit kernels; takes (N, channels, 8, 8)."""

    def __init__(self, channels: int = 1, outputs: int = 10) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(channels, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(576, 32), nn.ReLU())
        self.head = nn.Linear(32, outputs)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.net(images))
        return logits


def as_batch(images: Pixels, channels: int = 1) -> torch.Tensor:
    """float32 of shape (N, channels, H, W) in 0..1."""
    return (torch.from_numpy(images).float() / 255)[:, None].repeat(1, channels, 1, 1)


def train(network: nn.Module, batch: torch.Tensor, labels: Labels, epochs: int = 25, rate: float = 3e-3) -> nn.Module:
    """Trained with Adam, on cross entropy, or on binary cross entropy where it gives one number an image."""
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(network.parameters(), rate)
    targets = torch.from_numpy(np.asarray(labels))
    for _ in range(epochs):
        for part in torch.randperm(len(batch)).split(64):
            answer = network(batch[part])
            logits = getattr(answer, "logits", answer)
            if logits.shape[1] == 1:
                loss = nn.functional.binary_cross_entropy_with_logits(logits[:, 0], targets[part].float())
            else:
                loss = nn.functional.cross_entropy(logits, targets[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network.eval()
