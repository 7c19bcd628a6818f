"""Measures of generated images, on clouds of points whose answers are known."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.errors import RobustnessError
from robustness.gan.measures import frechet_distance, loss_divergence, nearest, precision_and_recall, spread


def cloud(count=400, width=5, seed=0):
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


@given(shift=st.floats(-5, 5), scale=st.floats(0.1, 4))
@settings(max_examples=15, deadline=None)
def test_frechet_distance_of_a_shifted_and_scaled_cloud(shift, scale):
    """Mean and covariance known: |shift|^2 + (1 - scale)^2 times the trace of the covariance."""
    real = cloud()
    centre = real.mean(dim=0)
    fake = centre + scale * (real - centre) + shift
    wanted = 5 * shift**2 + (1 - scale) ** 2 * float(torch.cov(real.T.double()).trace())
    assert frechet_distance(real, fake) == pytest.approx(wanted, rel=1e-4, abs=1e-4)


def test_precision_and_recall_of_one_distribution_are_high():
    precision, recall = precision_and_recall(cloud(seed=1), cloud(seed=2))
    assert min(precision, recall) > 0.8


def test_one_image_again_and_again_is_precise_and_covers_nothing():
    real = cloud()
    precision, recall = precision_and_recall(real, real[:1].repeat(100, 1))
    assert (precision, recall) == (1.0, 1 / 400)


def test_images_from_elsewhere_are_neither_precise_nor_cover_anything():
    assert precision_and_recall(cloud(), cloud() + 100) == (0.0, 0.0)


@given(count=st.integers(1, 3000), seed=st.integers(0, 5))
@settings(max_examples=10, deadline=None)
def test_nearest_is_what_trying_all_gives(count, seed):
    vectors, among = cloud(count, 3, seed), cloud(50, 3, seed + 100)
    distances, places = nearest(vectors, among)
    squares = ((vectors[:, None] - among) ** 2).sum(dim=2)
    torch.testing.assert_close(distances, squares.min(dim=1).values.sqrt(), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(distances, squares.gather(1, places[:, None])[:, 0].sqrt())


def test_a_copy_has_no_distance():
    vectors = cloud(300, 500) * 100
    distances, places = nearest(vectors, vectors.flip(0).clone())
    assert not distances.any()
    assert places.tolist() == list(range(299, -1, -1))


def test_spread_is_the_mean_distance_of_two():
    assert spread(torch.tensor([[0.0], [1.0], [3.0]])) == pytest.approx(2)
    assert spread(torch.zeros(5, 2)) == 0
    with pytest.raises(RobustnessError, match="1 vectors have no distances"):
        spread(torch.zeros(1, 2))


def test_too_few_or_broken_features_are_refused():
    with pytest.raises(RobustnessError, match="3 generated images are too few"):
        precision_and_recall(cloud(), cloud(3))
    with pytest.raises(RobustnessError, match="real images are not all finite"):
        frechet_distance(cloud() / 0, cloud())


@pytest.mark.parametrize(
    ("generator", "discriminator", "widened"),
    [
        ([], [], None),
        ([1.0], [2.0], None),
        ([1.0, 5.0], [0.5, 1.0], 3.5),
        ([0.5, 1.0], [1.0, 5.0], 3.5),  # whichever of the two runs away
        ([0.0, 4.0, 9.0, 9.0, 9.0, 9.0, 1.0, 2.0], [0.0] * 8, -0.5),  # quarters of two epochs, 2 and then 1.5
        ([3.0] * 11, [2.0] * 11, 0.0),
    ],
)
def test_losses_diverge_by_what_their_gap_widens(generator, discriminator, widened):
    assert loss_divergence({"generator": generator, "discriminator": discriminator}) == widened


def test_without_losses_there_is_no_divergence():
    assert loss_divergence({}) is None
