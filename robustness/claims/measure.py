"""A declared claim, tested: measures what it speaks of, and says how it came out beside how it was expected to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from importlib.metadata import version

import numpy as np
import numpy.typing as npt

from robustness.claims.break_point import breaks_within, confirmed
from robustness.claims.declare import DeclaredClaim
from robustness.claims.more_noise import more_noise_never_helps
from robustness.claims.outcome import Tested
from robustness.claims.outperforms import outperforms
from robustness.claims.patterns import order_differs, patterns_differ
from robustness.claims.record import ClaimRecord, Distortion
from robustness.data import ImageSet, Preparation
from robustness.declaration.scope import sampling_of
from robustness.errors import RobustnessError
from robustness.evaluation.store import Store
from robustness.gate.workbench import Workbench
from robustness.models.classifier import Classifier
from robustness.noise import Noise, apply
from robustness.search.matched import SMALLEST, Measure, matched_magnitude, psnr, sample, ssim
from robustness.statistics.sampling import Sampling


def examine(claim: DeclaredClaim, bench: Workbench) -> ClaimRecord:
    """Test the claim on the declared images and models."""
    scope = bench.thresholds.scope
    models = {name: bench.classifier(name) for name in claim.named}
    tested = _tested(claim, models, bench, sampling_of(scope, bench.images), 1 - scope.confidence)
    return ClaimRecord(
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
    claim: DeclaredClaim, models: Mapping[str, Classifier], bench: Workbench, sampling: Sampling, alpha: float
) -> Tested:
    classifier, negligible = models[claim.models[0]], float(claim.negligible)

    def right(classifier: Classifier, noise: Noise) -> npt.NDArray[np.bool_]:
        """Which images it classifies correctly under the noise."""
        correct: npt.NDArray[np.bool_] = bench.measure(classifier, noise).result.predictions == bench.images.labels
        return correct

    if claim.says == "breaks":
        low, high = claim.noises
        expected, found = (low.level or 0.0, high.level or 0.0), bench.search(classifier, high)
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
    matched, distortions = _matched(claim, models, bench)
    rights = {name: {noise: right(models[name], noise) for noise in matched} for name in claim.models}
    if claim.says == "order-differs":
        return order_differs(rights, sampling, alpha, distortions)
    return patterns_differ(rights[claim.models[0]], sampling, alpha, negligible, distortions)


def _matched(
    claim: DeclaredClaim, models: Mapping[str, Classifier], bench: Workbench
) -> tuple[list[Noise], tuple[Distortion, ...]]:
    """The claim's noises at the magnitudes at which they distort alike, and by how much they do."""
    fits = {models[name].fit for name in claim.models}
    if len(fits) > 1:
        raise RobustnessError(
            f"{claim}: its models see images at {' and '.join(sorted(map(str, fits)))}, so no noise distorts them alike"
        )
    metric, target = claim.metric or "psnr", claim.target or 0.0
    (fit,) = fits
    seed, store = bench.thresholds.seed, bench.store
    matched = [_match(bench.images, fit, noise, seed, metric, target, store) for noise in claim.noises]
    return [noise for noise, _ in matched], tuple(distortion for _, distortion in matched)


def _match(
    image_set: ImageSet, fit: Preparation, noise: Noise, seed: int, metric: Measure, target: float, store: Store
) -> tuple[Noise, Distortion]:
    """The noise where it distorts as much as the target, and by how much that is; found once, and kept."""

    def match() -> list[str]:
        clean, index = sample(image_set, fit)
        matched = matched_magnitude(noise, clean, index, seed, metric, target)
        noisy = apply(matched, clean, index, seed)
        structural = round(ssim(clean, noisy), 4) if min(fit.shape) >= SMALLEST else None
        distortion = {"noise": str(matched), "psnr": round(psnr(clean, noisy), 3), "ssim": structural}
        return [json.dumps([matched.level, distortion])]

    of_noise = [str(noise), noise.contract, seed, metric, target, version("torchmetrics")]
    key = hashlib.sha256(json.dumps(["matched 1", image_set.content_hash, str(fit), of_noise]).encode()).hexdigest()
    level, distortion = json.loads(store.remember(key, None, match)[0])
    return noise.at(level), Distortion(**distortion)
