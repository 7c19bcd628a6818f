"""Where accuracy falls below shares of what it is without noise."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from builders import plain_images, searched

from robustness.claims.break_point import SHARES, BreakPoint, falls
from robustness.declaration.scope import Scope
from robustness.noise import Gaussian

COUNT = 200


def search(right=None):
    """A tenth of the images flips at each of the levels 20, 40, ..., 200."""
    return searched(20 * (1 + np.arange(COUNT) % 10), right, noise=Gaussian(50)), plain_images([0] * COUNT)


@pytest.mark.parametrize(("scope", "confidence"), [(Scope(), None), (Scope(independent=True, confidence=0.9), 0.9)])
def test_each_share_has_its_place_and_an_interval_where_one_can_be_given(scope, confidence):
    found = falls(*search(), scope)
    assert [(share, point.found, given) for share, point, given in found] == [
        (Decimal("0.9"), 10.0, confidence),  # at level 40, where 0.8 is left
        (Decimal("0.5"), 30.0, confidence),
    ]
    assert all(point.low <= point.found <= point.high for _, point, _ in found)
    assert len(found) == len(SHARES)
    assert isinstance(found[0][1], BreakPoint)


def test_where_no_image_is_classified_correctly_nothing_falls():
    assert falls(*search(np.zeros(COUNT, bool)), Scope()) == []
