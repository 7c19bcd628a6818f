"""Limits on the images of one group: which count, and what is said where there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from limits_made import bench_of, images, limit
from test_asks import read
from test_shares_judged import scored

from robustness.declaration.scope import Scope
from robustness.errors import RobustnessError
from robustness.limits.asks import ASKS
from robustness.limits.limit import Limit
from robustness.limits.measure import measure_limit

LABELS = [0, 1, 2, 0, 1, 2, 0, 0]
SAID = [0, 1, 2, 1, 1, 2, 0, 2]
GROUPS = [0, 0, 0, 1, 1, 1, 1, 2]
NAMES = ("north", "south", "pole")
MORE: dict[str, dict[str, Any]] = {
    "recall": {"classes": ("a",)},
    "precision": {"classes": ("a",)},
    "max_confusion": {"classes": ("a",), "taken_for": "b"},
    "top_k": {"k": 1},
}
GROUPED = [name for name, ask in ASKS.items() if "group" in ask.takes]


def grouped(names=NAMES):
    return replace(images(LABELS, tracks=GROUPS), group_names=names)


def found(asks, group, made=None, scope=None, **more):
    measured = scored(SAID, LABELS, probabilities=np.linspace(0.4, 0.9, 8))
    bench = bench_of(made or grouped(), [measured], scope)
    asked = limit(asks, "0.5", group=group, **MORE.get(asks, {}) | more)
    return ASKS[asks].judge(ASKS[asks].measure(asked, bench))


def alone(asks, places):
    """What is said of a set that has no other images."""
    shares = np.linspace(0.4, 0.9, 8)[places]
    labels, said = np.array(LABELS)[places], np.array(SAID)[places]
    bench = bench_of(images(labels), [scored(said, labels, probabilities=shares)])
    asked = limit(asks, "0.5", **MORE.get(asks, {}))
    return ASKS[asks].judge(ASKS[asks].measure(asked, bench))


@pytest.mark.parametrize("asks", GROUPED)
@pytest.mark.parametrize("group", [0, 1])
def test_a_group_is_judged_as_if_there_were_no_other_images(asks, group):
    places = np.flatnonzero(np.equal(GROUPS, group))
    of_group, by_itself = found(asks, NAMES[group]), alone(asks, places)
    assert (of_group.value, of_group.kept, of_group.exact) == (by_itself.value, by_itself.kept, by_itself.exact)


def test_a_group_without_a_name_goes_by_its_number():
    assert found("accuracy", "1", grouped(None)).value == 0.75
    assert found("accuracy", "south").value == 0.75


@pytest.mark.parametrize("asks", GROUPED)
def test_a_group_that_is_none_is_named(asks):
    with pytest.raises(RobustnessError, match="set has no group 'nort': did you mean 'north'"):
        found(asks, "nort")
    with pytest.raises(RobustnessError, match="set has no groups: give each image one"):
        found(asks, "north", images(LABELS))


@pytest.mark.parametrize("asks", ["balanced_accuracy", "macro_f1", "worst_class"])
def test_a_mean_over_classes_wants_all_of_them_in_the_group(asks):
    with pytest.raises(RobustnessError, match="has no image of b, c, so its accuracy was not measured"):
        found(asks, "pole")


@pytest.mark.parametrize("asks", ["recall", "precision", "max_confusion", "accuracy"])
def test_a_class_that_the_group_lacks_is_not_measured(asks):
    made = replace(images([0, 1, 2, 1, 1, 2, 1, 0], tracks=GROUPS), group_names=NAMES)
    bench = bench_of(made, [scored(SAID, [0, 1, 2, 1, 1, 2, 1, 0])])
    asked = limit(asks, "0.5", group="south", **MORE.get(asks, {"classes": ("a",)}))
    with pytest.raises(RobustnessError, match="has no image of '?a"):
        ASKS[asks].judge(ASKS[asks].measure(asked, bench))


@pytest.mark.parametrize("asks", ["accuracy", "top_k", "recall"])
def test_one_group_is_one_draw_so_it_shows_nothing_of_others(asks):
    """Its images are of one track: a bound by tracks knows one of them."""
    sure = replace(images([0] * 400 + [1], tracks=[0] * 400 + [1]), group_names=("north", "south"))
    measured = scored([0] * 400 + [1], [0] * 400 + [1])
    bench = bench_of(sure, [measured], Scope("population", independent=True))
    asked = limit(asks, "0.5", group="north", **MORE.get(asks, {}))
    assert ASKS[asks].judge(ASKS[asks].measure(asked, bench)).kept is None
    declared = bench_of(sure, [measured], Scope("population", design_effect=4.0))
    assert ASKS[asks].judge(ASKS[asks].measure(asked, declared)).kept


def test_a_record_of_a_group_counts_its_images():
    bench = bench_of(grouped(), [scored(SAID, LABELS)])
    record = measure_limit(limit("accuracy", "0.5", group="south"), bench)
    assert (record.right, record.total, record.is_plain) == (3, 4, False)
    assert record.subject == "gaussian(sigma=20)-group-south"


def test_a_table_names_its_group(tmp_path):
    table = 'noise = "clean"\naccuracy = 0.5\n[[limits]]\nmodels = ["net"]\nnoise = "clean"\naccuracy = 0.9\ngroup = "North 1"'
    assert [str(one) for one in read(tmp_path, table).of(Limit)] == ["net-clean", "net-clean-group-north_1"]


def test_each_of_the_classes_that_count_has_images():
    made = images([0, 0, 1, 1])
    with pytest.raises(RobustnessError, match="has no image of c, so its accuracy was not measured"):
        measure_limit(limit("accuracy", "0.5", classes=("a", "c")), bench_of(made, [scored([0, 0, 1, 1], [0, 0, 1, 1])]))
