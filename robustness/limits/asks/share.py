"""A share of images held against a limit: counted on the test set, or with exact bounds of the population's."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from robustness.data import ImageSet
from robustness.declaration.scope import Scope, sampling_of
from robustness.errors import RobustnessError
from robustness.limits.asks.ask import Found
from robustness.models.class_map import without_outside
from robustness.statistics.intervals import (
    cluster_bounds,
    cluster_images_to_decide,
    effective,
    images_to_decide,
    lower_bound,
    upper_bound,
)
from robustness.statistics.verdict import needed

DECISIONS = {True: "so it keeps", False: "so it breaks", None: "which does not decide on"}


@dataclass(frozen=True, eq=False)
class Share:
    """hits: bool of shape (N,), of each image that counts. images: these. words: what it is the share of, "top-5 accuracy"."""

    hits: npt.NDArray[np.bool_]
    images: ImageSet
    words: str

    @property
    def value(self) -> Fraction:
        return Fraction(int(self.hits.sum()), len(self.hits))


def judge_share(share: Share, required: Decimal, scope: Scope, at_most: bool = False) -> Found:
    """Whether the share is at least what is required, or at most, in the sense of the scope.

    Of the population the share of misses is at least `1 - required` where that of hits is at most `required`: both are
    judged by the same bounds. They are conditional on how many images count.
    """
    hits, total, value = int(share.hits.sum()), len(share.hits), share.value
    counted = f"{share.words} {float(value):.4f}: {hits:,} of {total:,}"
    if scope.about == "test-set":
        most = int((required * total).to_integral_value(ROUND_FLOOR))
        kept: bool | None = hits <= most if at_most else hits >= needed(required, total)
        asks = f"allows {most:,}" if at_most else f"asks for {needed(required, total):,}"
        return Found(float(value), kept, f"{counted}, the limit {required} {asks}", exact=value)
    right, limit = (~share.hits, 1 - required) if at_most else (share.hits, required)
    low, high, more = bounds(right, share.images, float(limit), scope)
    kept = True if low >= float(limit) else False if high < float(limit) else None
    if at_most:
        low, high = 1 - high, 1 - low
    words = (
        f"{counted}; the population's lies above {low:.4f}, and below {high:.4f}, each at {100 * scope.confidence:g} % "
        f"confidence, {DECISIONS[kept]} the limit {required}"
    )
    more = more if kept is None else None
    words += f"; about {more:,} images of these would" if more else ""
    return Found(float(value), kept, words, low=low, high=high, to_decide=more, exact=value)


def bounds(right: npt.NDArray[np.bool_], images: ImageSet, limit: float, scope: Scope) -> tuple[float, float, int | None]:
    """One-sided bounds of the population's share, and how many images would decide if the share stayed as it is.

    right: bool of shape (N,), of each of the images.
    """
    alpha, sampling = 1 - scope.confidence, sampling_of(scope, images)
    if sampling.tracks is not None:
        low, high = cluster_bounds(right, sampling.tracks, alpha)
        return low, high, cluster_images_to_decide(right, sampling.tracks, limit, alpha)
    counts = effective(int(right.sum()), len(right), sampling.design_effect)
    independent = images_to_decide(*counts, limit, alpha)
    more = None if independent is None else round(independent * sampling.design_effect)
    return lower_bound(*counts, alpha), upper_bound(*counts, alpha), more


def some_of(hits: npt.NDArray[np.bool_], images: ImageSet, counting: npt.NDArray[np.bool_], words: str, none: str) -> Share:
    """The share among the images that count. none: what is said where there is no such image."""
    if not counting.any():
        raise RobustnessError(none)
    return Share(hits[counting], images.take(counting), words)


def every_class(images: ImageSet) -> tuple[str, ...]:
    """The classes that images are of; a `RobustnessError` where one has no image, for what is a mean over classes."""
    names = without_outside(images.class_names)
    totals = np.bincount(images.labels, minlength=len(names))
    if missing := [names[label] for label in np.flatnonzero(totals == 0)]:
        raise RobustnessError(f"{images.name} has no image of {', '.join(missing[:3])}, so its accuracy was not measured")
    return names
