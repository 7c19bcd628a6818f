"""Limits that hold several measurements, or several classes, against each other."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits_made import bench_of, images, judged, limit, measurement, predicted
from torch import nn

from robustness.data import Fit
from robustness.errors import RobustnessError
from robustness.limits.asks import ASKS
from robustness.limits.limit import Limit
from robustness.limits.record import DifferentImage
from robustness.noise import Clean, Gaussian, Periodic, Shot
from robustness.search.waves import waves

LEVELS = tuple(Gaussian(sigma) for sigma in (5, 10, 20))
RIGHTS = st.lists(st.integers(0, 1000), min_size=2, max_size=6)


def counted(asked, *rights, total=1000):
    """What an ask says of so many images correctly classified in its cases."""
    return judged(asked, [measurement(right, total) for right in rights])


def relative(noisy, clean, required):
    return counted(limit("relative", required), noisy, clean)


def worst_class(labels, predictions, required):
    return judged(limit("worst_class", required), [predicted(predictions, labels)], images(labels))


@given(noisy=st.integers(0, 1000), clean=st.integers(1, 1000), required=st.decimals(0, 1, places=3))
def test_relative_is_the_exact_quotient(noisy, clean, required):
    assert relative(noisy, clean, required).kept == (Fraction(noisy, clean) >= Fraction(required))


def test_relative_of_029_of_100_is_29():
    assert relative(29, 100, Decimal("0.29")).kept
    assert not relative(28, 100, Decimal("0.29")).kept


def test_the_worst_class_is_named_with_its_count():
    finding = worst_class([0, 0, 1, 1, 1, 2], [0, 0, 1, 0, 0, 2], "0.34")
    assert (finding.value, finding.kept) == (pytest.approx(1 / 3), False)
    assert "worst class 'b': 1 of 3 right" in finding.words
    assert worst_class([0, 0, 1, 1, 1, 2], [0, 0, 1, 0, 0, 2], "0.33").kept


def test_a_class_without_images_was_not_measured():
    with pytest.raises(RobustnessError, match="set has no image of c"):
        worst_class([0, 1], [0, 1], "0")


@given(RIGHTS, st.integers(0, 1000))
def test_monotone_is_kept_exactly_when_no_stronger_level_is_that_much_better(rights, tolerance):
    levels = tuple(Gaussian(sigma) for sigma in range(1, len(rights) + 1))
    rises = [after - before for n, after in enumerate(rights) for before in rights[:n]]
    finding = counted(limit("monotone", Decimal(tolerance) / 1000, levels=levels), *rights)
    assert finding.kept == all(rise <= tolerance for rise in rises)
    assert finding.value == pytest.approx(max(0, *rises) / 1000)


@given(RIGHTS, st.integers(1, 1000), st.decimals(0, 1, places=2))
def test_the_break_point_is_the_first_level_below_the_share(rights, clean, share):
    levels = tuple(Gaussian(sigma) for sigma in range(1, len(rights) + 1))
    finding = counted(limit("break_point", levels=levels, of_clean=share), *rights, clean)
    below = [level.sigma for level, right in zip(levels, rights, strict=True) if right < Fraction(share) * clean]
    assert finding.kept == (not below)
    assert finding.value == (below[0] if below else len(rights))


def test_mean_error_sums_levels_and_averages_kinds():
    levels = (Gaussian(5), Gaussian(10), Shot(1))
    ours = limit("mean_error", "0.75", levels=levels, reference="old")
    finding = counted(ours, 90, 80, 60, 80, 60, 20, total=100)  # 30 of 60 errors, 40 of 80
    assert (finding.value, finding.kept) == (0.5, True)
    assert not counted(ours, 90, 80, 0, 80, 60, 20, total=100).kept  # (0.5 + 1.25) / 2


def differences(ours, theirs, margins, share):
    """What is said of two models' predictions of images that are all of class a."""
    labels = [0] * len(ours)
    cases = [predicted(ours, labels), predicted(theirs, labels, model="source", margins=margins)]
    return judged(limit("max_differences", share, reference="source"), cases, images(labels))


@pytest.mark.parametrize(("share", "kept"), [("0", False), ("0.28", False), ("0.29", True), ("1", True)])
def test_29_of_100_differences_are_a_share_of_029(share, kept):
    finding = differences([1] * 29 + [0] * 71, [0] * 100, [1] * 100, share)
    assert (finding.value, finding.kept) == (0.29, kept)


