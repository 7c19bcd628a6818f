"""Figures by classes and probabilities, against scikit-learn's and torchmetrics'."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score
from torchmetrics.functional.classification import multiclass_calibration_error

from robustness.errors import RobustnessError
from robustness.statistics.classification import (
    BINS,
    calibration_error,
    f1_scores,
    lower_quantile,
    mean,
    recalls,
)

OUTSIDE, NO_CLASS = 4, 32_767


@st.composite
def classified(draw, classes=4):
    """Labels of which every class has some, and predictions, of none of the classes too."""
    more = draw(st.lists(st.integers(0, classes - 1), max_size=40))
    labels = np.array([*range(classes), *more])
    said = st.sampled_from([*range(classes), OUTSIDE, NO_CLASS])
    return labels, draw(hnp.arrays(np.int16, len(labels), elements=said))


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@given(classified())
def test_recalls_and_their_mean_are_scikit_learns(drawn):
    labels, predictions = drawn
    of_class = recalls(predictions, labels, 4)
    assert [float(one) for one in of_class] == pytest.approx(
        recall_score(labels, predictions, labels=range(4), average=None, zero_division=0)
    )
    assert float(mean(of_class)) == pytest.approx(balanced_accuracy_score(labels, predictions))


@given(classified())
def test_f1_is_scikit_learns_also_for_classes_that_are_never_predicted(drawn):
    labels, predictions = drawn
    expected = f1_score(labels, predictions, labels=range(4), average=None, zero_division=0)
    assert [float(one) for one in f1_scores(predictions, labels, 4)] == pytest.approx(expected)
    assert float(mean(f1_scores(predictions, labels, 4))) == pytest.approx(expected.mean())


@pytest.mark.parametrize("figure", [recalls, f1_scores])
def test_a_class_without_images_has_no_figure(figure):
    with pytest.raises(RobustnessError, match="class 1 of 3 has no image"):
        figure(np.array([0, 2, 1]), np.array([0, 2, 2]), 3)


@given(data=st.data(), size=st.integers(1, 60))
def test_the_calibration_error_is_torchmetrics(data, size):
    logits = data.draw(hnp.arrays(np.float32, (size, 3), elements=st.floats(-30, 30, width=32)))
    labels = data.draw(hnp.arrays(np.int64, size, elements=st.integers(0, 2)))
    shares = torch.from_numpy(logits).softmax(dim=1)
    expected = float(multiclass_calibration_error(shares, torch.from_numpy(labels), num_classes=3, n_bins=BINS))
    sure, said = shares.max(dim=1)
    assert calibration_error(sure.numpy(), said.numpy() == labels) == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("share", [0.0, 1 / 15, 0.5, 14 / 15, 1.0])
def test_a_probability_at_the_edge_of_a_bin_falls_where_torchmetrics_puts_it(share):
    shares = np.array([share, 0.97, 0.99], np.float32)
    right = np.array([False, True, True])
    edges = torch.linspace(0, 1, BINS + 1)
    bins = torch.bucketize(torch.from_numpy(shares), edges, right=True)
    gaps = [abs(float((right - shares)[bins == place].sum())) for place in bins.unique()]
    assert calibration_error(shares, right) == pytest.approx(sum(gaps) / 3, abs=1e-6)


@pytest.mark.parametrize("shares", [[np.nan, 0.5], [1.5, 0.5], [-0.1, 0.5], []])
def test_what_is_no_probability_is_an_error(shares):
    with pytest.raises(RobustnessError, match=r"probabilit"):
        calibration_error(np.array(shares, np.float32), np.ones(len(shares), bool))


@given(st.lists(st.fractions(0, 1), min_size=1, max_size=20), st.fractions("0.01", "0.99"))
def test_the_quantile_is_the_least_value_that_enough_do_not_exceed(values, share):
    found = lower_quantile(values, share)
    assert sum(value <= found for value in values) >= share * len(values)
    below = [value for value in values if value < found]
    assert not below or sum(value <= max(below) for value in values) < share * len(values)
    assert float(found) == pytest.approx(np.quantile([float(v) for v in values], float(share), method="inverted_cdf")) or (
        share * len(values)
    ) == int(share * len(values))
    assert isinstance(found, Fraction)
