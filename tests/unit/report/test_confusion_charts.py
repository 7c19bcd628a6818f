"""Confusion matrices: every count in its row and column, and of many classes those most often confused."""

from __future__ import annotations

import pytest
from builders import images, results
from hypothesis import given
from hypothesis import strategies as st

from robustness.report.html.confusion_charts import CLASSES, SIDE, confusion_charts
from robustness.report.results import Confusions, ImageClass


def chart(right, seen, pairs):
    named = tuple(ImageClass(name=f"c{number}", images=count, picture=None) for number, count in enumerate(seen))
    found = Confusions(model="net", noise="clean", accuracy=0.5, seen=tuple(seen), right=tuple(right), pairs=tuple(pairs))
    (drawn,) = confusion_charts(results(images=images(classes=named), confusions=(found,)))
    return drawn


def place(drawn, square):
    """The names of its row and its column."""
    names = [
        [name for at, name in ends if abs(at - (start + drawn.cell / 2)) < 0.2]
        for ends, start in ((drawn.rows, square.y), (drawn.columns, square.x))
    ]
    return tuple(name for (name,) in names)


def test_every_count_stands_in_its_row_and_column():
    drawn = chart([3, 4], [4, 6], [(1, 0, 2), (0, 1, 1)])
    assert {place(drawn, square): square.text for square in drawn.squares} == {
        ("c0", "c0"): "c0 correctly classified: 3 of 4",
        ("c0", "c1"): "c0 classified as c1: 1 of 4",
        ("c1", "c0"): "c1 classified as c0: 2 of 6",
        ("c1", "c1"): "c1 correctly classified: 4 of 6",
    }
    assert drawn.left_out == 0


def test_of_many_classes_those_most_often_confused_have_rows_and_the_rest_one_column():
    count = 100
    pairs = [(99, 50, 9), (7, 3, 5), (7, 80, 2)]
    right = [10 - sum(number for label, _, number in pairs if label == at) for at in range(count)]
    drawn = chart(right, [10] * count, pairs)
    names = [name for _, name in drawn.rows]
    assert {"c99", "c50", "c7", "c3", "c80"} <= {*names}
    assert len(names) == CLASSES - 1
    assert [name for _, name in drawn.columns] == [*names, "any other"]
    assert drawn.left_out == count - len(names)
    assert {square.text for square in drawn.squares} >= {"c99 classified as c50: 9 of 10", "c7 classified as c3: 5 of 10"}


def test_classes_without_a_column_are_counted_as_another():
    pairs = [(label, (label + 40) % 100, 1) for label in range(100)]
    drawn = chart([9] * 100, [10] * 100, pairs)
    texts = [square.text for square in drawn.squares if place(drawn, square)[1] == "any other"]
    assert all("classified as another class: 1 of 10" in text for text in texts)


@given(st.integers(1, 60), st.randoms(use_true_random=False))
def test_every_row_adds_up_to_one_and_lies_within_the_square(count, chance):
    pairs = [(label, (label + chance.randrange(1, count)) % count, chance.randint(1, 5)) for label in range(count) if count > 1]
    right = [chance.randint(0, 5) for _ in range(count)]
    seen = [right[label] + sum(number for at, _, number in pairs if at == label) for label in range(count)]
    drawn = chart(right, seen, sorted(pairs, key=lambda pair: -pair[2]))
    for at, _ in drawn.rows:
        row = [square for square in drawn.squares if square.y < at < square.y + drawn.cell]
        assert not row or sum(square.share for square in row) == pytest.approx(1, abs=0.01)
    assert all(edge >= 0 and edge + drawn.cell <= SIDE + 0.2 for square in drawn.squares for edge in (square.x, square.y))
