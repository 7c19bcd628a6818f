"""The order of evaluation: frozen, for what a sequential test decided rests on it, and that of each image's own index alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.evaluation.order import evaluation_order

BEYOND = 1 << 32
indices = st.lists(st.integers(0, 2**62), unique=True, max_size=50).map(lambda found: np.array(found, np.int64))


def ordered(index):
    return index[evaluation_order(index)].tolist()


@pytest.mark.parametrize(
    ("index", "order"),
    [
        (np.arange(12), [9, 0, 1, 7, 4, 8, 11, 2, 3, 5, 10, 6]),
        (BEYOND + np.arange(12), [7, 0, 2, 8, 1, 9, 5, 6, 3, 4, 11, 10]),
        (5 * BEYOND + np.arange(12), [4, 7, 9, 1, 8, 6, 3, 2, 5, 0, 10, 11]),
        (BEYOND * np.arange(12), [2, 9, 1, 7, 10, 8, 0, 3, 11, 4, 5, 6]),
    ],
)
def test_the_order_never_changes(index, order):
    assert evaluation_order(index).tolist() == order


@given(indices, st.data())
def test_a_part_of_the_images_keeps_the_order_of_the_whole(index, data):
    part = index[
        data.draw(st.lists(st.booleans(), min_size=len(index), max_size=len(index)).map(lambda drawn: np.array(drawn, bool)))
    ]
    held = set(part.tolist())
    assert ordered(part) == [number for number in ordered(index) if number in held]


@given(indices, st.randoms())
def test_however_the_images_are_given_the_order_is_the_same(index, random):
    shuffled = index.tolist()
    random.shuffle(shuffled)
    assert ordered(np.array(shuffled, np.int64)) == ordered(index)
