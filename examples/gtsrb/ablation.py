"""What each idea for a hardened network brings in a short training: one row a call, `python examples/gtsrb/ablation.py ROW`.

Eight epochs on a quarter of GTSRB's training tracks, and the accuracy on every third image of tracks that are held out: clean,
and under the study's nine noises. No test image is read. Two minutes of one core a row, under OMP_NUM_THREADS=1.

With a file of medium-resnet's weights in place of ROW it trains nothing: these are measured with and without filter and zooms.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from robustness.data import Fit, ImageSet, Preparation, fit_images, load_image_set
from robustness.models.checkpoint import load_weights
from robustness.models.classifier import to_tensor
from robustness.models.residual import Residual
from robustness.models.zoom_resnet import ZoomResNet
from robustness.noise import Clean, apply, parse_noises
from robustness.training import augment
from robustness.training.batches import Batch, Batches
from robustness.training.recipes import RECIPES, Recipe
from robustness.training.split import split_by_track

EPOCHS = 8


@dataclass(frozen=True)
class Row:
    """size, resized: what the network is given. stem: pixels a side of its first convolution, whose stride is 2 beyond 3.

    view: what a view is resampled to, 0 for the input's own size. averaged: means of 2 by 2 in place of strides.
    """

    size: int = 40
    resized: bool = False
    stem: int = 5
    strides: tuple[int, ...] = (1, 2, 2, 2)
    zooms: tuple[float, ...] = (1.0,)
    view: int = 0
    antialias: bool = False
    averaged: bool = False
    rate: float = 0.004
    smoothing: float = 0.05
    batch: int = 128
    scale: float = 1.3
    ema: float = 0.0


THREE = (1.0, 1.25, 1.5)
ROWS = {
    "medium-resnet": Row(stem=3, strides=(2, 2, 2, 2)),
    "stem": Row(),
    "averaged": Row(averaged=True),
    "ema": Row(ema=0.995),
    "rate": Row(rate=0.008),
    "low-rate": Row(rate=0.002, smoothing=0.0),
    "batch": Row(batch=64),
    "zooms": Row(zooms=THREE),
    "zooms-scaled": Row(zooms=THREE, scale=1.6),
    "zooms-four": Row(zooms=(*THREE, 1.9)),
    "zooms-48": Row(zooms=THREE, view=48),
    "resized": Row(size=64, resized=True, strides=(2, 2, 2, 1)),
    "resized-zooms": Row(size=64, resized=True, strides=(2, 2, 2, 1), zooms=THREE),
    "resized-views": Row(size=64, resized=True, zooms=THREE, view=40),
    "resized-antialiased": Row(size=64, resized=True, zooms=THREE, view=40, antialias=True),
}


class Averaged(Residual):
    """Means of 2 by 2 where a residual block has strides."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__(before, width, stride)
        if stride == 2:
            mean = nn.AvgPool2d(2, ceil_mode=True)
            self.shortcut = nn.Sequential(mean, nn.Conv2d(before, width, 1, bias=False), nn.BatchNorm2d(width))
            first = nn.Conv2d(before, width, 3, padding=1, bias=False)
            second = nn.Conv2d(width, width, 3, padding=1, bias=False)
            self.body = nn.Sequential(first, nn.BatchNorm2d(width), nn.ReLU(), mean, second, nn.BatchNorm2d(width))


