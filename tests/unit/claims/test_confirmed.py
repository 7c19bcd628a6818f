"""A break that only the search's curve shows is no break."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
import torch
from torch import nn

from robustness.claims.declare import DeclaredClaim
from robustness.claims.measure import examine
from robustness.data import Fit, ImageSet
from robustness.declaration.scope import Scope
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import evaluate
from robustness.evaluation.store import Store
from robustness.models.classifier import Classifier
from robustness.noise import Gaussian, Offset, Periodic
from robustness.search.critical import COARSE, FINE, search_flips

IMAGES = ImageSet.from_images("grey", [np.full((8, 8, 3), 20 + n % 50, np.uint8) for n in range(200)], [0] * 200, ["a", "b"])
SAME = ImageSet.from_images("same", [np.full((8, 8, 3), 40, np.uint8)] * 200, [0] * 200, ["a", "b"])
BREAKS = DeclaredClaim("breaks", ("toy",), (Offset(5), Offset(60)), "supported", Decimal("0.01"), "x:1", Decimal("0.9"))


class Between(nn.Module):
    """Class 1 where the mean grey level lies between the two."""

    def __init__(self, low, high):
        super().__init__()
        self.low, self.high = low / 255, high / 255

    def forward(self, batch):
        level = batch.mean(dim=(1, 2, 3))
        inside = ((level > self.low) & (level < self.high)).float()
        return torch.stack([1 - inside, inside], dim=1)


@pytest.fixture
def tested(tmp_path):
    def tested(module, claim=BREAKS, images=IMAGES, fit=8, stride=FINE):
        model = Classifier("toy", module, Fit(fit))

        def right(classifier, noise):
            return evaluate(classifier, images, noise, 0).predictions == images.labels

        def search(classifier, highest):
            return search_flips(classifier, images, highest, 0, Store(tmp_path), "run", stride)

        return examine(claim, {"toy": model}, images, Scope(independent=True), 0, right, search, Store(tmp_path))

    return tested


def test_accuracy_that_falls_and_stays_down_is_supported(tested):
    assert tested(Between(72.5, 999)).outcome == "supported"


def test_flips_that_are_undone_at_once_leave_the_claim_undecided(tested):
    found = tested(Between(72.5, 74.5))
    assert found.outcome == "undecided"
    assert "accuracy measured at the ends of the range does not confirm it" in found.words


def test_a_break_before_the_range_that_the_coarse_search_misses_is_not_supported(tested):
    class Recovers(Between):
        """Broken between two levels of light, whole again above, and broken for good above 90."""

        def forward(self, batch):
            level = batch.mean(dim=(1, 2, 3))
            broken = (((level > self.low) & (level < self.high)) | (level > 90 / 255)).float()
            return torch.stack([1 - broken, broken], dim=1)

    def coarse(low, high):  # between two of the levels that the coarse search tries, 7.5 apart
        return tested(Recovers(low, high), replace(BREAKS, noises=(Offset(5), Offset(60))), SAME, stride=COARSE).outcome

    assert coarse(200, 201) == "supported"
    assert coarse(43, 46) == "undecided"  # at the near end, 40 + 5


def test_a_break_before_the_range_has_to_be_confirmed_as_well(tested):
    late = replace(BREAKS, noises=(Offset(55), Offset(60)))
    assert tested(Between(72.5, 999), late).outcome == "refuted"
    assert tested(Between(72.5, 74.5), late).outcome == "undecided"


def test_no_break_at_all_is_refuted_and_measured(tested):
    assert tested(Between(900, 999)).outcome == "refuted"


def test_a_share_of_nothing_is_refused_and_not_taken_for_all(tested):
    with pytest.raises(RobustnessError, match="0 of clean accuracy is no bar"):
        tested(Between(72.5, 999), replace(BREAKS, of_clean=Decimal(0)))


def test_images_too_small_for_ssim_are_matched_by_psnr_alone(tested):
    small = ImageSet.from_images("small", [np.full((4, 4, 3), 90, np.uint8)] * 40, [0] * 40, ["a", "b"])
    by_psnr = DeclaredClaim("patterns-differ", ("toy",), (Gaussian(255), Periodic(2)), "undecided", Decimal("0.01"), "x:1")
    found = tested(Between(900, 999), replace(by_psnr, metric="psnr", target=20.0), small, fit=4)
    assert [row["ssim"] for row in found.evidence["distortions"]] == [None, None]
    with pytest.raises(RobustnessError, match="SSIM looks through a window of 11 pixels, and needs images of 6"):
        tested(Between(900, 999), replace(by_psnr, metric="ssim", target=0.8), small, fit=4)
