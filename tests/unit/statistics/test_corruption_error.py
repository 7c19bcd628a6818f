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


RESNET_50 = {
    "gaussian": (29.29, 79.77),
    "shot": (27.03, 81.58),
    "impulse": (23.81, 82.58),
    "defocus": (38.75, 74.71),
    "glass": (26.79, 88.61),
    "motion": (38.67, 78.03),
    "zoom": (36.24, 79.86),
    "snow": (32.53, 77.83),
    "frost": (38.14, 74.84),
    "fog": (45.83, 66.11),
    "brightness": (68.02, 56.64),
    "contrast": (39.06, 71.43),
    "elastic": (45.25, 84.75),
    "pixelate": (44.79, 76.92),
    "jpeg": (53.41, 76.82),
}
"""Of torchvision's ResNet-50 (76.13 % on clean images): accuracy over the five severities, and CE, both in per cent.

Measured by Rusak and others (arXiv 2001.06057, "Game of Noise"): github.com/bethgelab/game-of-noise,
Results/clean_results.txt at commit f220bd4, which has "mCE: 76.70" too. The README of
github.com/hendrycks/robustness has 76.7 % too, for the "ResNet-50 Baseline".
"""


def test_the_published_figures_of_a_resnet_50_follow_from_its_accuracies():
    errors = {name: [1 - accuracy / 100] for name, (accuracy, _) in RESNET_50.items()}
    ratios = corruption_errors(errors, ALEXNET)
    rounding = 0.00005 / min(ALEXNET.values()) + 0.00005  # of an accuracy, set in relation, and of a CE
    assert ratios == pytest.approx({name: ce / 100 for name, (_, ce) in RESNET_50.items()}, rel=0, abs=rounding)
    assert mean_corruption_error(ratios) == pytest.approx(0.7670, abs=0.0001)


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
