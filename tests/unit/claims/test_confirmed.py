"""A break that only the search's curve shows is no break."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from uuid import uuid4

import pytest
import torch
from builders import Between, bench, claim, classifier, plain_images

from robustness.claims.measure import examine
from robustness.declaration.scope import Scope
from robustness.errors import RobustnessError
from robustness.evaluation.store import Store
from robustness.noise import Gaussian, Offset, Periodic
from robustness.search.critical import COARSE, FINE

IMAGES = plain_images([20 + n % 50 for n in range(200)])
SAME = plain_images([40] * 200)
BREAKS = claim("breaks", Offset(5), Offset(60), models=("toy",), negligible="0.01", of_clean=Decimal("0.9"))


@pytest.fixture
def tested(tmp_path):
    def tested(module, claim=BREAKS, images=IMAGES, size=8, stride=FINE):
        toy = classifier("toy", module, size)
        workbench = bench(images, toy, scope=Scope(independent=True), store=Store(tmp_path), run=uuid4().hex)
        vars(workbench).update(search=partial(workbench.search, stride=stride))
        return examine(claim, workbench)

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
            level = batch[:, :1].mean(dim=(1, 2, 3))
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
    small = plain_images([90] * 40, size=4)
    by_psnr = claim("patterns-differ", Gaussian(255), Periodic(2), models=("toy",), expected="undecided", negligible="0.01")
    found = tested(Between(900, 999), by_psnr, small, size=4)
    assert [row.ssim for row in found.evidence.distortions] == [None, None]
    with pytest.raises(RobustnessError, match="SSIM looks through a window of 11 pixels, and needs images of 6"):
        tested(Between(900, 999), replace(by_psnr, metric="ssim", target=0.8), small, size=4)
