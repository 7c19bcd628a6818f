"""A generator's marks in plain values: made once on a machine, by whichever process comes first, and kept."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import TypeAdapter

from robustness.data import ImageSet
from robustness.evaluation.forward import arithmetic, backing_off
from robustness.evaluation.identity import identify
from robustness.evaluation.store import Store
from robustness.gan.judge import judge, judged_values
from robustness.gan.networks import SIZE
from robustness.gan.sample import Generator
from robustness.generators.record import Marks
from robustness.models.classifier import Classifier

ROWS, COLUMNS = 4, 10
"""Of the sheet; with classes there is a column for each instead."""
WIDEST = 30
"""Columns beside each other: as many as a page shows in full."""
MOST = 16383 // (ROWS * SIZE)
"""Bands below each other: WebP has no higher images."""


def marks_of(
    generator: Generator, classifier: Classifier, real: ImageSet, training: ImageSet, seed: int, store: Store, run: str
) -> Marks:
    """The values of `judged_values`, and beside them

    losses: those of the generator's training, as `Generator` has them.
    sheet: samples, see `draw_sheet`.
    pairs: the samples nearest to a training image, that image below each, WebP in base64; None where these are not at hand.
    hash: the generator's.

    What is no finite number is None. run: see `robustness.evaluation.evaluate.measure`.
    """
    identity = identify(classifier)
    bound = None if identity.is_hashable else run

    def make() -> list[str]:
        judged = judge(generator, classifier, real, training, seed)
        pairs = None if judged.pairs is None else _webp(np.concatenate([np.concatenate(row, axis=1) for row in judged.pairs]))
        images = {"sheet": draw_sheet(generator, seed), "pairs": pairs}
        return [json.dumps(_finite({**judged_values(judged), "losses": dict(generator.losses), **images}))]

    def remembered() -> list[str]:
        names = [classifier.name, real.name, real.class_names]  # they stand among the values
        images = [real.content_hash, training.content_hash]
        of_judge = [identity.key, arithmetic(classifier)]  # torch's version is part of the latter
        made = [generator.content_hash(), generator.trained_on, dict(generator.losses)]
        content = ["judged 3", made, of_judge, names, images, seed, bound]
        return store.remember(hashlib.sha256(json.dumps(content).encode()).hexdigest(), bound, make, identity.fingerprint)

    kept = json.loads(backing_off(remembered)[0])
    return TypeAdapter(Marks).validate_json(json.dumps({**kept, "hash": generator.content_hash()}))


def draw_sheet(generator: Generator, seed: int) -> str:
    """Samples side by side at their own size: four of each class in a column, ten columns without classes; WebP in base64.

    Columns that are too many for one band go on in the next, below it, as far as there is room. What the last band leaves free
    is transparent.
    """
    classes = len(generator.condition.class_names)
    shown = min(classes or COLUMNS, MOST * WIDEST)
    bands = -(-shown // WIDEST)
    columns = -(-shown // bands)
    rows, places = np.divmod(np.arange(ROWS * bands * columns), columns)
    numbers, labels = rows % ROWS, rows // ROWS * columns + places
    there = labels < shown
    if not classes:
        numbers, labels = np.arange(len(rows)), np.zeros_like(labels)
    tiles = np.zeros((len(rows), SIZE, SIZE, 4), dtype=np.uint8)
    tiles[there, ..., :3] = generator.images(labels[there], numbers[there], seed)
    tiles[there, ..., 3] = 255
    in_bands = tiles.reshape(ROWS * bands, columns, SIZE, SIZE, 4).swapaxes(1, 2)
    return _webp(in_bands.reshape(ROWS * bands * SIZE, columns * SIZE, 4))


def _webp(pixels: npt.NDArray[np.uint8]) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=80)
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
