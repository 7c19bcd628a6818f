"""Whether a network got worse: new weights beside those of the last release, image by image, under one noise at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.evaluation.baseline import Baseline
from robustness.evaluation.evaluate import Measurement
from robustness.evaluation.identity import identify
from robustness.gate.workbench import Workbench
from robustness.limits.asks.max_drop import compared
from robustness.limits.limit import Limit
from robustness.models.classifier import Classifier
from robustness.noise import Clean, Noise
from robustness.statistics.paired import Change, drop_interval, holm, p_value


@dataclass(frozen=True, eq=False)
class Compared:
    """Two releases under one noise."""

    noise: Noise
    right_before: int
    right_after: int
    change: Change
    low: float  # the interval of the drop in the population
    high: float
    p_worse: float  # of no drop, in the population
    p_better: float  # of no gain
    newly_wrong: npt.NDArray[np.int64]  # labels of the images
    newly_right: npt.NDArray[np.int64]


@dataclass(frozen=True)
class ByClass:
    """A class, over all noises."""

    name: str
    newly_wrong: int
    newly_right: int
    worst: Noise  # under which it lost most


def noises_of(limits: Sequence[Limit], clean: bool = True) -> list[Noise]:
    """Each that a limit is about, once. clean: no noise first of all, whether a limit is about it or not."""
    noises = [*([Clean()] if clean else []), *(noise for limit in limits for noise in limit.noises)]
    return list(dict.fromkeys(Clean() if noise.changes_nothing else noise for noise in noises))


def compare(before: npt.NDArray[np.bool_], after: Measurement, images: ImageSet, confidence: float) -> Compared:
    """before: of shape (N,), the images that the former release classified correctly."""
    labels = images.labels
    change, broken, mended = compared(before, after, labels)
    low, high = drop_interval(change, 1 - confidence)
    return Compared(
        noise=after.case.noise,
        right_before=int(before.sum()),
        right_after=after.right,
        change=change,
        low=low,
        high=high,
        p_worse=p_value(change),
        p_better=p_value(Change(change.mended, change.broken, change.total)),
        newly_wrong=labels[broken],
        newly_right=labels[mended],
    )


def right_before(
    after: Measurement, baseline: Baseline | None, former: Classifier | None, bench: Workbench
) -> npt.NDArray[np.bool_]:
    """Which images the last release classified correctly under the same noise.

    The baseline tells, where there is one; and under a noise that it does not hold the declared weights, where they are the
    ones that it was made of.
    """
    case, labels = after.case, bench.images.labels
    if baseline is not None:
        try:
            return baseline.right(case, labels)
        except RobustnessError:
            frozen = [one.model_hash for one in baseline.cases.values() if one.model == case.model]
            if baseline.of(case) is not None or former is None or identify(former).hash not in frozen:
                raise
    if former is None:
        raise RobustnessError(f"{case.model}: neither a baseline nor declared weights to compare with")
    measured = bench.measure(former, case.noise)
    right: npt.NDArray[np.bool_] = measured.result.predictions == labels
    return right


def worse(compared: Sequence[Compared], confidence: float) -> list[bool]:
    """Under which noises a loss is more than chance explains; the probability of any false alarm is 1 - confidence at most."""
    return holm([one.p_worse for one in compared], 1 - confidence)


def better(compared: Sequence[Compared], confidence: float) -> list[bool]:
    """Likewise, of gains."""
    return holm([one.p_better for one in compared], 1 - confidence)


def by_class(compared: Sequence[Compared], names: Sequence[str]) -> list[ByClass]:
    """Classes whose images changed, those that lost most first."""
    wrong, right = (
        np.array([np.bincount(labels, minlength=len(names)) for labels in of])
        for of in ([one.newly_wrong for one in compared], [one.newly_right for one in compared])
    )
    lost = wrong - right
    found = [
        ByClass(name, int(wrong[:, place].sum()), int(right[:, place].sum()), compared[int(lost[:, place].argmax())].noise)
        for place, name in enumerate(names)
        if wrong[:, place].any() or right[:, place].any()
    ]
    return sorted(found, key=lambda one: one.newly_right - one.newly_wrong)
