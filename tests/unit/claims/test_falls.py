"""Where accuracy falls below shares of what it is without noise."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from robustness.claims.break_point import SHARES, BreakPoint, falls
from robustness.data import ImageSet
from robustness.declaration.scope import Scope
from robustness.evaluation.case import Case
from robustness.noise import Gaussian
from robustness.search.critical import COARSE, LEVELS, Flips, Search, SearchCase

COUNT = 200


def searched(labels):
    """Of images all named 0, a tenth flips at each of the levels 20, 40, ..., 200."""
    levels = 20 * (1 + np.arange(COUNT) % 10)
    clean = np.zeros(COUNT, dtype=np.int16)
    flips = Flips(clean, levels * (50.0 / LEVELS), clean + 1, clean)
    case = SearchCase(Case("net", "greys", Gaussian(50), 0, "a", "b", "cpu"), COARSE)
    return Search(case, flips, np.full(COUNT, labels), 0.0, False), ImageSet.from_images(
        "greys", np.zeros((COUNT, 8, 8, 3), np.uint8), [labels] * COUNT, ["dark", "light", "bright"]
    )


@pytest.mark.parametrize(("scope", "confidence"), [(Scope(), None), (Scope(independent=True, confidence=0.9), 0.9)])
def test_each_share_has_its_place_and_an_interval_where_one_can_be_given(scope, confidence):
    found = falls(*searched(0), scope)
    assert [(share, point.found, given) for share, point, given in found] == [
        (Decimal("0.9"), 10.0, confidence),  # at level 40, where 0.8 is left
        (Decimal("0.5"), 30.0, confidence),
    ]
    assert all(point.low <= point.found <= point.high for _, point, _ in found)
    assert len(found) == len(SHARES)
    assert isinstance(found[0][1], BreakPoint)


def test_where_no_image_is_classified_correctly_nothing_falls():
    assert falls(*searched(2), Scope()) == []
