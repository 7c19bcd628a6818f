"""worst_band: accuracy is at least this under every wave, of any frequency and orientation, with an amplitude's energy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from robustness.data.preparation import Shape
from robustness.errors import RobustnessError
from robustness.limits.asks.ask import Ask, Found, Measured, Written
from robustness.limits.limit import Limit
from robustness.limits.record import WaveMap
from robustness.noise import Clean, Noise, Periodic
from robustness.search.waves import FREQUENCIES, ORIENTATIONS, DisruptionMap, waves

if TYPE_CHECKING:
    from robustness.evaluation.evaluate import Measurement
    from robustness.gate.workbench import Workbench

MOST = 2
"""The highest amplitude whose energy waves of every frequency can have; there is little image left at half of it."""


class WorstBand(Ask):
    name = "worst_band"
    is_trained_for = True
    is_share = True

    def problems(self, written: Written) -> Iterator[tuple[str, str]]:
        if written.kind is not Periodic:
            yield self.name, 'speaks of waves: it goes with noise = "periodic"'
        amplitude = written.table.get("amplitude")
        for value in amplitude if isinstance(amplitude, list) else [amplitude]:
            if isinstance(value, int | float) and not 0 < value <= MOST:
                yield "amplitude", f"worst_band goes with an amplitude above 0 and up to {MOST}"
        for key in ("frequency", "orientation", "phase"):
            if key in written.table:
                yield key, "worst_band goes through all of them: leave it out"

    def cases(self, limit: Limit, shape: Shape) -> list[tuple[str, Noise]]:
        own, every = super().cases(limit, shape), waves(limit.noise.level or 0.0, shape)
        return [*own, (limit.model, Clean()), *((limit.model, wave) for wave in every)]

    def judge(self, measured: Measured) -> Found:
        (_, clean, *under_waves), required = measured.cases, measured.limit.required
        worst = min(under_waves, key=lambda one: one.right)
        found = map_waves(clean, under_waves)
        kept = Fraction(worst.right, worst.total) >= Fraction(required)
        return Found(worst.accuracy, kept, f"{found.words}, the limit asks for {required} under every wave", found)

    def again(self, limit: Limit, found: Found) -> tuple[str, str]:
        return f"waves {limit.model}", f"--amplitude {limit.noise.level:g}"


def map_waves(clean: Measurement, under_waves: Sequence[Measurement]) -> WaveMap:
    """Accuracy over spatial frequency and orientation. under_waves: in the order of `robustness.search.waves.waves`."""
    found = DisruptionMap.of([one.accuracy for one in under_waves], clean.accuracy)
    return WaveMap(
        frequencies=FREQUENCIES,
        orientations=ORIENTATIONS,
        accuracies=tuple(map(tuple, found.accuracies.tolist())),
        clean=clean.accuracy,
        band=found.band,
        words=found.in_words(),
    )


def measure_waves(model: str, amplitude: float, bench: Workbench) -> WaveMap:
    """The map of a declared model, outside of a gate. amplitude: of a long wave, whose energy all waves have."""
    if not 0 < amplitude <= MOST:
        raise RobustnessError(f"an amplitude lies above 0 and is at most {MOST}, not {amplitude:g}")
    classifier = bench.load(model)
    clean, *measured = (bench.measure(classifier, noise) for noise in (Clean(), *waves(amplitude, classifier.fit.shape)))
    return map_waves(clean, measured)
