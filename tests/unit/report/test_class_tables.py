"""The table of classes and noises: the weakest first, and no cell rounded to what it is not."""

from __future__ import annotations

from builders import images, limit_record, results
from hypothesis import given
from hypothesis import strategies as st

from robustness.report.html.class_tables import class_tables
from robustness.report.results import ClassCounts, ImageClass

NOISES = ("clean", "gaussian(sigma=25)", "periodic(amplitude=0.5)")


def tables(*entries, classes=3):
    """entries: noise, seen and right of each class, and the model if it is another."""
    counts = [
        ClassCounts(noise=n, seen=tuple(seen), right=tuple(right), model=(*model, "net")[0])
        for n, seen, right, *model in entries
    ]
    named = tuple(ImageClass(name=f"class {number}", images=10 + number, picture=None) for number in range(classes))
    limits = map(limit_record, NOISES)
    return class_tables(results(*limits, images=images(classes=named), per_class=tuple(counts)))


def test_each_model_has_a_table_with_a_column_for_each_noise():
    one, two = tables(
        ("clean", [4, 4, 4], [4, 2, 0]),
        ("gaussian(sigma=25)", [4, 4, 4], [4, 1, 0]),
        ("periodic(amplitude=0.5)", [4, 4, 4], [0, 0, 0], "two"),
    )
    assert [(column.name, column.level) for column in one.columns] == [("clean", ""), ("gaussian", "sigma 25")]
    assert [(column.name, column.level) for column in two.columns] == [("periodic", "amplitude 0.5")]
    assert (one.model, two.model) == ("net", "two")


def test_the_class_of_the_lowest_mean_comes_first():
    (table,) = tables(("clean", [4, 4, 4], [4, 4, 2]), ("gaussian(sigma=25)", [4, 4, 4], [3, 0, 2]))
    assert [(row.name, row.images, row.mean.text) for row in table.rows] == [
        ("class 1", 11, "50"),
        ("class 2", 12, "50"),
        ("class 0", 10, "88"),
    ]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["100", "0"], ["50", "50"], ["100", "75"]]
    assert [cell.lost for cell in table.rows[0].cells] == [0, 1]


def test_a_class_that_was_not_looked_at_has_no_figure():
    (table,) = tables(("clean", [4, 0, 0], [4, 0, 0]), ("gaussian(sigma=25)", [4, 4, 0], [4, 1, 0]))
    assert [row.name for row in table.rows] == ["class 1", "class 0"]  # and of the third nothing is known at all
    cells = table.rows[0].cells
    assert cells[0] is None
    assert (cells[1].text, table.rows[0].mean.text) == ("25", "25")


@given(st.integers(1, 100_000).flatmap(lambda seen: st.tuples(st.just(seen), st.integers(0, seen))))
def test_only_all_right_is_100_and_only_none_right_is_0(counts):
    seen, right = counts
    (table,) = tables(("clean", [seen], [right]), classes=1)
    (cell,) = table.rows[0].cells
    assert (cell.text == "100") is (right == seen)
    assert (cell.text == "0") is (right == 0)
    assert abs(int(cell.text) - 100 * right / seen) < 1
    assert 0 <= cell.lost <= 1


def test_without_images_there_are_no_classes_to_name():
    assert class_tables(results()) == []


def test_many_noises_are_in_tables_below_each_other_and_of_many_classes_the_weakest_are_shown():
    noises = [f"gaussian(sigma={sigma})" for sigma in range(1, 24)]
    classes = 70
    right = list(range(classes))
    counts = tuple(ClassCounts(model="net", noise=noise, seen=(100,) * classes, right=tuple(right)) for noise in noises)
    named = tuple(ImageClass(name=f"class {number}", images=100, picture=None) for number in range(classes))
    limits = [limit_record(noise) for noise in noises]
    several = class_tables(results(*limits, images=images(classes=named), per_class=counts))
    assert [column.level for table in several for column in table.columns] == [f"sigma {sigma}" for sigma in range(1, 24)]
    assert max(len(table.columns) for table in several) <= 10
    for table in several:
        assert [row.name for row in table.rows] == [f"class {number}" for number in range(20)]
        assert table.left_out == 50
        assert all(len(row.cells) == len(table.columns) for row in table.rows)
    (alone,) = class_tables(results(*limits, images=images(classes=named), per_class=counts[:1]))
    assert (len(alone.rows), alone.left_out) == (60, 10)
