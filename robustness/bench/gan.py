"""How fast a GAN is sampled and trained.

Sampling is measured against its floor: the same generator's matrix products and convolutions alone, on inputs of the same
shapes, in the same run. What lies between them are latent vectors, biases, normalisation, activations and bytes.
"""

from __future__ import annotations

import copy
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from robustness.bench.clock import ROUNDS, Call, has_cuda, times
from robustness.data.sign_names import SIGN_NAMES
from robustness.gan.condition import Condition
from robustness.gan.networks import SIZE
from robustness.gan.pair import Pair
from robustness.gan.recipes import NETWORKS
from robustness.gan.sample import BATCH, Generator
from robustness.process import torch_threads
from robustness.report.text.table import table

CONDITION = Condition(SIGN_NAMES)


@dataclass(frozen=True)
class Measurement:
    """images: that one call makes or learns from. floor_seconds: of the products alone, for sampling."""

    name: str
    images: int
    seconds: float
    floor_seconds: float | None = None


def run_gan_benchmarks() -> list[Measurement]:
    """Time the sampling and the training step of every GAN, on the GPU where there is one, else on one core."""
    cuda = has_cuda()
    with torch_threads(1), tqdm(total=2 * len(NETWORKS), desc="timing", leave=False, disable=None) as bar:
        measured = []
        for measure in (_sampling, _training):
            for network in NETWORKS:
                measured.append(measure(network, cuda))
                bar.update()
    return measured


def gan_table(measured: Sequence[Measurement]) -> list[str]:
    """The measurements as text."""
    rows = [
        [
            row.name,
            f"{1000 * row.seconds:,.1f}",
            f"{row.images / row.seconds:,.0f}",
            f"{row.floor_seconds / row.seconds:.2f}" if row.floor_seconds else "",
        ]
        for row in measured
    ]
    head = ["", "ms", "images/s", "share of the floor"]
    return [f"GANs on {'CUDA' if has_cuda() else 'one core'}", *(f"  {line}" for line in table(head, rows, left=1))]


def sampling(network: str) -> tuple[Call, Call]:
    """A call that samples one batch, and one for its floor."""
    torch.manual_seed(0)
    generator = Generator(NETWORKS[network].generator(CONDITION), CONDITION)
    places = np.arange(BATCH)
    labels = places % len(SIGN_NAMES)
    met: list[tuple[nn.Module, torch.Tensor]] = []
    parts = [part for part in generator.module.modules() if isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)]
    hooks = [part.register_forward_pre_hook(lambda part, given: met.append((part, given[0]))) for part in parts]
    generator.images(labels, places, 0)
    for hook in hooks:
        hook.remove()
    products = [(_bare(part), given) for part, given in met]

    @torch.inference_mode()
    def floor() -> object:
        return [product(given) for product, given in products]

    return lambda: generator.images(labels, places, 0), floor


def training_step(network: str) -> tuple[Call, int]:
    """A call that takes one step of both networks, and how many images it shows them."""
    torch.manual_seed(0)
    recipe = NETWORKS[network].recipe
    pair, draws = Pair(network, CONDITION, recipe), torch.Generator()
    images = torch.rand(recipe.batch_size, 3, SIZE, SIZE, generator=draws) * 2 - 1
    labels = torch.arange(recipe.batch_size) % len(SIGN_NAMES)
    batch = (images, labels, torch.zeros(recipe.batch_size, 0))
    return lambda: pair.step(batch, draws), recipe.batch_size


def _bare(part: nn.Module) -> nn.Module:
    """The product without its bias."""
    alone = copy.deepcopy(part)
    alone.register_parameter("bias", None)
    return alone


def _sampling(network: str, cuda: bool) -> Measurement:
    sample, floor = sampling(network)
    seconds, floor_seconds = _alternately((sample, floor), cuda)
    return Measurement(f"{network}: sampling", BATCH, seconds, floor_seconds)


def _training(network: str, cuda: bool) -> Measurement:
    step, images = training_step(network)
    return Measurement(f"{network}: training step of {images}", images, _alternately((step,), cuda)[0])


def _alternately(calls: Sequence[Call], cuda: bool) -> list[float]:
    """The median time of each, round after round, so that what else the machine does hits all alike."""
    taken: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(ROUNDS):
        for call, seconds in zip(calls, taken, strict=True):
            seconds += times(call, cuda)
    return [statistics.median(seconds) for seconds in taken]
