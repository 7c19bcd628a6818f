"""What a network keeps that says one class of every image: refused as it is declared, and as it is measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from limits_made import bench_of, images, limit, predicted
from test_asks import read

from robustness.errors import RobustnessError
from robustness.evaluation.result import Scores
from robustness.limits.asks import ASKS
from robustness.limits.limit import Limit
from robustness.limits.measure import measure_limit

ALIVE = '\n[[limits]]\nmodels = ["net"]\nnoise = "clean"\naccuracy = 0.5\n'
OF_CLASS = 'class = "Stop"\n'
KEPT = {
    "monotone": 'noise = "gaussian"\nsigma = [5, 10]\nmonotone = 0',
    "relative": 'noise = "gaussian"\nsigma = 5\nrelative = 0.9',
    "break_point": 'noise = "gaussian"\nbreak_point = 20\nof_clean = 0.9',
    "max_flips": 'noise = "gaussian"\nsigma = 5\nmax_flips = 0.01',
    "max_differences": 'noise = "gaussian"\nsigma = 5\nsame_as = "old"',
    "mean_error": 'noise = "gaussian"\nsigma = 5\nmean_error = 1.0\nreference = "old"',
    "recall": f'noise = "gaussian"\nsigma = 5\nrecall = 0.9\n{OF_CLASS}',
    "precision": f'noise = "gaussian"\nsigma = 5\nprecision = 0.9\n{OF_CLASS}',
    "max_confusion": 'noise = "gaussian"\nsigma = 5\nconfusion = { from = "Stop", to = "Yield" }',
    "calibration_error": 'noise = "gaussian"\nsigma = 5\ncalibration_error = 0.1',
    "classes": 'noise = "gaussian"\nsigma = 5\naccuracy = 0.9\nclasses = ["Stop"]',
    "group": 'noise = "gaussian"\nsigma = 5\naccuracy = 0.9\ngroup = "north"',
}
SHOWS = {
    "accuracy": "accuracy = 0.5",
    "top_k": "top_k = 0.5\nk = 5",
    "balanced_accuracy": "balanced_accuracy = 0.5",
    "macro_f1": "macro_f1 = 0.5",
    "worst_class": "worst_class = 0.1",
    "mean_error": "mean_error = 0.5",
}


@pytest.mark.parametrize("table", KEPT.values(), ids=KEPT)
def test_it_wants_an_accuracy_of_the_same_model_beside_it(table, tmp_path):
    with pytest.raises(RobustnessError, match=r"toml:1\d: limits\[0\].*may be kept by a network that says one class of every"):
        read(tmp_path, table)
    with pytest.raises(RobustnessError, match="give net a limit on the accuracy of all images beside it"):
        read(tmp_path, table + ALIVE.replace("net", "net2") + NET2)
    assert len(read(tmp_path, table + ALIVE).of(Limit)) == 2


NET2 = '[models.net2]\nload = "small-resnet"\nweights = "gtsrb"\n'


@pytest.mark.parametrize("table", SHOWS.values(), ids=SHOWS)
def test_what_a_dead_network_breaks_stands_alone_and_beside(table, tmp_path):
    table = f'noise = "clean"\n{table}'
    assert len(read(tmp_path, table).of(Limit)) == 1
    beside = f'\n[[limits]]\nmodels = ["net"]\n{KEPT["monotone"]}\n'
    assert len(read(tmp_path, table + beside).of(Limit)) == 2


def test_a_copy_is_alive_where_its_source_is(tmp_path):
    limits = read(tmp_path, KEPT["max_differences"] + ALIVE.replace("net", "old")).of(Limit)
    assert [limit.asks for limit in limits] == ["max_differences", "accuracy"]


def test_nothing_is_missed_in_a_file_with_another_problem(tmp_path):
    with pytest.raises(RobustnessError) as refused:
        read(tmp_path, KEPT["monotone"] + ALIVE.replace("accuracy", "acuracy"))
    assert "one class" not in str(refused.value)


def with_ranks(made, ranks):
    shares = np.full(len(ranks), 0.5, np.float32)
    return replace(made, result=Scores(made.result.predictions, made.result.margins, np.array(ranks, np.int16), shares))


@pytest.mark.parametrize(
    ("asks", "more"),
    [
        ("recall", {"classes": ("b",)}),
        ("max_confusion", {"classes": ("a",), "taken_for": "c"}),
        ("relative", {}),
        ("top_k", {"k": 2}),
        ("accuracy", {"classes": ("b",)}),
        ("accuracy", {"group": "1"}),
    ],
)
def test_what_is_kept_by_one_answer_alone_was_not_measured(asks, more):
    labels, tracks = [0, 0, 1, 1, 2], [0, 0, 1, 1, 0]
    cases = [with_ranks(predicted([1] * 5, labels), [2, 2, 1, 1, 3])] * 2
    bench = bench_of(images(labels, tracks=tracks), cases)
    assert ASKS[asks].judge(ASKS[asks].measure(limit(asks, "0.5", **more), bench)).kept
    with pytest.raises(RobustnessError, match=rf"t:1: net says b of every image under gaussian\(sigma=20\), so {asks} would"):
        measure_limit(limit(asks, "0.5", **more), bench_of(images(labels, tracks=tracks), cases))


def test_what_one_answer_breaks_is_broken():
    labels = [0, 0, 1, 1, 2]
    bench = bench_of(images(labels), [predicted([1] * 5, labels)])
    assert measure_limit(limit("recall", "0.5", classes=("a",)), bench).verdict == "FAIL"


def test_a_set_of_one_class_may_be_answered_by_one():
    bench = bench_of(images([1, 1, 1]), [predicted([1, 1, 1], [1, 1, 1])])
    assert measure_limit(limit("recall", "0.5", classes=("b",)), bench).verdict == "PASS"


def test_a_network_that_is_alive_may_say_one_class_of_a_group():
    labels, tracks = [0, 0, 1, 1, 2], [0, 0, 1, 1, 0]
    for more in ({"group": "1"}, {"classes": ("b",)}):
        bench = bench_of(images(labels, tracks=tracks), [predicted(labels, labels)])
        assert measure_limit(limit("accuracy", "0.9", **more), bench).verdict == "PASS"
