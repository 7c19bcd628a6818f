"""Where accuracy breaks, and whether that is where a study says it does."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from robustness.claims.outcome import Outcome, Tested
from robustness.claims.record import BreakEvidence
from robustness.data import ImageSet
from robustness.declaration.scope import Scope, sampling_of
from robustness.errors import RobustnessError
from robustness.noise import Noise
from robustness.search.critical import LEVELS, Search
from robustness.statistics.intervals import Floats
from robustness.statistics.sampling import Sampling, p_value_mean_above

SHARES = (Decimal("0.9"), Decimal("0.5"))
"""Of clean accuracy, below which it is said where accuracy falls."""


@dataclass(frozen=True)
class BreakPoint:
    """The first level at which accuracy is below a share of what it is without noise, as a magnitude of the search.

    found: among the images at hand. low, high: an interval of it in the population. None: beyond the range searched.
    """

    found: float | None
    low: float | None
    high: float | None


def find_break_point(search: Search, of_clean: Decimal, sampling: Sampling, alpha: float) -> BreakPoint:
    """Where accuracy is below `of_clean` of clean accuracy for the first time, with an interval of confidence `1 - alpha`.

    of_clean: a share, above 0 and at most 1. At each level the mean over the population of `right there - of_clean * right
    without noise` is tested at `alpha / 2`, for being above 0 and for being below 0. `low` is the first level at which it is
    not shown to be above; `high` the lowest from which on, up to the highest, it is shown to be below at every one.

    No correction for the number of levels is needed, even where accuracy falls and rises again: `low` is past the population's
    break point only if the test at that very level errs, and `high` before it only if the test at the level just before it
    does, or at the highest where accuracy never breaks. Each happens with probability `alpha / 2` at most (how far that is
    proven, `p_value_mean_above` says). Where accuracy rises at strong noise, `high` comes late or not at all. The interval says
    nothing of flips between levels, which the search does not see.
    """
    if not 0 < of_clean <= 1:
        raise RobustnessError(f"{of_clean} of clean accuracy is no bar: a share lies above 0 and is at most 1")
    rights = search.rights()
    if not rights[0]:
        raise RobustnessError("no clean image is classified correctly, so there is no point at which accuracy breaks")
    bar, share = Fraction(of_clean) * int(rights[0]), float(of_clean)
    clean = share * search.right

    def values(level: int) -> Floats:
        kept: Floats = search.right_at(level) - clean
        return kept

    low, high = level_interval(values, LEVELS, share, sampling, alpha)
    found = next((level for level, right in enumerate(rights) if int(right) < bar), None)
    found_at, low_at, high_at = (None if level is None else float(search.magnitudes[level]) for level in (found, low, high))
    return BreakPoint(found_at, low_at, high_at)


def falls(search: Search, image_set: ImageSet, scope: Scope) -> list[tuple[Decimal, BreakPoint, float | None]]:
    """Each of the `SHARES`, where accuracy falls below it, and the confidence of the interval, None where there can be none.

    Nowhere, where no clean image is classified correctly.
    """
    confidence: float | None = scope.confidence
    try:
        sampling = sampling_of(scope, image_set)
    except RobustnessError:
        sampling, confidence = Sampling(), None
    shares = SHARES if search.right.any() else ()
    return [(share, find_break_point(search, share, sampling, 1 - scope.confidence), confidence) for share in shares]


def level_interval(
    values: Callable[[int], Floats], highest: int, share: float, sampling: Sampling, alpha: float
) -> tuple[int | None, int | None]:
    """The ends of an interval of the first of the levels 0..highest at which the population's mean is below 0.

    values: of a level, float64 of shape (N,), from `-share` to 1. None: beyond the highest. See `find_break_point`.
    """

    def above(level: int) -> bool:
        return p_value_mean_above(values(level), 0.0, sampling, (-share, 1.0)) <= alpha / 2

    def below(level: int) -> bool:
        return p_value_mean_above(-values(level), 0.0, sampling, (-1.0, share)) <= alpha / 2

    low = next((level for level in range(highest + 1) if not above(level)), None)
    before = next((level for level in range(highest, -1, -1) if not below(level)), -1)
    return low, None if before == highest else before + 1


def breaks_within(search: Search, of_clean: Decimal, expected: tuple[float, float], sampling: Sampling, alpha: float) -> Tested:
    """Whether accuracy breaks inside a range of magnitudes named beforehand; see `find_break_point`.

    expected: the ends of the range, which belong to it. Supported: the whole interval lies inside. Refuted: it lies outside,
    all on one side. Either is wrong with probability `alpha` at most.
    """
    point = find_break_point(search, of_clean, sampling, alpha)
    start, end = (float(magnitude) for magnitude in search.magnitudes[[0, -1]])
    near, far = sorted(abs(magnitude - start) for magnitude in expected)
    low = math.nextafter(abs(end - start), math.inf) if point.low is None else abs(point.low - start)
    high = math.inf if point.high is None else abs(point.high - start)
    if near <= low and high <= far:
        outcome = Outcome.SUPPORTED
    else:
        outcome = Outcome.REFUTED if high < near or low > far else Outcome.UNDECIDED
    places = (point.found, point.low, point.high)
    shown = [f"beyond {end:g}" if magnitude is None else f"{magnitude:g}" for magnitude in places]
    interval = shown[1] if shown[1] == shown[2] else f"{shown[1]} to {shown[2]}"
    words = (
        f"accuracy falls below {of_clean} of clean accuracy at {search.of.case.noise.magnitude} {shown[0]}, in the population "
        f"at {interval}; expected at {expected[0]:g} to {expected[1]:g}"
    )
    evidence = BreakEvidence(
        of_clean=str(of_clean),
        break_point=point.found,
        interval=(point.low, point.high),
        confidence=1 - alpha,
        expected=expected,
        clean_accuracy=float(search.right.mean()),
        looked_at=search.resolution,
        search=search.curve,
    )
    return Tested(outcome, words, evidence)


def confirmed(
    tested: Tested,
    search: Search,
    of_clean: Decimal,
    right: Callable[[Noise], npt.NDArray[np.bool_]],
    sampling: Sampling,
    alpha: float,
) -> Tested:
    """The outcome of `breaks_within` where accuracy measured shows it too; undecided where it does not.

    The search takes each prediction to change only once, so where many change back its curve errs either way. What the outcome
    says of the ends of the expected range is measured there: above the bar at the near end and below it at the far one where
    the claim is supported; where it is refuted, below at the near end (it breaks too soon) or above at the far one (too late).
    right: which images are classified correctly under a noise.
    """
    if tested.outcome is Outcome.UNDECIDED or not isinstance(tested.evidence, BreakEvidence):
        return tested
    share, start = float(of_clean), float(search.magnitudes[0])
    near, far = sorted(tested.evidence.expected, key=lambda magnitude: abs(magnitude - start))
    low = tested.evidence.interval[0]

    def is_above(magnitude: float) -> bool:
        return p_value_mean_above(over(magnitude), 0.0, sampling, (-share, 1.0)) <= alpha / 2

    def is_below(magnitude: float) -> bool:
        return p_value_mean_above(-over(magnitude), 0.0, sampling, (-1.0, share)) <= alpha / 2

    def over(magnitude: float) -> Floats:
        values: Floats = right(search.of.case.noise.at(magnitude)) - share * search.right
        return values

    if tested.outcome is Outcome.SUPPORTED:
        shown = is_above(near) and is_below(far)
    elif low is None or abs(low - start) > abs(far - start):
        shown = is_above(far)
    else:
        shown = is_below(near)
    if shown:
        return tested
    why = "accuracy measured at the ends of the range does not confirm it: some predictions change more than once"
    return Tested(Outcome.UNDECIDED, f"{tested.words}; {why}", tested.evidence)
