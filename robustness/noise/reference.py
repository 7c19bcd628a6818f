"""The noise contract in plain NumPy: slow enough to read, exact enough to check every faster kernel against."""

from __future__ import annotations

import numpy as np

from robustness.noise.arithmetic import arithmetic
from robustness.noise.forms.by_reference import Images, Indices
from robustness.noise.specs import Noise

CHUNK = 32
"""Images whose random words fit in the processor's cache."""


def apply(noise: Noise, images: Images, index: Indices, seed: int) -> Images:
    """The images with noise on them; arguments and result as of `robustness.noise.apply` on arrays, unchecked."""
    form = arithmetic(noise, *images.shape[1:3])
    noisy = np.array(images, order="C")
    if form is None:
        return noisy
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        noisy[part] = form.side("reference").apply(form, noisy[part], np.asarray(index)[part], seed)
    return noisy