class Network(nn.Module):
    """The residual network of a row, behind its zooms: one drawn in training, the mean of all in evaluation."""

    WIDTHS = (32, 64, 128, 192)

    def __init__(self, row: Row, classes: int) -> None:
        super().__init__()
        self.row = row
        first, last = self.WIDTHS[0], self.WIDTHS[-1]
        stem = nn.Conv2d(3, first, row.stem, 2 if row.stem > 3 else 1, padding=row.stem // 2, bias=False)
        block = Averaged if row.averaged else Residual
        shapes = zip((first, *self.WIDTHS[:-1]), self.WIDTHS, row.strides, strict=True)
        self.trunk = nn.Sequential(
            nn.Sequential(stem, nn.BatchNorm2d(first), nn.ReLU()), nn.Sequential(*(block(*shape) for shape in shapes))
        )
        self.head = nn.Linear(last, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        zooms = self.row.zooms
        if self.training:
            return self.logits(images, zooms[int(torch.randint(len(zooms), ()))])
        return torch.stack([self.logits(images, zoom) for zoom in zooms]).mean(0)

    def logits(self, images: torch.Tensor, zoom: float) -> torch.Tensor:
        size = images.shape[-1]
        kept, pixels = round(size / zoom / 2) * 2, self.row.view or size
        before = (size - kept) // 2
        images = images[..., before : before + kept, before : before + kept]
        if kept != pixels:
            images = functional.interpolate(images, (pixels, pixels), mode="bilinear", antialias=self.row.antialias)
        logits: torch.Tensor = self.head(self.trunk(images).mean((2, 3)))
        return logits


def images() -> tuple[ImageSet, ImageSet]:
    """A quarter of the tracks to train on, and every third image of the twentieth held out."""
    whole = load_image_set("gtsrb", "train")
    training, held_out = split_by_track(whole, 0.05, 0)
    _, quarter = split_by_track(whole.take(training), 0.25, 1)
    return whole.take(training[quarter]), whole.take(held_out[::3])


def train(row: Row, training: ImageSet, fit: Preparation) -> nn.Module:
    """The row's network after its epochs, or the running mean of its weights."""
    augment.SCALE = row.scale
    torch.manual_seed(0)
    network = Network(row, len(training.class_names)).to(memory_format=torch.channels_last)
    mean = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=row.rate, weight_decay=0.02)
    steps = EPOCHS * -(-len(training) // row.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, row.rate, total_steps=steps)
    recipe = replace(RECIPES["harden"], epochs=EPOCHS, batch_size=row.batch)
    network.train()
    for step, (shown, labels) in enumerate(_batches(training, fit, recipe), 1):
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(_values(shown))
        loss = functional.cross_entropy(logits.float(), labels, label_smoothing=row.smoothing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if row.ema:
            _follow(mean, network, 1 - min(row.ema, (1 + step) / (10 + step)))
    return (mean if row.ema else network).eval()


def _batches(training: ImageSet, fit: Preparation, recipe: Recipe) -> Iterator[Batch]:
    for epoch in range(EPOCHS):
        yield from Batches(training, fit, np.arange(len(training)), recipe, np.random.SeedSequence([0, epoch]))


def _values(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.float().div(255).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def _follow(mean: nn.Module, network: nn.Module, share: float) -> None:
    for slow, now in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
        slow.lerp_(now, share) if slow.is_floating_point() else slow.copy_(now)


@torch.no_grad()
def accuracies(network: nn.Module, held_out: ImageSet, fit: Preparation) -> list[float]:
    """Per cent: clean, and each of the study's nine."""
    pixels, labels = to_tensor(fit_images(held_out, fit)), torch.from_numpy(held_out.labels.copy())
    found = []
    for noise in (Clean(), *parse_noises("paper")):
        noisy = apply(noise, pixels, np.asarray(held_out.index), 0)
        answers = torch.cat([network(_values(part)).argmax(1) for part in noisy.split(256)])
        found.append(100 * (answers == labels).float().mean().item())
    return found


def _told(row: Row) -> str:
    return ", ".join(f"{field.name}={value}" for field in fields(row) if (value := getattr(row, field.name)) != field.default)


def _show(name: str, found: list[float], took: float) -> None:
    clean, *nine = found
    each = ", ".join(f"{one:.1f}" for one in nine)
    print(f"{name}: clean {clean:.1f}, mean of nine {sum(nine) / 9:.1f} ({each}), {took:.0f} s")


def measure(weights: Path, held_out: ImageSet) -> None:
    """These weights as they are, under both preparations, with the filter and without, behind one view and all."""
    for fit, filtered, views in product((Fit(40), Fit(64, "resize")), (False, True), (1, 3)):
        network = ZoomResNet(len(held_out.class_names), fit.size)
        network.load_state_dict(load_weights(weights))
        network.views = network.views[:views]
        network.filter = network.filter if filtered else nn.Identity()
        begun = time.time()
        found = accuracies(network.eval(), held_out, fit)
        _show(f"{fit}, {'filtered, ' if filtered else ''}views {views}", found, time.time() - begun)


if __name__ == "__main__":
    rows = "".join(f"\n  {name:20} {_told(row)}" for name, row in ROWS.items())
    text = f"{__doc__}\nrows, and where each differs from `stem`:{rows}"
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", metavar="ROW", help="one of the rows above, or a file of weights")
    name = parser.parse_args().row
    if name not in ROWS and not Path(name).is_file():
        parser.error(f"{name} is neither a row, {', '.join(ROWS)}, nor a file")
    training, held_out = images()
    if name in ROWS:
        row, begun = ROWS[name], time.time()
        fit = Fit(row.size, "resize" if row.resized else "crop-or-pad")
        network = train(row, training, fit)
        took = time.time() - begun
        _show(name, accuracies(network, held_out, fit), took)
    else:
        measure(Path(name), held_out)
