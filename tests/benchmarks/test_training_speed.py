"""An epoch of training beside a plain torchvision loop of the same network, images and augmentation, in one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from robustness.data import Fit, fit_images, load_image_set
from robustness.process import torch_threads
from robustness.training.augment import STUDY
from robustness.training.batches import Batches
from robustness.training.fit import _schedule, _train_epoch
from robustness.training.recipes import RECIPES
from robustness.training.start import start

NETWORKS = {"small-resnet": 640, "torchvision:resnet18": 320}
"""Signs of 40 pixels in an epoch: whole batches."""
FIT = Fit(40)
ROUNDS = 3
SLOWEST = 0.9
"""Of the plain loop's images a second, what ours is to reach."""


class Signs(Dataset):
    """As one would write it for torchvision: uint8 of shape (3, height, width), augmented one by one."""

    def __init__(self, images, labels, augment):
        self.images, self.labels, self.augment = torch.from_numpy(images.copy()).permute(0, 3, 1, 2), labels, augment

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, place):
        return self.augment(self.images[place]).float() / 255, int(self.labels[place])


@pytest.fixture(autouse=True)
def _one_thread():
    with torch_threads(1):
        yield


@pytest.mark.benchmark(group="an epoch")
@pytest.mark.parametrize("augmentation", ["none", "study"])
@pytest.mark.parametrize("network", NETWORKS)
def test_an_epoch_beside_a_plain_loop(benchmark, network, augmentation):
    images = load_image_set("signs", "train").take(np.arange(NETWORKS[network]))
    recipe = replace(RECIPES["default"], augmentation=augmentation)
    torch.manual_seed(0)
    classifier = start(network, len(images.class_names), FIT, None).classifier
    module = classifier.module
    optimizer = torch.optim.AdamW(module.parameters(), lr=recipe.learning_rate, weight_decay=0)
    schedule = _schedule(optimizer, recipe, len(images))
    augment = STUDY if augmentation == "study" else nn.Identity()
    loader = DataLoader(Signs(fit_images(images, FIT), images.labels, augment), recipe.batch_size, shuffle=True)

    def ours():
        batches = Batches(images, FIT, np.arange(len(images)), recipe, np.random.SeedSequence(0))
        _train_epoch(classifier, optimizer, schedule, batches, images.class_names, "")

    def plain():
        module.train()
        for batch, labels in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(module(batch.contiguous(memory_format=torch.channels_last)), labels).backward()
            optimizer.step()

    benchmark.pedantic(ours, rounds=1)
    if not benchmark.stats:  # benchmarks are disabled
        return
    seconds: dict[Callable[[], None], list[float]] = {plain: [], ours: []}
    for loop in [plain, ours] * (ROUNDS + 1):  # in turns, so that whatever else the machine does slows both
        begun = time.perf_counter()
        loop()
        seconds[loop].append(time.perf_counter() - begun)
    best = {loop: min(spent[1:]) for loop, spent in seconds.items()}
    share = statistics.median(theirs / mine for theirs, mine in zip(seconds[plain][1:], seconds[ours][1:], strict=True))
    speeds = {f"images/s, {name}": round(len(images) / best[loop]) for name, loop in (("ours", ours), ("plain", plain))}
    benchmark.extra_info |= {**speeds, "ours over plain": round(share, 2)}
    assert share >= SLOWEST
