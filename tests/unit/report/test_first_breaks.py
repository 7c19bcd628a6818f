"""Which noise breaks a model first, and at what magnitude."""

from __future__ import annotations

import pytest
from builders import limit_record, results

from robustness.noise import Clean, Gaussian, Noise, Offset, Resolution, parse_noise
from robustness.report.html.first_breaks import first_breaks, in_a_sentence


def limit(noise: Noise, accuracy=0.9, **more):
    return limit_record(
        noise, **{"accuracy": accuracy, "required": "0.8", "verdict": "PASS" if accuracy >= 0.8 else "FAIL"} | more
    )


def found(*limits):
    return first_breaks(results(*limits))


def test_the_lowest_level_that_breaks_a_limit_whatever_the_order():
    (one,) = found(limit(Gaussian(50), 0.1), limit(Gaussian(5)), limit(Gaussian(25), 0.7), limit(Clean()))
    assert (one.level, one.highest, one.words) == (25, 50, "sigma 25")
    assert (one.severity, one.lost) == (0.667, pytest.approx(0.1))


def test_levels_count_from_the_one_that_changes_nothing():
    dark, coarse = found(limit(Offset(-50), 0.5), limit(Offset(-20), 0.7), limit(Resolution(4), 0.5), limit(Resolution(2), 0.5))
    assert (dark.level, coarse.level) == (-20, 2)


def test_what_holds_says_to_which_level():
    (one,) = found(limit(Gaussian(5)), limit(Gaussian(25)))
    assert (one.level, one.severity, one.words) == (None, 0, "holds to 25")


def test_what_is_undecided_is_not_said_to_hold():
    limits = [limit(Gaussian(5)), limit(Gaussian(25), verdict="INCONCLUSIVE")]
    (one,) = found(*limits)
    assert (one.level, one.words) == (25, "sigma 25 (undecided)")
    assert in_a_sentence(found(*limits)) == "net breaks first under gaussian, at sigma 25 (undecided)."


def test_the_sentence_names_the_noise_that_breaks_at_the_earliest_of_its_levels():
    limits = [
        limit(Gaussian(5)),
        limit(Gaussian(25), 0.1),
        limit(Offset(20), 0.75),
        limit(Offset(50), 0.7),
        limit(Gaussian(5), model="other"),
    ]
    said = in_a_sentence(found(*limits))
    assert said == "net breaks first under offset, at levels 20; no noise measured breaks other."


def test_of_two_as_early_the_one_that_falls_further_below_its_limit():
    said = in_a_sentence(found(limit(Offset(20), 0.75), limit(Gaussian(5), 0.6)))
    assert said == "net breaks first under gaussian, at sigma 5."


def test_nothing_is_said_without_limits_under_noise():
    assert in_a_sentence(found(limit(Clean(), 0.1), limit(Gaussian(5), is_plain=False))) == ""


def test_of_a_quality_the_lower_is_the_more():
    limits = [
        limit(parse_noise(f"jpeg(quality={quality})"), accuracy) for quality, accuracy in ((40, 0.7), (80, 0.9), (65, 0.7))
    ]
    (one,) = found(*limits)
    assert (one.words, one.highest) == ("quality 65", 40)
    (one,) = found(*limits[1:2], limit(parse_noise("jpeg(quality=10)")))
    assert one.words == "holds to 10"
