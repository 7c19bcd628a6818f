"""Statistics of what is random in motion, fog and snow; seeds are fixed, and each check also refuses what is slightly wrong."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from robustness.noise import apply
from robustness.noise.kinds.fog import Fog
from robustness.noise.kinds.motion import Motion
from robustness.noise.kinds.snow import Snow

FALSE_ALARM = 1e-6
COUNT = 4000


def near(measured, wanted, error):
    """Within what chance exceeds once in a million times."""
    return abs(measured - wanted) < error * NormalDist().inv_cdf(1 - FALSE_ALARM / 2)


@pytest.fixture(scope="module")
def angles():
    """Of the streaks that single white pixels leave, in degrees."""
    dots = np.zeros((COUNT, 41, 41, 1), dtype=np.uint8)
    dots[:, 20, 20] = 255
    light = apply(Motion(sigma=50, radius=9), dots, range(COUNT), 1)[..., 0].astype(float)
    places = np.arange(41) - 20
    down, right = (light.sum(axis=2) * places).sum(axis=1), (light.sum(axis=1) * places).sum(axis=1)
    return np.degrees(np.arctan2(-down, -right))


def even(angles):
    return stats.kstest(angles, stats.uniform(-45, 90).cdf).pvalue > FALSE_ALARM


def test_angles_are_even_over_a_quarter_turn(angles):
    assert np.abs(angles).max() <= 45.5  # steps are rounded to whole pixels
    assert even(angles)
    assert not even(0.85 * angles)
    assert not even(angles + 5)


def test_angles_of_neighbours_have_nothing_to_do_with_each_other(angles):
    def independent(one, other):
        return near(np.corrcoef(one, other)[0, 1], 0, 1 / np.sqrt(len(one)))

    assert independent(angles[:-1], angles[1:])
    assert not independent(angles[:-1], angles[1:] + 0.2 * angles[:-1])


@pytest.fixture(scope="module")
def plasma():
    """Shares of fog, 0 to 1, of shape (N, 8, 8): on black, but for one white pixel, which has none."""
    images = np.zeros((COUNT, 8, 8, 1), dtype=np.uint8)
    images[:, 7, 7] = 255
    return apply(Fog(amount=10, decay=1.2), images, range(COUNT), 2)[..., 0] / (255 * 10 / 11)


def test_a_plasma_is_as_often_thick_as_thin_everywhere(plasma):
    """Draws are even around 0, so that a plasma and its opposite are equally likely."""
    error = plasma.std(axis=0) / np.sqrt(COUNT)
    inside = np.ones((8, 8), dtype=bool)
    inside[7, 7] = False
    assert all(near(mean, 0.5, of) for mean, of in zip(plasma.mean(axis=0)[inside], error[inside], strict=True))
    assert not any(near(mean + 0.05, 0.5, of) for mean, of in zip(plasma.mean(axis=0)[inside], error[inside], strict=True))


def test_a_plasma_reaches_from_none_to_all(plasma):
    rest = plasma.reshape(COUNT, 64)[:, :63]
    assert (rest.min(axis=1) == 0).mean() > 0.95  # else it is at the white pixel
    assert (rest.max(axis=1) > 0.995).mean() > 0.95


def test_a_smaller_decay_is_rougher():
    images = np.zeros((50, 64, 64, 1), dtype=np.uint8)
    images[:, 63, 63] = 255

    def roughness(decay):
        fog = apply(Fog(amount=10, decay=decay), images, range(50), 3)[..., 0].astype(float)
        return np.abs(np.diff(fog, axis=1)).mean()

    assert roughness(1.2) > 1.5 * roughness(1.75) > 2 * roughness(3)


@pytest.mark.parametrize(("mean", "threshold"), [(0.2, 0.5), (0.55, 0.9)])
def test_flakes_fall_where_normal_numbers_exceed_the_threshold(mean, threshold):
    """Neither enlarged nor streaked: a pixel is black where its own flake and that opposite are below the threshold."""
    images = np.zeros((400, 20, 20, 1), dtype=np.uint8)
    snow = Snow(1, mean=mean, spread=0.3, zoom=1, threshold=threshold, sigma=0, mix=1)
    dark = (apply(snow, images, range(400), 4)[:, :10] == 0).mean()  # the lower half is the same again
    wanted = NormalDist(mean, 0.3).cdf(threshold) ** 2
    error = np.sqrt(wanted * (1 - wanted) / (400 * 200))
    assert near(dark, wanted, error)
    assert not near(1.03 * dark, wanted, error)


def test_streaks_stand_rather_than_lie():
    """Between -135 and -45 degrees, so that neighbours above and below have more in common than those beside."""
    images = np.zeros((300, 40, 40, 1), dtype=np.uint8)
    fallen = apply(Snow(1, zoom=1, mix=1, sigma=8), images, range(300), 5)[..., 0].astype(float)
    fallen -= fallen.mean(axis=(1, 2), keepdims=True)
    down, beside = (fallen[:, 1:] * fallen[:, :-1]).mean(axis=(1, 2)), (fallen[:, :, 1:] * fallen[:, :, :-1]).mean(axis=(1, 2))
    assert (down > beside).mean() > 0.9
    assert len({image.tobytes() for image in fallen}) == 300
