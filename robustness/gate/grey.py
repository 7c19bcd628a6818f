"""A sentinel: a network that is fed colours and sees grey. Noise on its three channels is averaged away before it sees any."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from robustness.evaluation.forward import raw_logits
from robustness.models.classifier import Classifier, to_tensor

IMAGES = 8
GREY = (20, 20, 20)
"""Levels by which channels are moved, up or down in a random pattern, and all of an image alike: what a network takes the mean
of over pixels does not see the one, and what looks at edges not the other."""
COLOURS = {"the mean of its channels": (20, -20, 0), "their luma": (40, -20, 0), "their luma (BT.709)": (40, -12, 0)}
"""Ways to make grey of colours, each with a change of colours that leaves the grey as it is, to less than a level."""
BLIND = 0.05
"""Of the change that grey makes, what colours may make in a network that does not see them: rounding makes less than 0.02."""
PASSES = IMAGES * (1 + 2 * (1 + len(COLOURS)))


def sees_grey(classifier: Classifier) -> list[str]:
    """A sentence where changes of colour alone change nothing in the network's answers, although changes of grey do."""
    if classifier.fit.channels != 3:
        return []
    clean, pattern = _drawn(classifier)
    changes = [np.array(change) for change in (GREY, *COLOURS.values())]
    moved = [clean + way * change for change in changes for way in (pattern, np.ones_like(pattern))]
    images = to_tensor(np.concatenate([clean, *moved]).astype(np.uint8))
    logits = torch.cat([raw_logits(classifier, part) for part in torch.split(images, classifier.batch_size)])
    still, *changed = torch.split(logits.float().cpu(), IMAGES)
    by_pixel, flat = ([float((one - still).abs().mean()) for one in ways] for ways in (changed[::2], changed[1::2]))
    by_grey, *by_colour = map(max, by_pixel, flat)
    for how, colour in zip(COLOURS, by_colour, strict=True):
        if by_grey > 0 and colour < BLIND * by_grey:
            return [
                f"{classifier.name} sees {how} alone: a change of colours moves its logits by {colour / by_grey:.1%} of what "
                "one of grey does. Noise on three channels is averaged away before it sees any, so a limit at sigma 150 "
                "would test 87 to 112: declare channels = 1, and give the network that takes one"
            ]
    return []


def _drawn(classifier: Classifier) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Images around the middle of the range, of shape (IMAGES, height, width, 3), and a pattern of ones and minus ones."""
    generator = np.random.default_rng(0)
    shape = (IMAGES, *classifier.fit.shape)
    drawn = np.linspace(90, 165, IMAGES)[:, None, None, None] + generator.integers(-30, 31, (*shape, 3))
    return drawn.astype(np.int64), generator.choice([-1, 1], (*shape, 1))
