"""The mean and a quantile over noise seeds, as a table asks for them and as they are measured."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits_made import bench_of, images, limit, measurement, predicted
from test_asks import read

from robustness.declaration.scope import Scope
from robustness.errors import RobustnessError
from robustness.limits.limit import Limit
from robustness.limits.measure import measure_limit, over_seeds


def under(rights, total, over="mean", required="0.5", asks="accuracy", scope=None):
    bench = bench_of(images([0] * total), [measurement(right, total, predictions=_of(right, total)) for right in rights], scope)
    asked = limit(asks, required, seeds=tuple(range(len(rights))), over_seeds=over)
    return over_seeds(asked, bench)[0], bench


def _of(right, total):
    return np.where(np.arange(total) < right, 0, 1)


RIGHTS = st.lists(st.integers(0, 50), min_size=2, max_size=12)


@given(RIGHTS, st.decimals(0, 1, places=2))
def test_the_mean_is_exact(rights, required):
    found, bench = under(rights, 50, required=required)
    value = Fraction(sum(rights), 50 * len(rights))
    assert (found.exact, found.kept) == (value, value >= Fraction(required))
    assert [seed for _, _, seed, _ in bench.asked] == [*range(len(rights))]


@given(RIGHTS, st.sampled_from(["0.05", "0.1", "0.25", "0.5"]), st.decimals(0, 1, places=2))
def test_a_quantile_says_how_many_seeds_keep_it(rights, over, required):
    found, _ = under(rights, 50, over, required)
    below = sum(Fraction(right, 50) < Fraction(required) for right in rights)
    assert found.kept == (below < Fraction(over) * len(rights))


def test_nine_tenths_of_the_mean_is_nine_tenths():
    assert under([9, 9, 9], 10, required="0.9")[0].kept
    assert not under([9, 9, 8], 10, required="0.9")[0].kept


def test_each_seed_is_measured_whole_whatever_the_file_says_of_stopping_early():
    _, bench = under([50, 40], 50, scope=Scope(early=True))
    assert [enough for *_, enough in bench.asked] == [None, None]


def test_a_record_says_the_seeds_and_no_count_of_one_of_them():
    labels = [0, 0, 0, 0]
    bench = bench_of(images(labels), [predicted([0, 0, 0, 1], labels), predicted([0, 0, 1, 1], labels)])
    record = measure_limit(limit("accuracy", "0.6", seeds=(3, 4), over_seeds="mean"), bench)
    assert (record.seeds, record.value, record.verdict) == ((3, 4), 0.625, "PASS")
    assert record.row.images is None
    assert not record.is_plain
    assert record.reason == "accuracy: the mean over 2 seeds is 0.6250, each between 0.5000 and 0.7500, the limit 0.6"


def test_what_has_no_value_of_a_seed_by_itself_is_not_measured():
    bench = bench_of(images([0, 0]), [predicted([0, 0], [0, 0])] * 4)
    with pytest.raises(RobustnessError, match="t:1: relative gives no value that seeds can be taken together by"):
        over_seeds(limit("relative", "0.5", seeds=(1, 2), over_seeds="mean"), bench)


TABLE = 'noise = "gaussian"\nsigma = [5, 10]\naccuracy = [0.9, 0.8]\nseeds = [0, 1, 2]\n'


def test_a_table_asks_once_over_its_seeds(tmp_path):
    limits = read(tmp_path, f'{TABLE}over_seeds = "mean"').of(Limit)
    assert [(one.seed, one.seeds, one.over_seeds) for one in limits] == [(None, (0, 1, 2), "mean")] * 2
    assert [one.subject for one in limits] == [f"gaussian(sigma={sigma})-mean-of-3-seeds" for sigma in (5, 10)]
    assert len(read(tmp_path, TABLE).of(Limit)) == 6
    both = f'{TABLE}over_seeds = "mean"\n[[limits]]\nmodels = ["net"]\n{TABLE}over_seeds = 0.1'
    assert len({str(one) for one in read(tmp_path, both).of(Limit)}) == 4


@pytest.mark.parametrize(
    ("table", "run", "message"),
    [
        (f"{TABLE}over_seeds = 0.9", "", "over_seeds: would let most seeds break accuracy: a quantile of 0.5 or less"),
        (
            'noise = "clean"\nmean_error = 0.1\nseeds = [1, 2]\nover_seeds = "mean"',
            "",
            r"limits\[0\].over_seeds: says nothing to mean_error",
        ),
        (
            'noise = "clean"\naccuracy = 0.1\ncalibration_error = 0.1\nseeds = [1, 2]\nover_seeds = 0.25',
            "",
            "over_seeds: would let most seeds break calibration_error: a quantile of 0.5 or more",
        ),
        ('noise = "clean"\naccuracy = 0.5\nover_seeds = "mean"', "", "over_seeds: goes with two or more different seeds"),
        ('noise = "clean"\naccuracy = 0.5\nseeds = [1]\nover_seeds = "mean"', "", "two or more different seeds"),
        ('noise = "clean"\naccuracy = 0.5\nseeds = [1, 1]\nover_seeds = "mean"', "", "two or more different seeds"),
        (f'{TABLE}over_seeds = "mean"', 'claim = "population"', "claims nothing about a population"),
        (f'{TABLE}over_seeds = "median"', "", "over_seeds"),
        (f"{TABLE}over_seeds = 1.0", "", "over_seeds"),
        ('noise = "clean"\naccuracy = 0.5\nclass = "Stop"', "", r"limits\[0\].class: says nothing to accuracy"),
        ('noise = "clean"\nrecall = 0.5', "", r"limits\[0\].recall: goes with class"),
        ('noise = "clean"\ntop_k = 0.5', "", r"limits\[0\].top_k: goes with k"),
        ('noise = "clean"\naccuracy = 0.5\nk = 5', "", r"limits\[0\].k: goes with top_k"),
        ('noise = "clean"\nmax_confusion = 0.5', "", "max_confusion: goes with confusion"),
        ('noise = "clean"\nconfusion = { from = "a", to = "a" }', "", "'a' taken for itself is no confusion"),
        ('noise = "clean"\nconfusion = { from = "a" }', "", r"confusion.to: missing"),
        ('noise = "clean"\nconfusion = { from = "a", into = "b", to = "c" }', "", "confusion.into: unknown key"),
        ('noise = "clean"\nmax_drop = 0.5\ngroup = "north"', 'baseline = "v1"', "group: says nothing to max_drop"),
        ('noise = "clean"\nbalanced_accuracy = 0.5', 'claim = "population"', "no exact bound is known of a mean over classes"),
        ('noise = "clean"\nmacro_f1 = 0.5', 'claim = "population"', "macro_f1: claims nothing about a population: no exact"),
        ('noise = "clean"\ncalibration_error = 0.5', 'claim = "population"', "calibration_error: claims nothing about a pop"),
        ('noise = "clean"\ngroup = "north"', "", "group: goes with something that is asked"),
        ('noise = "clean"\ntop_k = 0.5\nk = 0', "", r"limits\[0\].k"),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path, table, run, message):
    with pytest.raises(RobustnessError, match=message):
        read(tmp_path, table, run)
