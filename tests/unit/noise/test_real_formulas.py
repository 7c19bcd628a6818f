"""The corruptions' integers against what they stand for, in floating point by other libraries."""

from __future__ import annotations

import colorsys
import math

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from robustness.noise import apply, make_noise

IMAGES = np.random.default_rng(8).integers(0, 256, (4, 37, 29, 3), dtype=np.uint8)


def made(kind, images=IMAGES, **parameters):
    return apply(make_noise(kind, parameters), images, range(len(images)), 0).astype(float)


@pytest.mark.parametrize("loss", [0.05, 0.4, 0.77])
def test_contrast_is_the_formula_rounded(loss):
    mean = IMAGES.mean(axis=(1, 2), keepdims=True)
    assert np.abs(made("contrast", loss=loss) - ((1 - loss) * (IMAGES - mean) + mean)).max() <= 0.51


@pytest.mark.parametrize("levels", [-80, -10.3, 25.5, 127.5])
def test_brightness_is_the_value_of_hsv(levels):
    for was, now in zip(IMAGES[0].reshape(-1, 3)[:300], made("brightness", levels=levels)[0].reshape(-1, 3), strict=False):
        hue, saturation, value = colorsys.rgb_to_hsv(*(was / 255))
        wanted = colorsys.hsv_to_rgb(hue, saturation, min(max(value + levels / 255, 0), 1))
        assert np.abs(np.array(wanted) * 255 - now).max() <= 0.51


@pytest.mark.parametrize(("factor", "shift"), [(0.1, 0), (0.3, 0), (2, 0.1), (5, 0.025)])
def test_saturate_is_the_saturation_of_hsv(factor, shift):
    noisy = made("saturate", factor=factor, shift=shift)[0].reshape(-1, 3)
    for was, now in zip(IMAGES[0].reshape(-1, 3)[:300], noisy, strict=False):
        hue, saturation, value = colorsys.rgb_to_hsv(*(was / 255))
        wanted = min(max(saturation + (factor - 1) * (saturation + shift), 0), 1) if saturation else 0
        assert np.abs(np.array(colorsys.hsv_to_rgb(hue, wanted, value)) * 255 - now).max() <= 0.51


@pytest.mark.parametrize("sigma", [0.4, 1, 2.5, 6])
def test_gaussian_blur_is_scipys(sigma):
    wanted = ndimage.gaussian_filter(IMAGES.astype(float), (0, sigma, sigma, 0), mode="nearest", truncate=4)
    assert np.abs(made("gaussian-blur", sigma=sigma) - wanted).max() <= 0.8


@pytest.mark.parametrize("radius", [1, 3, 5.5, 10])
def test_defocus_is_the_mean_over_a_disk(radius):
    reach = math.floor(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disk = (y**2 + x**2 <= radius**2).astype(float)
    wanted = ndimage.correlate(IMAGES.astype(float), (disk / disk.sum())[None, :, :, None], mode="mirror")
    assert np.abs(made("defocus", radius=radius, blur=0) - wanted).max() <= 0.6


def test_the_softened_disk_is_a_blurred_one():
    radius, blur = 6, 0.5
    y, x = np.mgrid[-8:9, -8:9]
    disk = ndimage.gaussian_filter((y**2 + x**2 <= radius**2).astype(float), blur, truncate=2)  # 3 x 3 pixels
    wanted = ndimage.correlate(IMAGES.astype(float), (disk / disk.sum())[None, :, :, None], mode="mirror")
    assert np.abs(made("defocus", radius=radius, blur=blur) - wanted).max() <= 0.7


@pytest.mark.parametrize("share", [0.5, 0.25])
def test_pixelate_is_pillows_boxes_where_a_side_is_cut_evenly(share):
    images = IMAGES[:, :36, :28]
    for image, noisy in zip(images, made("pixelate", images, factor=1 / share), strict=True):
        whole = Image.fromarray(image)
        small = whole.resize((int(28 * share), int(36 * share)), Image.Resampling.BOX)
        wanted = np.asarray(small.resize(whole.size, Image.Resampling.BOX)).astype(float)
        assert np.abs(wanted - noisy).max() <= 1  # Pillow rounds twice


@pytest.mark.parametrize("factor", [1.11, 1.6667, 3.3])
def test_pixelate_is_the_mean_over_areas(factor):
    """Each pixel repeated as often as there are cells, so that a cell holds whole ones."""
    images = IMAGES[:1, :36, :28]
    rows, columns = math.floor(36 / factor), math.floor(28 / factor)
    fine = images[0].repeat(rows, axis=0).repeat(columns, axis=1).astype(float)  # each cell has 36 by 28 of these
    means = fine.reshape(rows, 36, columns, 28, 3).mean(axis=(1, 3))
    y, x = ((np.arange(36) + 0.5) * rows / 36).astype(int), ((np.arange(28) + 0.5) * columns / 28).astype(int)
    assert np.abs(means[y][:, x] - made("pixelate", images, factor=factor)[0]).max() <= 0.51


@pytest.mark.parametrize(("factor", "steps"), [(1.06, 6), (1.3, 10), (2.2, 3)])
def test_zoom_is_the_mean_of_bilinear_enlargements(factor, steps):
    total = 2.0 * IMAGES
    for k in range(1, steps + 1):
        scale = 1 + (factor - 1) * k / steps
        y, x = np.mgrid[:37, :29]
        places = np.stack([18 + (y - 18) / scale, 14 + (x - 14) / scale])
        for n, c in np.ndindex(4, 3):
            total[n, ..., c] += ndimage.map_coordinates(IMAGES[n, ..., c].astype(float), places, order=1)
    assert np.abs(made("zoom", factor=factor, steps=steps) - total / (steps + 2)).max() <= 1.3  # weights are in 2^-8


def test_a_streak_is_half_a_normal_curve():
    dot = np.zeros((1, 61, 61, 1), dtype=np.uint8)
    dot[0, 30, 30] = 255
    streak = made("motion", dot, sigma=4, radius=10)[0, ..., 0]
    curve = np.exp(-(np.arange(21) ** 2) / (2 * 4**2))
    wanted = np.sort(np.round(255 * curve / curve.sum()))[::-1]
    found = np.sort(streak.ravel())[::-1][:21]
    assert np.abs(found - wanted).max() <= 1
