"""The first level at which something has changed: exact where changes stay, honest where they do not."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from robustness.search.first_change import first_changes

LEVELS = st.integers(1, 60)


class Tables:
    """Things whose state at every level is written down; counts how often each was looked up."""

    def __init__(self, changed):
        self.changed = np.array(changed, dtype=bool)
        self.tries = np.zeros(len(self.changed), dtype=int)

    def __call__(self, places, levels):
        np.add.at(self.tries, places, 1)
        return self.changed[places, levels - 1]


@st.composite
def tables(draw, monotone):
    levels = draw(LEVELS)
    count = draw(st.integers(0, 5))
    if monotone:
        firsts = draw(st.lists(st.integers(1, levels + 1), min_size=count, max_size=count))
        rows = [[level >= first for level in range(1, levels + 1)] for first in firsts]
    else:
        rows = draw(st.lists(st.lists(st.booleans(), min_size=levels, max_size=levels), min_size=count, max_size=count))
    return Tables(np.array(rows, dtype=bool).reshape(count, levels)), levels


def truly_first(row):
    return next((level for level, changed in enumerate(row, 1) if changed), 0)


@given(tables(monotone=True), st.integers(1, 70))
def test_a_change_that_stays_is_found_at_its_level_with_any_stride(made, stride):
    changed, levels = made
    assert first_changes(changed, len(changed.changed), levels, stride).tolist() == [*map(truly_first, changed.changed)]


@given(tables(monotone=False))
def test_with_a_stride_of_one_no_change_is_missed(made):
    changed, levels = made
    assert first_changes(changed, len(changed.changed), levels, 1).tolist() == [*map(truly_first, changed.changed)]


@given(tables(monotone=False), st.integers(1, 70))
def test_what_is_found_has_changed_and_the_level_below_has_not(made, stride):
    changed, levels = made
    for row, level in zip(changed.changed, first_changes(changed, len(changed.changed), levels, stride), strict=True):
        if level:
            assert row[level - 1]
            assert level == 1 or not row[level - 2]
        else:
            assert not row[stride - 1 :: stride].any()
            assert not row[-1]


@given(tables(monotone=False), st.integers(1, 70))
def test_nothing_is_tried_more_often_than_promised(made, stride):
    changed, levels = made
    first_changes(changed, len(changed.changed), levels, stride)
    assert (changed.tries <= math.ceil(levels / stride) + math.ceil(math.log2(stride))).all()


def test_what_is_settled_is_tried_no_more():
    changed = Tables([[True] * 8, [False] * 8])
    first_changes(changed, 2, 8, 4)
    assert changed.tries.tolist() == [3, 2]  # 4, 2, 1; and 4, 8
