"""What follows from a search: how many of the right predictions flip up to each magnitude, and which are the first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from robustness.data import ImageSet
from robustness.declaration.scope import Scope, sampling_of
from robustness.errors import RobustnessError
from robustness.limits.findings import Finding
from robustness.noise import Noise
from robustness.search.critical import CLOSE, COARSE, LEVELS, Search
from robustness.statistics.sampling import Sampling, mean_interval

Floats = npt.NDArray[np.float64]

KNOTS = 20
"""Levels, evenly spread, at which the band is computed; between two it is as wide as what both allow."""
QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5)
SHOWN_CLASSES = 5
SHOWN_IMAGES = 10


def search_to_decide(search: Callable[[int], Search], required: Decimal) -> Search:
    """The search that a limit is held against: the coarse one where that breaks it already, else the close one.

    search: by its stride. Whatever flips the coarse one sees are there, but it may miss some, so by itself it keeps no limit.
    The close one tries every image at 40 magnitudes; what it may still miss its resolution says. Of the flips that 200
    magnitudes show it found 253 of 253 under resolution up to 2 and 318 of 319 under salt-and-pepper up to 0.02 (baseline-cnn
    on signs), and the coarse one 186 and 305.
    """
    coarse = search(COARSE)
    right, flipped = _counts(coarse)
    if flipped > _allowed(required, right):
        return coarse
    close = search(CLOSE)
    return replace(close, seconds=coarse.seconds + close.seconds, stored=coarse.stored and close.stored)


def max_flips(search: Search, image_set: ImageSet, claim: Scope, noise: Noise, required: Decimal) -> Finding:
    """Of the predictions that are right without noise, the share that changes up to the highest magnitude searched.

    search: as of `search_to_decide`.
    """
    right, flipped = _counts(search)
    allowed = _allowed(required, right)
    words = (
        f"{flipped:,} of {right:,} right predictions flip up to {noise}, {flipped / right:.4f}; "
        f"the limit {required} allows {allowed:,} ({search.resolution})"
    )
    return Finding(flipped / right, flipped <= allowed, words, describe_flips(search, image_set, claim))


def _counts(search: Search) -> tuple[int, int]:
    """How many predictions are right without noise, and how many of these change."""
    right = int(search.right.sum())
    if not right:
        raise RobustnessError("no clean image is named right, so no right prediction can flip")
    return right, int(np.isfinite(search.flips.critical[search.right]).sum())


def _allowed(required: Decimal, right: int) -> int:
    return int((required * right).to_integral_value(ROUND_FLOOR))


def describe_flips(search: Search, image_set: ImageSet, claim: Scope) -> dict[str, Any]:
    """A search in plain values.

    flipped: at each of the levels 0..LEVELS the share of the right predictions that have flipped. accuracy: there, if each
    prediction changes only once. band: lower and upper shares in the population, beyond the truth at any level with a
    probability of 1 less `confidence` at most; None where `band_missing` says why. quantiles: where so many have flipped,
    with the interval that the band leaves. classes, images: the first to flip.
    """
    shares = _flipped(search)
    band, missing = _band(search, image_set, claim)
    return {
        **flip_curve(search),
        "resolution": search.resolution,
        "passes": round(search.passes, 2),
        "accuracy": [round(int(count) / len(search.labels), 6) for count in search.rights()],
        "mended": int(search.mended.sum()),
        "confidence": claim.confidence,
        "band": None if band is None else [[round(float(end), 6) for end in ends] for ends in band],
        "band_missing": missing,
        "quantiles": [_quantile(share, shares, band, search.magnitudes) for share in QUANTILES],
        "classes": _classes(search, image_set),
        "images": _images(search, image_set),
    }


def flip_curve(search: Search) -> dict[str, Any]:
    """The part of `describe_flips` that draws the distribution of critical magnitudes."""
    noise = search.of.case.noise
    return {
        "noise": str(noise),
        "family": noise.family,
        "magnitude": noise.magnitude,
        "magnitudes": [float(magnitude) for magnitude in search.magnitudes],
        "right": int(search.right.sum()),
        "total": len(search.labels),
        "flipped": [round(float(share), 6) for share in _flipped(search)],
    }


def _flipped(search: Search) -> Floats:
    """Of the right predictions the share that has flipped, at each of the levels 0..LEVELS."""
    levels = search.levels[search.right]
    shares: Floats = np.cumsum(np.bincount(levels, minlength=LEVELS + 2))[: LEVELS + 1] / max(1, len(levels))
    return shares


def _band(search: Search, image_set: ImageSet, claim: Scope) -> tuple[tuple[Floats, Floats] | None, str | None]:
    """Intervals at a few levels, each at its part of the error (Bonferroni): shares only rise, so they hold in between too."""
    right = search.right
    try:
        drawn = sampling_of(claim, image_set)
    except RobustnessError as error:
        return None, str(error)
    if not right.any():
        return None, "no clean image is named right"
    sampling = Sampling(None if drawn.tracks is None else drawn.tracks[right], drawn.design_effect)
    lower, upper = np.zeros(LEVELS + 1), np.zeros(LEVELS + 1)  # without noise nothing has flipped
    for knot in range(LEVELS // KNOTS, LEVELS + 1, LEVELS // KNOTS):
        flipped = (search.levels[right] <= knot).astype(np.float64)
        low, high = mean_interval(flipped, sampling, (1 - claim.confidence) / KNOTS, (0.0, 1.0))
        lower[knot:] = np.maximum(lower[knot:], low)
        upper[knot - LEVELS // KNOTS + 1 : knot + 1] = high
    return (lower, np.minimum.accumulate(upper[::-1])[::-1]), None


def _quantile(share: float, shares: Floats, band: tuple[Floats, Floats] | None, magnitudes: Floats) -> dict[str, Any]:
    """The magnitude up to which a share has flipped; None where that is beyond the range."""

    def reached(by: Floats) -> float | None:
        return float(magnitudes[np.argmax(by >= share)]) if by[-1] >= share else None

    ends = (None, None) if band is None else (reached(band[1]), reached(band[0]))
    return {"share": share, "magnitude": reached(shares), "low": ends[0], "high": ends[1]}


def _classes(search: Search, image_set: ImageSet) -> list[dict[str, Any]]:
    """The classes that lose the largest share of their right predictions."""
    right = search.right
    flipped = right & np.isfinite(search.flips.critical)
    counts = np.bincount(image_set.labels[right], minlength=len(image_set.class_names))
    lost = np.bincount(image_set.labels[flipped], minlength=len(counts))
    order = sorted(np.flatnonzero(lost), key=lambda label: (-lost[label] / counts[label], label))
    return [
        {"name": image_set.class_names[label], "flipped": int(lost[label]), "right": int(counts[label])}
        for label in order[:SHOWN_CLASSES]
    ]


def _images(search: Search, image_set: ImageSet) -> list[dict[str, Any]]:
    """The images whose right predictions flip first."""
    places = np.flatnonzero(search.right & np.isfinite(search.flips.critical))
    first = places[np.argsort(search.levels[places], kind="stable")][:SHOWN_IMAGES]
    return [
        {
            "index": int(image_set.index[place]),
            "class": image_set.class_names[search.labels[place]],
            "becomes": image_set.class_names[search.flips.after[place]],
            "magnitude": float(search.flips.critical[place]),
        }
        for place in first
    ]
