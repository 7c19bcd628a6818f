"""Waves of equal energy over spatial frequency and orientation: which of them does a network not bear?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from robustness.data.preparation import Shape
from robustness.errors import RobustnessError
from robustness.noise import Periodic
from robustness.noise.arithmetic import arithmetic
from robustness.noise.forms.field import Field

FREQUENCIES = tuple(float(f"{2 ** (-half / 2):.4g}") for half in range(10, 1, -1))
"""Cycles per pixel, in half octaves from a wave of 32 pixels to the highest that a pixel grid holds, one of 2."""
ORIENTATIONS = (0.0, 30.0, 60.0, 90.0, 120.0, 150.0)
"""Degrees: at 0 the wave varies along a row (vertical stripes), at 90 down a column."""


def waves(amplitude: float, shape: Shape) -> list[Periodic]:
    """The waves of every frequency and orientation, frequency by frequency, on images of that height and width.

    Each has the energy of a long wave of that amplitude: the root mean square of what it adds to a pixel, before clipping, is
    255 times the amplitude. An amplitude of its own makes up for waves of which the image holds no whole number.
    """
    return [_of_energy(amplitude, frequency, orientation, shape) for frequency in FREQUENCIES for orientation in ORIENTATIONS]


def _of_energy(amplitude: float, frequency: float, orientation: float, shape: Shape) -> Periodic:
    wave = Periodic(1.0, frequency, orientation)
    work = arithmetic(wave, *shape)
    if not isinstance(work, Field):
        raise RobustnessError(f"{wave} is no field")
    mean_square = float(np.square(work.levels.astype(np.int64)).sum()) / work.levels.size
    return wave.at(float(f"{255 * amplitude / math.sqrt(mean_square):.6g}"))


@dataclass(frozen=True, eq=False)
class DisruptionMap:
    """Accuracy under each of `waves`. accuracies: float64 of shape (frequencies, orientations). clean: without noise."""

    accuracies: npt.NDArray[np.float64]
    clean: float

    @classmethod
    def of(cls, accuracies: Sequence[float], clean: float) -> DisruptionMap:
        """From the accuracies in the order of `waves`."""
        return cls(np.array(accuracies, dtype=np.float64).reshape(len(FREQUENCIES), len(ORIENTATIONS)), clean)

    @property
    def worst(self) -> tuple[float, float, float]:
        """Frequency, orientation and accuracy where it is least."""
        row, column = np.unravel_index(int(self.accuracies.argmin()), self.accuracies.shape)
        return FREQUENCIES[row], ORIENTATIONS[column], float(self.accuracies[row, column])

    @property
    def band(self) -> tuple[float, float] | None:
        """The frequencies around the worst, lowest and highest, at which the mean over orientations is below half of clean."""
        means = self.accuracies.mean(axis=1)
        worst = int(means.argmin())
        if means[worst] >= self.clean / 2:
            return None
        low = high = worst
        while low > 0 and means[low - 1] < self.clean / 2:
            low -= 1
        while high < len(means) - 1 and means[high + 1] < self.clean / 2:
            high += 1
        return FREQUENCIES[low], FREQUENCIES[high]

    def in_words(self) -> str:
        frequency, orientation, accuracy = self.worst
        worst = f"worst at {frequency:g} cycles per pixel and {orientation:g} degrees, {accuracy:.4f}"
        if self.band is None:
            return f"no band of waves takes half of the accuracy; {worst}"
        low, high = self.band
        where = f"at {low:g}" if low == high else f"from {low:g} to {high:g}"
        lengths = f"{1 / low:.3g}" if low == high else f"{1 / high:.3g} to {1 / low:.3g}"
        return f"waves {where} cycles per pixel ({lengths} pixels long) take half of the accuracy; {worst}"
