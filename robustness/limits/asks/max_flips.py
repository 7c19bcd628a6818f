"""max_flips: of the predictions that are right without noise, at most this share changes up to a magnitude."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from robustness.declaration.scope import Scope, sampling_of
from robustness.errors import RobustnessError
from robustness.evaluation.rule import class_name
from robustness.limits.asks.ask import Ask, Found, Measured, Written
from robustness.limits.limit import Limit
from robustness.limits.record import ClassFlips, FlippedImage, FlipsFound, Quantile
from robustness.statistics.sampling import Sampling, mean_interval

if TYPE_CHECKING:
    from robustness.data import ImageSet
    from robustness.evaluation.jobs import AnyJob
    from robustness.gate.workbench import Workbench
    from robustness.search.critical import Search

Floats = npt.NDArray[np.float64]

KNOTS = 20
"""Levels, evenly spread, at which the band is computed; between two it is as wide as what both allow."""
QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5)
SHOWN_CLASSES = 5
SHOWN_IMAGES = 10


class MaxFlips(Ask):
    name = "max_flips"
    kept_by_dead = True
    at_most = True
    idle = "nothing could flip"
    has_intervals = True

    def problems(self, written: Written) -> Iterator[tuple[str, str]]:
        if not written.grows:
            yield self.name, f"{written.table['noise']} is not one built-in noise that grows from nothing"

    def jobs(self, limit: Limit, bench: Workbench) -> list[AnyJob]:
        from robustness.search.critical import CLOSE, COARSE, search_job

        seed = bench.thresholds.seed if limit.seed is None else limit.seed
        of = (bench.load(limit.model), bench.images, limit.noise, seed, bench.run)
        return [*super().jobs(limit, bench), *(search_job(*of, stride) for stride in (COARSE, CLOSE))]

    def judge(self, measured: Measured) -> Found:
        limit, bench = measured.limit, measured.bench
        classifier = bench.classifier(limit.model)
        search = search_to_decide(lambda stride: bench.search(classifier, limit.noise, limit.seed, stride), limit.required)
        return judge_flips(search, bench.images, bench.thresholds.scope, limit.required)

    def again(self, limit: Limit, found: Found) -> tuple[str, str]:
        from robustness.search.critical import COARSE

        stride = COARSE if found.search is None else found.search.of.stride
        every = "" if stride == COARSE else f" --every {stride}"
        return f"flips search {limit.model}", f'--noise "{limit.noise}"{every}'


def search_to_decide(search: Callable[[int], Search], required: Decimal) -> Search:
    """The search that a limit is held against: the coarse one where that breaks it already, else the close one.

    search: by its stride. Whatever flips the coarse one sees are there, but it may miss some, so by itself it keeps no limit.
    The close one tries every image at 40 magnitudes; what it may still miss its resolution says. Of the flips that 200
    magnitudes show it found 253 of 253 under resolution up to 2 and 318 of 319 under salt-and-pepper up to 0.02 (baseline-cnn
    on signs), and the coarse one 186 and 305.
    """
    from robustness.search.critical import CLOSE, COARSE

    coarse = search(COARSE)
    flipped, _, allowed = _counts(coarse, required)
    if flipped > allowed:
        return coarse
    close = search(CLOSE)
    return replace(close, seconds=coarse.seconds + close.seconds, stored=coarse.stored and close.stored)


def judge_flips(search: Search, images: ImageSet, scope: Scope, required: Decimal) -> Found:
    """Whether the flips up to the highest magnitude searched keep the limit. search: as of `search_to_decide`."""
    flipped, right, allowed = _counts(search, required)
    words = (
        f"{flipped:,} of {right:,} right predictions flip up to {search.of.case.noise}, {flipped / right:.4f}; "
        f"the limit {required} allows {allowed:,} ({search.resolution})"
    )
    return Found(flipped / right, flipped <= allowed, words, describe_flips(search, images, scope), search=search)


def _counts(search: Search, required: Decimal) -> tuple[int, int, int]:
    """How many of the predictions that are right without noise change, how many there are, and how many may change."""
    right = int(search.right.sum())
    if not right:
        raise RobustnessError("no clean image is named right, so no right prediction can flip")
    flipped = int(np.isfinite(search.flips.critical[search.right]).sum())
    return flipped, right, int((required * right).to_integral_value(ROUND_FLOOR))


def describe_flips(search: Search, images: ImageSet, scope: Scope) -> FlipsFound:
    """What there is to show of a search."""
    band, missing = _band(search, images, scope)
    return FlipsFound(
        **vars(search.curve),
        resolution=search.resolution,
        passes=round(search.passes, 2),
        accuracy=tuple(round(int(count) / len(search.labels), 6) for count in search.rights()),
        mended=int(search.mended.sum()),
        confidence=scope.confidence,
        band=None if band is None else (_rounded(band[0]), _rounded(band[1])),
        band_missing=missing,
        quantiles=tuple(_quantile(share, search, band) for share in QUANTILES),
        classes=_classes(search, images),
        images=_images(search, images),
    )


def _rounded(shares: Floats) -> tuple[float, ...]:
    return tuple(round(float(share), 6) for share in shares)


def _band(search: Search, images: ImageSet, scope: Scope) -> tuple[tuple[Floats, Floats] | None, str | None]:
    """Intervals at a few levels, each at its part of the error (Bonferroni): shares only rise, so they hold in between too."""
    right = search.right
    try:
        drawn = sampling_of(scope, images)
    except RobustnessError as error:
        return None, str(error)
    if not right.any():
        return None, "no clean image is named right"
    sampling = Sampling(None if drawn.tracks is None else drawn.tracks[right], drawn.design_effect)
    levels = len(search.magnitudes) - 1
    step = levels // KNOTS
    lower, upper = np.zeros(levels + 1), np.zeros(levels + 1)  # without noise nothing has flipped
    for knot in range(step, levels + 1, step):
        flipped = (search.levels[right] <= knot).astype(np.float64)
        low, high = mean_interval(flipped, sampling, (1 - scope.confidence) / KNOTS, (0.0, 1.0))
        lower[knot:] = np.maximum(lower[knot:], low)
        upper[knot - step + 1 : knot + 1] = high
    return (lower, np.minimum.accumulate(upper[::-1])[::-1]), None


def _quantile(share: float, search: Search, band: tuple[Floats, Floats] | None) -> Quantile:
    """Where so many have flipped, with the interval that the band leaves."""

    def reached(shares: Floats) -> float | None:
        return float(search.magnitudes[np.argmax(shares >= share)]) if shares[-1] >= share else None

    low, high = (None, None) if band is None else (reached(band[1]), reached(band[0]))
    return Quantile(share=share, magnitude=reached(search.flipped), low=low, high=high)


def _classes(search: Search, images: ImageSet) -> tuple[ClassFlips, ...]:
    """The classes that lose the largest share of their right predictions."""
    right, names = search.right, images.class_names
    flipped = right & np.isfinite(search.flips.critical)
    counts = np.bincount(images.labels[right], minlength=len(names))
    lost = np.bincount(images.labels[flipped], minlength=len(names))
    order = sorted(np.flatnonzero(lost), key=lambda label: (-lost[label] / counts[label], label))
    return tuple(
        ClassFlips(name=names[label], flipped=int(lost[label]), right=int(counts[label])) for label in order[:SHOWN_CLASSES]
    )


def _images(search: Search, images: ImageSet) -> tuple[FlippedImage, ...]:
    """The images whose right predictions flip first."""
    positions = np.flatnonzero(search.right & np.isfinite(search.flips.critical))
    first = positions[np.argsort(search.levels[positions], kind="stable")][:SHOWN_IMAGES]
    return tuple(
        FlippedImage(
            index=int(images.index[position]),
            label=images.class_names[search.labels[position]],
            becomes=class_name(images.class_names, search.flips.after[position]),
            magnitude=float(search.flips.critical[position]),
        )
        for position in first
    )
