"""Short trainings of GANs on noisy images of three colours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robustness.data import ImageSet
from robustness.gan import train as module
from robustness.gan.condition import Condition
from robustness.gan.pair import Pair
from robustness.gan.recipes import NETWORKS, Recipe
from robustness.gan.train import RESUME, Losses, train_gan
from robustness.noise import Gaussian

COLOURS = ((220, 30, 30), (30, 220, 30), (30, 30, 220))
CLASSES = Condition(("red", "green", "blue"))
BOTH = Condition(CLASSES.class_names, (Gaussian(25), Gaussian(50)))
RUNS = {"study": ("study", Condition()), "conditional": ("study", BOTH), "convolutional": ("convolutional", BOTH)}


def three_colours() -> ImageSet:
    """Thirty of each, 20 to 40 pixels wide and high."""
    generator = np.random.default_rng(5)
    images, labels = [], []
    for label, colour in enumerate(COLOURS):
        for _ in range(30):
            noise = generator.integers(-20, 21, (*generator.integers(20, 41, 2), 3))
            images.append((np.array(colour) + noise).clip(0, 255).astype(np.uint8))
            labels.append(label)
    return ImageSet.from_images("colours", images, labels, ["red", "green", "blue"])


def few(colours: ImageSet) -> ImageSet:
    """Eight of each: three steps to an epoch."""
    return colours.take(np.arange(24) * 15 // 4, "colours")


def recipe_of(network: str, epochs: int = 3, **changes: Any) -> Recipe:
    return replace(NETWORKS[network].recipe, epochs=epochs, **({"batch_size": 8} | changes))


def run(
    image_set: ImageSet,
    out: Path,
    network: str = "study",
    condition: Condition = CLASSES,
    epochs: int = 3,
    seed: int = 0,
    **changes: Any,
) -> Losses:
    recipe = recipe_of(network, epochs, **changes)
    return train_gan(network, image_set, condition, recipe, seed, out, "robustness gan train")


def written(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir() if path.name != RESUME}


def killed_in_epoch(patch: pytest.MonkeyPatch, epoch: int, step: str) -> None:
    """Stop that epoch in its second step, as it writes its checkpoint or losses, or right after its state."""
    if step == "step":
        real, steps = Pair.step, list[str]()

        def stop(self: Pair, *given: Any) -> tuple[float, float]:
            steps.append(step)
            if len(steps) == 3 * (epoch - 1) + 2:
                raise KeyboardInterrupt
            return real(self, *given)

        patch.setattr(Pair, "step", stop)
        return
    save, calls = getattr(module, step), list[str]()

    def stop_at(*given: Any) -> None:
        calls.append(step)
        if step == "save_state":
            save(*given)
        if len(calls) == epoch:
            raise KeyboardInterrupt
        if step != "save_state":
            save(*given)

    patch.setattr(module, step, stop_at)
