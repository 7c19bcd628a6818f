"""A declared claim, tested: measures what it speaks of, and says how it came out beside how it was expected to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from robustness.claims.break_point import breaks_within, confirmed
from robustness.claims.declare import DeclaredClaim
from robustness.claims.more_noise import more_noise_never_helps
from robustness.claims.outcome import Tested
from robustness.claims.outperforms import outperforms
from robustness.claims.patterns import order_differs, patterns_differ
from robustness.data import Fit, ImageSet
from robustness.declaration.scope import Scope, sampling_of
from robustness.errors import RobustnessError
from robustness.evaluation.store import Store
from robustness.models.classifier import Classifier
from robustness.noise import Noise, apply
from robustness.search.critical import Search
from robustness.search.matched import SMALLEST, Measure, matched_magnitude, psnr, sample, ssim
from robustness.statistics.sampling import Sampling

Right = Callable[[Classifier, Noise], npt.NDArray[np.bool_]]
"""Which of the images a model names right under a noise: bool of shape (N,)."""


@dataclass(frozen=True)
class Examined:
    """A claim and what became of it, in plain values.

    claim: its id. expected, outcome: "supported", "refuted" or "undecided". stops: whether they differ. words, evidence: see
    `Tested`.
    """

    claim: str
    place: str
    says: str
    models: tuple[str, ...]
    expected: str
    outcome: str
    stops: bool
    words: str
    evidence: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def explain(self) -> str:
        """The failure message."""
        return f"{self.place} {self.claim}\n  {self.outcome}, declared {self.expected}: {self.words}"


def examine(
    claim: DeclaredClaim,
    models: Mapping[str, Classifier],
    image_set: ImageSet,
    about: Scope,
    seed: int,
    right: Right,
    search: Callable[[Classifier, Noise], Search],
    store: Store,
) -> Examined:
    """Test the claim. models: those it names. about: the confidence, and what is known of the images' dependence."""
    sampling = sampling_of(about, image_set)
    tested = _tested(claim, models, image_set, sampling, 1 - about.confidence, seed, right, search, store)
    return Examined(
        claim=str(claim),
        place=claim.place,
        says=claim.says,
        models=claim.named,
        expected=claim.expected,
        outcome=tested.outcome.value,
        stops=tested.outcome.value != claim.expected,
        words=tested.words,
        evidence=tested.evidence,
    )


def _tested(
    claim: DeclaredClaim,
    models: Mapping[str, Classifier],
    image_set: ImageSet,
    sampling: Sampling,
    alpha: float,
    seed: int,
    right: Right,
    search: Callable[[Classifier, Noise], Search],
    store: Store,
) -> Tested:
    classifier, negligible = models[claim.models[0]], float(claim.negligible)
    if claim.says == "breaks":
        low, high = claim.noises
        expected, found = (low.level or 0.0, high.level or 0.0), search(classifier, high)
        of_clean = Decimal(1) if claim.of_clean is None else claim.of_clean
        tested = breaks_within(found, of_clean, expected, sampling, alpha)
        return confirmed(tested, found, of_clean, lambda noise: right(classifier, noise), sampling, alpha)
    if claim.says == "more-noise-never-helps":
        levels = {noise: right(classifier, noise) for noise in claim.noises}
        return more_noise_never_helps(levels, sampling, alpha, negligible)
    if claim.says == "outperforms":
        ours, theirs = (
            {name: {noise: right(models[name], noise) for noise in claim.noises} for name in side}
            for side in (claim.models, claim.over)
        )
        return outperforms(ours, theirs, sampling, alpha, negligible)
    matched, distortions = _matched(claim, models, image_set, seed, store)
    rights = {name: {noise: right(models[name], noise) for noise in matched} for name in claim.models}
    if claim.says == "order-differs":
        tested = order_differs(rights, sampling, alpha)
    else:
        tested = patterns_differ(rights[claim.models[0]], sampling, alpha, negligible)
    return Tested(tested.outcome, tested.words, tested.evidence | {"distortions": distortions})


def _matched(
    claim: DeclaredClaim, models: Mapping[str, Classifier], image_set: ImageSet, seed: int, store: Store
) -> tuple[list[Noise], list[dict[str, Any]]]:
    """The claim's noises at the magnitudes at which they distort alike, and by how much they do."""
    fits = {models[name].fit for name in claim.models}
    if len(fits) > 1:
        raise RobustnessError(
            f"{claim}: its models see images at {' and '.join(sorted(map(str, fits)))}, so no noise distorts them alike"
        )
    metric, target = claim.metric or "psnr", claim.target or 0.0
    (fit,) = fits
    matched = [_match(image_set, fit, noise, seed, metric, target, store) for noise in claim.noises]
    return [noise for noise, _ in matched], [distortion for _, distortion in matched]


def _match(
    image_set: ImageSet, fit: Fit, noise: Noise, seed: int, metric: Measure, target: float, store: Store
) -> tuple[Noise, dict[str, Any]]:
    """The noise where it distorts as much as the target, and by how much that is; found once, and kept."""

    def match() -> list[str]:
        clean, index = sample(image_set, fit)
        matched = matched_magnitude(noise, clean, index, seed, metric, target)
        noisy = apply(matched, clean, index, seed)
        distortion: dict[str, Any] = {"noise": str(matched), "psnr": round(psnr(clean, noisy), 3), "ssim": None}
        if fit.size >= SMALLEST:
            distortion["ssim"] = round(ssim(clean, noisy), 4)
        return [json.dumps([matched.level, distortion])]

    of_noise = [str(noise), noise.contract, seed, metric, target, version("torchmetrics")]
    key = hashlib.sha256(json.dumps(["matched 1", image_set.content_hash, str(fit), of_noise]).encode()).hexdigest()
    level, distortion = json.loads(store.remember(key, None, match)[0])
    return noise.at(level), distortion