def test_models_that_agree_keep_a_limit_of_nothing():
    finding = differences([0, 1], [0, 1], [0, 0], 0)
    assert (finding.value, finding.kept) == (0, True)
    assert finding.words == "0 of 2 predictions are not those of source, 0.0000; the limit 0 allows 0"


def test_differences_are_listed_by_the_margin_of_the_source_and_ties_counted():
    finding = differences([0, 1, 2], [0, 0, 1], [9, 5e-5, 2.5], 0)
    assert finding.words == (
        "2 of 3 predictions are not those of source, 0.6667; the limit 0 allows 0; 1 of them where source itself is at a tie "
        "(margin below 0.0001): image 2 (a) is c, not b (margin 2.5); image 1 (a) is b, not a (margin 5e-05)"
    )
    assert finding.details.images[0] == DifferentImage(index=2, label="a", says="c", source_says="b", margin=2.5)
    assert (finding.details.source, finding.details.differences, finding.details.ties) == ("source", 2, 1)


def test_ten_differences_are_told_and_fifty_kept():
    finding = differences([1] * 60, [0] * 60, [1] * 60, 0)
    assert (finding.words.count("image "), finding.words[-13:]) == (10, "; and 50 more")
    assert len(finding.details.images) == 50


@pytest.mark.parametrize("which", [0, 1])
def test_what_was_not_seen_in_full_is_no_agreement(which):
    ours, theirs = ([0, -1] if model == which else [0, 1] for model in (0, 1))
    with pytest.raises(RobustnessError, match="images were evaluated"):
        differences(ours, theirs, [1, 1], 1)


@pytest.mark.parametrize(
    ("bench", "message"),
    [
        (bench_of(None, fits={"old": Fit(8, "resize")}), "t:1: net takes images by crop-or-pad 8, old by resize 8"),
        (bench_of(None, module=nn.Flatten()), "t:1: net and old are one module"),
    ],
)
def test_only_models_that_see_the_same_images_are_compared_and_nothing_is_measured_before(bench, message):
    with pytest.raises(RobustnessError, match=message):
        ASKS["max_differences"].measure(limit("max_differences", reference="old"), bench)
    assert bench.asked == []


def test_what_divides_has_to_be_there():
    with pytest.raises(RobustnessError, match="no clean image"):
        relative(0, 0, 0)
    with pytest.raises(RobustnessError, match="no clean image"):
        counted(limit("break_point", levels=LEVELS[:1], of_clean=Decimal("0.5")), 0, 0)
    with pytest.raises(RobustnessError, match="old makes no error"):
        counted(limit("mean_error", levels=(Gaussian(5),), reference="old"), 1, 1000)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (limit("accuracy"), [("net", Gaussian(20))]),
        (limit("relative"), [("net", Gaussian(20)), ("net", Clean())]),
        *((limit(asks), [("net", Gaussian(20))]) for asks in ("max_drop", "worst_class", "max_flips")),
        (
            limit("worst_band", noise=Periodic(0.1)),
            [("net", Periodic(0.1)), ("net", Clean()), *(("net", wave) for wave in waves(0.1, (40, 40)))],
        ),
        (limit("monotone", levels=LEVELS), [("net", level) for level in LEVELS]),
        (limit("break_point", levels=LEVELS), [*(("net", level) for level in LEVELS), ("net", Clean())]),
        (limit("max_differences", reference="old"), [("net", Gaussian(20)), ("old", Gaussian(20))]),
        (limit("mean_error", levels=LEVELS, reference="old"), [(name, level) for name in ("net", "old") for level in LEVELS]),
    ],
    ids=lambda value: value.asks if isinstance(value, Limit) else "",
)
def test_each_limit_names_the_cases_it_needs(asked, wanted):
    assert ASKS[asked.asks].cases(asked, (40, 40)) == wanted


@pytest.mark.parametrize("required", ["2", "76.7"])
def test_a_mean_error_that_a_network_wrong_about_every_image_keeps_is_none(required):
    levels = (Gaussian(5), Gaussian(10))
    cases = [measurement(right, 100) for right in (90, 80, 60, 40)]  # the reference errs on half: at most twice its errors
    ours = limit("mean_error", required, levels=levels, reference="old")
    with pytest.raises(RobustnessError, match=rf"mean_error = {required} is kept by a network that is wrong about every image"):
        judged(ours, cases, images([0] * 100))
    assert judged(limit("mean_error", "1.99", levels=levels, reference="old"), cases, images([0] * 100)).kept
