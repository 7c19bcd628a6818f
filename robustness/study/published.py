"""What the study published (its table 2), and the ways its noise can be read.

S. Mehrotra, R. Dalal, "Understanding classification failure in Machine Learning using CNNs and GANs", Colorado State
University, 2021. Accuracies in per cent on GTSRB's test set, at 40 by 40 pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robustness.noise import Clean, Gaussian, GaussianWraparound, Noise, Periodic, SaltAndPepper
from robustness.noise.specs import RADIAN_PER_PIXEL

BASELINE_CNN: dict[Noise, float] = {
    Clean(): 89.09,
    Gaussian(5): 60.49,
    Gaussian(25): 41.83,
    Gaussian(50): 39.97,
    Periodic(0.25): 74.44,
    Periodic(0.5): 57.91,
    Periodic(1): 10.54,
    SaltAndPepper(0.001): 80.57,
    SaltAndPepper(0.002): 75.33,
    SaltAndPepper(0.004): 68.11,
}

HIGHEST = {"gaussian": 255.0, "periodic": 2.0, "salt-and-pepper": 1.0}
"""Up to which magnitude an equivalent is looked for."""


@dataclass(frozen=True)
class Reading:
    """One way to read the study's description of a noise; noises: at its min, avg and max level."""

    text: str
    noises: tuple[Noise, Noise, Noise]
    published: tuple[float, float, float]


def _readings() -> Iterator[Reading]:
    def reading(kind: type[Noise], text: str, low: Noise, middle: Noise, high: Noise) -> Reading:
        published = [accuracy for noise, accuracy in BASELINE_CNN.items() if isinstance(noise, kind)]
        return Reading(text, (low, middle, high), (published[0], published[1], published[2]))

    sigmas, amplitudes, tenth = (5, 25, 50), (0.25, 0.5, 1), RADIAN_PER_PIXEL / 10
    yield reading(Gaussian, "sigma of 255, clipped", *map(Gaussian, sigmas))
    yield reading(Gaussian, "sigma of 255, wrapped around in uint8", *map(GaussianWraparound, sigmas))
    yield reading(Periodic, "a wave along the row, 1 radian per pixel", *map(Periodic, amplitudes))
    yield reading(Periodic, "the same down the column", *(Periodic(a, orientation=90) for a in amplitudes))
    yield reading(Periodic, "along the row, 0.1 radian per pixel", *(Periodic(a, frequency=tenth) for a in amplitudes))
    yield reading(Periodic, "x a constant: an offset of the whole image", *(Periodic(a, frequency=0) for a in amplitudes))
    for factor, text in ((1, "as printed"), (10, "ten times as many"), (100, "the per cent sign read as a share")):
        yield reading(SaltAndPepper, f"pixels hit: {text}", *(SaltAndPepper(factor * a) for a in (0.001, 0.002, 0.004)))


READINGS = tuple(_readings())
