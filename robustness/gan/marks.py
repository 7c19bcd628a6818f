"""A generator's marks in plain values: made once on a machine, by whichever process comes first, and kept."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
from typing import Any

import numpy as np
from PIL import Image

from robustness.data import ImageSet
from robustness.evaluation.evaluate import is_hashable, model_identity
from robustness.evaluation.forward import arithmetic, backing_off
from robustness.evaluation.store import Store
from robustness.gan.judge import judge, judged_values
from robustness.gan.networks import SIZE
from robustness.gan.sample import Generator
from robustness.models.classifier import Classifier

ROWS, COLUMNS = 4, 10
"""Of the sheet; with classes there is a column for each instead."""
LARGEST = 16383 // SIZE
"""Columns: WebP has no wider images."""


def marks_of(
    generator: Generator, classifier: Classifier, real: ImageSet, training: ImageSet, seed: int, store: Store, run: str
) -> dict[str, Any]:
    """The values of `judged_values`, and beside them

    losses: those of the generator's training, as `Generator` has them.
    sheet: samples, four rows, a column for each class or ten without classes; a WebP image in base64.

    What is no finite number is None. run: see `robustness.evaluation.evaluate.measure`.
    """
    bound = None if is_hashable(classifier) else run

    def make() -> list[str]:
        judged = judged_values(judge(generator, classifier, real, training, seed))
        return [json.dumps(_finite({**judged, "losses": dict(generator.losses), "sheet": draw_sheet(generator, seed)}))]

    def remembered() -> list[str]:
        names = [classifier.name, real.name, real.class_names]  # they stand among the values
        images = [real.content_hash, training.content_hash]
        of_judge = [model_identity(classifier), arithmetic(classifier)]  # torch's version is part of the latter
        content = ["judged 1", generator.content_hash(), dict(generator.losses), of_judge, names, images, seed, bound]
        return store.remember(hashlib.sha256(json.dumps(content).encode()).hexdigest(), bound, make)

    return dict(json.loads(backing_off(remembered)[0]))


def draw_sheet(generator: Generator, seed: int) -> str:
    """Samples side by side at their own size, as `marks_of` keeps them."""
    classes = len(generator.condition.class_names)
    columns = min(classes or COLUMNS, LARGEST)
    rows, places = np.divmod(np.arange(ROWS * columns), columns)
    labels, numbers = (places, rows) if classes else (np.zeros_like(places), np.arange(ROWS * columns))
    images = generator.images(labels, numbers, seed)
    sheet = images.reshape(ROWS, columns, SIZE, SIZE, 3).swapaxes(1, 2).reshape(ROWS * SIZE, columns * SIZE, 3)
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "WEBP", quality=80)
    return base64.b64encode(file.getvalue()).decode()


def _finite(value: Any) -> Any:
    """The value with None for every number that is not finite: JSON has no such numbers."""
    match value:
        case dict():
            return {key: _finite(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_finite(inner) for inner in value]
        case float() if not math.isfinite(value):
            return None
    return value
