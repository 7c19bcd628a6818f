"""A small project to harden: pictures that are brighter on one side, and a network that looks at two of their pixels."""

from __future__ import annotations

from pathlib import Path

CODE = '''
import numpy as np
import torch
from torch import nn


class Halves(torch.utils.data.Dataset):
    """Pairs of an image, uint8 of shape (8, 8, 3), and 0 where its left half is the brighter one."""

    classes = ("left", "right")

    def __init__(self, images, seed):
        generator = np.random.default_rng(seed)
        self.pairs = []
        for number in range(images):
            image = generator.integers(-15, 16, (8, 8, 3)) + 128
            image[:, :4] += 40 * (1 - 2 * (number % 2))
            image[:, 4:] -= 40 * (1 - 2 * (number % 2))
            self.pairs.append((image.astype(np.uint8), number % 2))

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, place):
        return self.pairs[place]


class Renamed(Halves):
    classes = ("right", "left")


def training():
    return Halves(240, 0)


def overlapping():
    """With one image of the gate's, mirrored, and so of the other class."""
    data = Halves(240, 0)
    image, label = Halves(200, 1)[7]
    data.pairs[30] = (image[:, ::-1].copy(), 1 - label)
    return data


def renamed():
    return Renamed(240, 0)


def gate():
    return Halves(200, 1)


def fragile():
    """It looks at two pixels."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
    with torch.no_grad():
        network[1].weight.zero_()
        network[1].bias.zero_()
        network[1].weight[0, 0] = network[1].weight[1, 7] = 6.0  # both in the red channel
    return network


def silent():
    """It forgets what it has learnt: its weights are in no state dict."""

    class Silent(nn.Module):
        def __init__(self):
            super().__init__()
            object.__setattr__(self, "inner", [fragile()])
            self.bias = nn.Parameter(torch.zeros(2))

        def forward(self, images):
            return self.inner[0](images) + self.bias

    return Silent()


def without_gradient():
    class Frozen(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = fragile()

        def forward(self, images):
            with torch.no_grad():
                return self.inner(images)

    return Frozen()


def refreshed():
    """It takes no weights: loading them draws others."""

    class Stubborn(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = fragile()

        def forward(self, images):
            return self.inner(images)

        def load_state_dict(self, state, strict=True, assign=False):
            return super().load_state_dict({name: tensor * 2 for name, tensor in state.items()}, strict, assign)

    return Stubborn()


def classifier():
    import robustness
    from robustness.data import Fit

    return robustness.Classifier("halves", fragile(), Fit(8, "resize"))
'''

MODEL = """
[models.halves]
load = "python:halves_to_harden:fragile"
size = 8
fit = "resize"
"""

LIMITS = """
[[limits]]
models = ["halves"]
noise = "clean"
accuracy = 0.99

[[limits]]
models = ["halves"]
noise = "gaussian"
sigma = 100
accuracy = 0.9
"""


def write_code(folder: Path) -> None:
    (folder / "halves_to_harden.py").write_text(CODE, encoding="utf-8")


def write_thresholds(file: Path, model: str = MODEL, limits: str = LIMITS) -> Path:
    run = 'schema = 1\n[run]\ndata = "python:halves_to_harden:gate"\n'
    file.write_text(run + model + limits, encoding="utf-8")
    return file
