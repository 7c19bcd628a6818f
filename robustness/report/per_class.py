"""How each class fares under each noise, counted from stored predictions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from robustness.data import ImageSet
from robustness.report.mistakes import Find, Outcome, by_model


def count_by_class(outcomes: Iterable[Outcome], image_set: ImageSet, find: Find) -> list[dict[str, Any]]:
    """Per model and noise, in the order of the limits: model, noise, and of each class how many were seen and named right."""
    counted = []
    for of_model in by_model(outcomes).values():
        for outcome in {one["noise"]: one for one in of_model}.values():
            if (result := find(outcome["key"])) is not None:
                counts = [
                    np.bincount(image_set.labels[chosen], minlength=len(image_set.class_names)).tolist()
                    for chosen in (result.predictions >= 0, result.predictions == image_set.labels)
                ]
                counted.append({"model": outcome["model"], "noise": outcome["noise"], "seen": counts[0], "right": counts[1]})
    return counted
