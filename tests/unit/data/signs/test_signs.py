"""The drawn signs: the same bytes everywhere, and what was promised of them."""

from __future__ import annotations

import numpy as np
import pytest

from robustness.data.signs import tracks
from robustness.data.signs.drawings import DRAWINGS
from robustness.data.signs.tracks import draw_signs

FROZEN = "275c6e3a871877e5fa0d4ecd8e169943bf4dbdd168dcde202e30048ae5c94392"


@pytest.fixture(scope="module")
def signs():
    return draw_signs("test")


def test_every_machine_draws_the_same_bytes(signs):
    assert signs.content_hash == FROZEN


def test_every_class_has_its_tracks_of_frames(signs):
    assert len(signs) == 43 * 6 * 5
    assert set(np.bincount(signs.labels)) == {30}
    assert set(np.bincount(signs.tracks)) == {5}
    assert all(len(set(signs.labels[signs.tracks == track])) == 1 for track in np.unique(signs.tracks))


def test_sizes_run_from_15_to_at_most_250_pixels(signs):
    assert signs.shapes.min() == 15
    assert 100 < signs.shapes.max() <= 250


def test_training_and_test_show_other_signs():
    train = {tracks._frame("train", label, 0, 0).tobytes() for label in range(43)}
    test = {tracks._frame("test", label, 0, 0).tobytes() for label in range(43)}
    assert not train & test


def test_no_two_classes_are_drawn_alike():
    grid = (np.arange(64) + 0.5) / 32 - 1
    x, y = np.meshgrid(grid, grid)

    def drawn(layers):
        picture = np.zeros((64, 64, 3))
        for shape, colour in layers:
            picture[shape(x, y) < 0] = colour
        return picture

    pictures = [drawn(layers) for layers in DRAWINGS]
    assert len(pictures) == 43
    closest = min(np.abs(a - b).mean() for n, a in enumerate(pictures) for b in pictures[:n])
    assert closest > 0.005
