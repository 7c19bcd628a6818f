from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.data import ImageSet
from robustness.training.split import split_by_track

shares = st.sampled_from([0.05, 0.1, 0.25, 0.5])
seeds = st.integers(0, 2**32 - 1)
# One entry per class: the number of frames of each of its tracks.
classes = st.lists(st.lists(st.integers(1, 4), max_size=12), min_size=1, max_size=5).filter(any)


def image_set(frames_of_tracks, order_seed=0, tracked=True):
    rows = [
        (label, 100 * label + track)
        for label, tracks in enumerate(frames_of_tracks)
        for track, frames in enumerate(tracks)
        for _ in range(frames)
    ]
    order = np.random.default_rng(order_seed).permutation(len(rows))
    labels, tracks = [rows[place][0] for place in order], [rows[place][1] for place in order]
    images = [np.zeros((1, 1, 3), np.uint8)] * len(rows)
    names = [str(label) for label in range(len(frames_of_tracks))]
    return ImageSet.from_images("tracked", images, labels, names, tracks if tracked else None)


@given(classes, shares, seeds, st.integers(0, 99))
def test_every_image_is_on_exactly_one_side_and_no_track_on_both(frames_of_tracks, share, seed, order_seed):
    images = image_set(frames_of_tracks, order_seed)
    training, validation = split_by_track(images, share, seed)
    assert sorted([*training, *validation]) == list(range(len(images)))
    assert not set(images.tracks[training]) & set(images.tracks[validation])


@given(classes, shares, seeds)
def test_each_class_holds_out_about_the_share_of_its_tracks_and_keeps_one_on_each_side(frames_of_tracks, share, seed):
    images = image_set(frames_of_tracks)
    _, validation = split_by_track(images, share, seed)
    for label, tracks in enumerate(frames_of_tracks):
        held_out = len({track for track in images.tracks[validation] if track // 100 == label})
        if len(tracks) < 2:
            assert held_out == 0
        else:
            assert 1 <= held_out <= len(tracks) - 1
            assert abs(held_out - share * len(tracks)) <= 0.5 or held_out == 1


@given(classes, shares, seeds)
def test_the_same_seed_gives_the_same_split(frames_of_tracks, share, seed):
    images = image_set(frames_of_tracks)
    for first, second in zip(split_by_track(images, share, seed), split_by_track(images, share, seed), strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_split_does_not_depend_on_the_order_of_the_images():
    frames = [[2, 3, 1, 4, 2]] * 3
    held_out = set()
    for order_seed in range(5):
        images = image_set(frames, order_seed)
        held_out.add(frozenset(images.tracks[split_by_track(images, 0.4, 1)[1]].tolist()))
    assert len(held_out) == 1


def test_another_seed_gives_another_split():
    images = image_set([[1] * 50] * 3)
    assert len({tuple(split_by_track(images, 0.1, seed)[1]) for seed in range(10)}) == 10


def test_a_class_with_one_track_trains_only():
    images = image_set([[5], [1, 1, 1]])
    _, validation = split_by_track(images, 0.5, 0)
    assert set(images.labels[validation]) == {1}
    assert split_by_track(image_set([[5], [3]]), 0.5, 0)[1].size == 0


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_without_tracks_the_share_of_each_classs_images_is_held_out(share):
    images = image_set([[4] * 10, [2] * 10], tracked=False)
    _, validation = split_by_track(images, share, 3)
    assert np.bincount(images.labels[validation]).tolist() == [40 * share, 20 * share]
