"""Rules of this repository's own, as a project would write them."""

from __future__ import annotations

import pytest

from robustness import Gaussian, Periodic, SaltAndPepper


def test_stop_signs_survive(baseline_cnn, test_set, accuracy):
    assert accuracy(baseline_cnn, test_set.only("Stop"), Gaussian(sigma=5)) >= 0.9


@pytest.mark.parametrize("noise", [Gaussian(sigma=25), Periodic(amplitude=0.25), SaltAndPepper(amount=0.004)])
def test_small_weights_cost_at_most_a_point(baseline_cnn, baseline_cnn_bfloat16, test_set, accuracy, noise):
    assert accuracy(baseline_cnn_bfloat16, test_set, noise) >= accuracy(baseline_cnn, test_set, noise) - 0.01
