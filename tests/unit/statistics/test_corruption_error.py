"""The mean corruption error, as published."""

from __future__ import annotations

from fractions import Fraction

import pytest

from robustness.errors import RobustnessError
from robustness.statistics.corruption_error import ALEXNET, corruption_errors, mean_corruption_error


def test_alexnet_beside_itself_is_1():
    errors = {name: [error] * 5 for name, error in ALEXNET.items()}
    ratios = corruption_errors(errors, ALEXNET)
    assert ratios == pytest.approx(dict.fromkeys(ALEXNET, 1.0))
    assert mean_corruption_error(ratios) == pytest.approx(1)


def test_the_published_figure_of_a_resnet_50():
    """76.7 %: CEs of the paper's table 1, its line of ResNet-50, are 80 82 83 75 89 78 80 78 75 66 57 71 85 77 77."""
    published = (80, 82, 83, 75, 89, 78, 80, 78, 75, 66, 57, 71, 85, 77, 77)
    ratios = {name: ce / 100 for name, ce in zip(ALEXNET, published, strict=True)}
    assert mean_corruption_error(ratios) == pytest.approx(0.767, abs=0.002)


def test_a_ce_is_the_sum_of_errors_over_the_references():
    errors, reference = [0.1, 0.2, 0.3, 0.4, 0.5], [0.2, 0.3, 0.3, 0.6, 0.6]
    wanted = Fraction(15, 20)
    assert corruption_errors({"fog": errors}, {"fog": sum(reference) / 5})["fog"] == pytest.approx(float(wanted))


@pytest.mark.parametrize("gone", ["glass", "jpeg"])
def test_fourteen_have_no_mce(gone):
    with pytest.raises(RobustnessError, match=f"mCE is the mean over fifteen corruptions: it needs {gone} too"):
        mean_corruption_error({name: 0.5 for name in ALEXNET if name != gone})


def test_sixteen_have_none_either():
    with pytest.raises(RobustnessError, match="the fifteen alone, without speckle"):
        mean_corruption_error(dict.fromkeys([*ALEXNET, "speckle"], 0.5))


def test_a_reference_without_error_or_without_the_corruption_is_refused():
    with pytest.raises(RobustnessError, match="makes no error under fog"):
        corruption_errors({"fog": [0.1]}, {"fog": 0.0})
    with pytest.raises(RobustnessError, match="has no error under haze"):
        corruption_errors({"haze": [0.1]}, ALEXNET)
    with pytest.raises(RobustnessError, match="at least one severity"):
        corruption_errors({"fog": []}, ALEXNET)
