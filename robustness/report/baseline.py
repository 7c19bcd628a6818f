"""A release frozen from what its gate wrote: which images each model got right, without its weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from robustness.errors import RobustnessError
from robustness.evaluation.baseline import RIGHT, FrozenCase, save_baseline
from robustness.evaluation.rule import RULE
from robustness.limits.baseline import Frozen, refuse_another
from robustness.limits.record import LimitRecord
from robustness.noise import Clean
from robustness.report.misclassified import MOST, by_case, unpack
from robustness.report.results import Results


def freeze_results(results: Results, source: Path, file: Path) -> Frozen:
    """Write a baseline of what a run measured in full under the thresholds file's seed. source: its results.json, for errors.

    Whose noise may make other bytes elsewhere, and what was stopped early, is left out. No file is written over.
    """
    refuse_another(file)
    if results.images is None:
        raise RobustnessError(f"{source}: its images did not load, so nothing was measured; give the results of another run")
    if not results.images.in_order:  # lists of images are by index, a baseline by place
        raise RobustnessError(
            f"{source}: its images are part of another set, and which of it is not told: freeze the release from its weights, "
            "`robustness baseline save NAME`"
        )
    if results.prediction_rule != RULE:
        raise RobustnessError(
            f"{source}: its predictions follow prediction rule {results.prediction_rule}, and now it is {RULE}; let that "
            "release's gate run once more with this version"
        )
    kept = {(one.model, one.noise): unpack(one.images) for one in results.misclassified}
    cases, left_out = dict[tuple[str, str], FrozenCase](), []
    for (model, noise), limit in by_case(results.limits, results.seed).items():
        if not limit.bit_identical:
            left_out.append(f"{noise} may make other bytes elsewhere")
        elif (model, noise) not in kept:
            left_out.append(f"{model} under {noise} was not evaluated on every image: it was stopped early")
        else:
            case = _case(limit, kept[model, noise], results.images.images, source)
            cases[case.model, case.noise] = case
    reasons = tuple(dict.fromkeys(left_out))
    if not cases:
        raise RobustnessError("; ".join([f"{source}: nothing in it can be saved: no limit tells of every image", *reasons]))
    save_baseline(file, results.images.name, results.images.content_hash, results.seed, list(cases.values()))
    return Frozen(len(cases), reasons)


def _case(limit: LimitRecord, wrong: frozenset[int], images: int, source: Path) -> FrozenCase:
    counted = limit.seen == images  # all of them: some classes alone may count, and an evaluation may stop early
    too_many = images > 8 * MOST  # than a list tells of
    if too_many or max(wrong, default=-1) >= images or (counted and limit.right != images - len(wrong)):
        raise RobustnessError(
            f"{source}: {limit.id} tells of {limit.right:,} right of {limit.seen:,}, its list of images of {len(wrong):,} "
            f"wrong of {images:,}: it was changed after the gate wrote it; run the gate again"
        )
    assert limit.contract is not None
    right = np.ones(images, np.uint8)
    right[sorted(wrong)] = 0
    clean = limit.level is not None and limit.level == limit.identity
    noise, contract = (str(Clean()), Clean.contract) if clean else (limit.noise, limit.contract)
    return FrozenCase(limit.model, noise, contract, RULE, limit.model_hash, right, RIGHT)
