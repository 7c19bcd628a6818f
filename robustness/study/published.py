"""What the study published (its tables 2 and 3), and the ways its noise can be read.

S. Mehrotra, R. Dalal, "Understanding classification failure in Machine Learning using CNNs and GANs", Colorado State
University, 2021. Accuracies in per cent on GTSRB's test set, at 40 by 40 pixels for its CNN, 75 for InceptionV3 and 50 for
ResNet50.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from robustness.noise import PRESETS, Clean, Gaussian, GaussianWraparound, Noise, Periodic, SaltAndPepper
from robustness.noise.kinds.periodic import RADIAN_PER_PIXEL

_CELLS: tuple[Noise, ...] = (Clean(), *PRESETS["paper"])


def _row(*accuracies: float) -> dict[Noise, float]:
    return dict(zip(_CELLS, accuracies, strict=True))


PUBLISHED: dict[str, dict[Noise, float]] = {
    "baseline-cnn": _row(89.09, 60.49, 41.83, 39.97, 74.44, 57.91, 10.54, 80.57, 75.33, 68.11),
    "inception-v3": _row(68.17, 63.89, 61.23, 60.55, 50.42, 35.04, 15.09, 65.19, 62.50, 58.32),
    "resnet50": _row(81.58, 80.99, 80.82, 80.76, 71.07, 63.12, 20.24, 68.12, 54.12, 23.39),
}
"""By the names that models have here: without noise, and at the min, avg and max level of the three noises."""

DATA = "gtsrb-test"
"""The image set that the study measured on."""

_PATTERNS = ("H2", "some patterns disrupt more than others, and networks differ in which")
HYPOTHESES = {
    "breaks": ("H1", "there is a magnitude beyond which a network regularly fails"),
    "patterns-differ": _PATTERNS,
    "order-differs": _PATTERNS,
    "outperforms": ("H3", "training on what a generator makes of noisy images mends a network"),
}
"""Their names and words, by what a claim that bears on each says."""


def figures_of(data: str, models: Iterable[str]) -> dict[str, dict[str, float]]:
    """The study's accuracies on an image set, by model and noise: of models that bear its networks' names."""
    known = [model for model in models if model in PUBLISHED] if data == DATA else []
    return {model: {str(noise): percent / 100 for noise, percent in PUBLISHED[model].items()} for model in known}


HIGHEST = {"gaussian": 255.0, "periodic": 2.0, "salt-and-pepper": 1.0}
"""Up to which magnitude an equivalent is looked for."""


@dataclass(frozen=True)
class Reading:
    """One way to read the study's description of a noise; noises: at its min, avg and max level, published: for its CNN."""

    text: str
    noises: tuple[Noise, Noise, Noise]
    published: tuple[float, float, float]


def _readings() -> Iterator[Reading]:
    def reading(kind: type[Noise], text: str, low: Noise, middle: Noise, high: Noise) -> Reading:
        published = [accuracy for noise, accuracy in PUBLISHED["baseline-cnn"].items() if isinstance(noise, kind)]
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
