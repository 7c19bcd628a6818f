"""At which level of each noise a model fails first."""

from __future__ import annotations

import pytest
from builders import limit_record, results

from robustness.noise import Clean, Gaussian, Noise, Offset, Resolution, parse_noise
from robustness.report.html.first_breaks import first_breaks


def limit(noise: Noise, accuracy=0.9, **more):
    return limit_record(
        noise, **{"accuracy": accuracy, "required": "0.8", "verdict": "PASS" if accuracy >= 0.8 else "FAIL"} | more
    )


def found(*limits):
    return first_breaks(results(*limits))


def test_the_lowest_level_that_breaks_a_limit_whatever_the_order():
    (one,) = found(limit(Gaussian(50), 0.1), limit(Gaussian(5)), limit(Gaussian(25), 0.7))
    assert (one.words, one.besides) == ("fails from sigma 25", "70.0 %")
    assert one.severity == pytest.approx(2 / 3, abs=1e-3)


def test_levels_count_from_the_one_that_changes_nothing():
    dark, coarse = found(limit(Offset(-50), 0.5), limit(Offset(-20), 0.7), limit(Resolution(4), 0.5), limit(Resolution(2), 0.5))
    assert (dark.limit.level, coarse.limit.level) == (-20, 2)


def test_what_is_kept_says_up_to_where_and_at_what_accuracy():
    (one,) = found(limit(Gaussian(5)), limit(Gaussian(25), 0.05, verdict="PASS", required="0.04"))
    assert (one.severity, one.words, one.besides) == (0, "kept up to 25", "5.0 %")


def test_what_is_undecided_is_not_said_to_be_kept():
    (one,) = found(limit(Gaussian(5)), limit(Gaussian(25), verdict="INCONCLUSIVE"))
    assert (one.words, one.besides) == ("undecided from sigma 25", "90.0 %")


def test_what_is_undecided_hides_no_failure():
    (one,) = found(limit(Gaussian(5), verdict="INCONCLUSIVE"), limit(Gaussian(25), 0.5))
    assert (one.words, one.besides) == ("fails from sigma 25", "50.0 %, undecided from sigma 5")


def test_clean_is_a_kind_of_its_own():
    clean, noisy = found(limit(Clean(), 0.1), limit(Gaussian(5), 0.1))
    assert (clean.family, clean.words, clean.severity) == ("clean", "fails", 1)
    assert noisy.words == "fails from sigma 5"


def test_a_waived_failure_is_one_and_says_so():
    (one,) = found(limit(Gaussian(5), 0.1, stops=False, waived_until="2026-12-31", waiver="why"))
    assert one.words == "fails from sigma 5 (waived)"


def test_only_limits_on_accuracy_count():
    assert found(limit(Gaussian(5), is_plain=False)) == []


def test_of_a_quality_the_lower_is_the_more():
    limits = [
        limit(parse_noise(f"jpeg(quality={quality})"), accuracy) for quality, accuracy in ((40, 0.7), (80, 0.9), (65, 0.7))
    ]
    (one,) = found(*limits)
    assert one.words == "fails from quality 65"
    (one,) = found(*limits[1:2], limit(parse_noise("jpeg(quality=10)")))
    assert one.words == "kept up to 10"
