"""Each class under each noise: counted from predictions made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from builders import limit_record
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from robustness.data import ImageSet
from robustness.evaluation.result import Result
from robustness.report.mistakes import count_by_class
from robustness.report.results import ClassCounts

NAMES = ("stop", "yield", "keep", "none of it")
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
IMAGES = ImageSet.from_images("made", [np.zeros((1, 1, 3), np.uint8)] * 10, LABELS.tolist(), NAMES)


def limit(noise, model="net", is_plain=True):
    return replace(limit_record(model=model, is_plain=is_plain, key=f"{model} {noise}"), noise=noise)


def found(named):
    return Result(np.array(named, np.int16), np.zeros(10, np.float32))


def test_seen_and_right_are_counted_by_class_and_noise():
    kept = {"net clean": found(LABELS), "net dark": found([0, 1, 1, -1, 1, 1, 0, 2, -1, -1])}
    (clean, dark) = count_by_class([limit("clean"), limit("dark")], IMAGES, kept.get)
    assert clean == ClassCounts(model="net", noise="clean", seen=(4, 3, 3, 0), right=(4, 3, 3, 0))
    assert dark == ClassCounts(model="net", noise="dark", seen=(3, 3, 1, 0), right=(1, 2, 1, 0))


def test_each_noise_is_counted_once_and_only_where_a_limit_asks_for_accuracy_and_its_predictions_are_kept():
    kept = {"net clean": found(LABELS), "two clean": found(LABELS), "net dark": found(LABELS)}
    limits = [limit("clean"), limit("clean"), limit("dark", is_plain=False), limit("mist"), limit("clean", "two")]
    assert [(one.model, one.noise) for one in count_by_class(limits, IMAGES, kept.get)] == [
        ("net", "clean"),
        ("two", "clean"),
    ]


@given(hnp.arrays(np.int16, 10, elements=st.integers(-1, 3)))
def test_the_counts_add_up_to_those_of_the_set(named):
    (counted,) = count_by_class([limit("dark")], IMAGES, {"net dark": found(named)}.get)
    assert sum(counted.seen) == (named >= 0).sum()
    assert sum(counted.right) == (named == LABELS).sum()
    assert all(right <= seen for right, seen in zip(counted.right, counted.seen, strict=True))
