"""An image is the same image however it is stored, mirrored or turned: in the test set, and on one side of the split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from robustness.data import Fit, ImageSet, load_image_set
from robustness.errors import RobustnessError
from robustness.hardening.copies import image_keys, refuse_copies, with_copies_together
from robustness.training.split import split_by_track

FIT = Fit(8, "resize")


def pictures(count, seed, shape=(8, 8, 3)):
    return list(np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8))


def image_set(images, tracks=None, name="pictures"):
    return ImageSet.from_images(name, images, [place % 2 for place in range(len(images))], ["a", "b"], tracks)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_or_mirrored_copy_has_the_key_of_its_original_and_others_have_not(turns, mirrored):
    images = pictures(6, seed=turns)
    changed = [np.rot90(image[:, ::-1] if mirrored else image, turns).copy() for image in images]
    keys, theirs = image_keys(image_set(images), FIT), image_keys(image_set(changed), FIT)
    assert keys == theirs
    assert len(set(keys)) == len(images)


def test_images_that_are_not_square_are_turned_by_halves_alone():
    images = pictures(3, 0, (6, 9, 3))
    fit = Fit((6, 9), "resize")
    assert image_keys(image_set([np.rot90(image, 2).copy() for image in images]), fit) == image_keys(image_set(images), fit)


def test_one_grey_level_makes_another_image():
    image = pictures(1, 0)[0]
    other = image.copy()
    other[3, 4, 1] ^= 1
    first, second = image_keys(image_set([image, other]), FIT)
    assert first != second


def test_a_training_image_that_is_a_test_image_is_refused_by_its_file_whatever_it_is_stored_as(tmp_path):
    originals = pictures(8, 0)
    for place, image in enumerate(originals + pictures(8, 1)):
        split = "test" if place < 8 else "training"
        folder = tmp_path / split / "ab"[place % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{place}.png")
    Image.fromarray(originals[5][:, ::-1].copy()).save(tmp_path / "training" / "a" / "copied.bmp")
    training, test = (load_image_set(f"folder:{tmp_path / split}") for split in ("training", "test"))
    with pytest.raises(RobustnessError, match=r"a/copied\.bmp: is an image of the gate's own test set, .*b/5\.png \("):
        refuse_copies(training, image_keys(training, FIT), test, FIT)
    (tmp_path / "training" / "a" / "copied.bmp").unlink()
    training = load_image_set(f"folder:{tmp_path / 'training'}")
    refuse_copies(training, image_keys(training, FIT), test, FIT)


def test_the_test_set_itself_is_refused_and_counted():
    test = image_set(pictures(8, 0))
    with pytest.raises(RobustnessError, match="and 7 more are in it too"):
        refuse_copies(test, image_keys(test, FIT), test, FIT)


def test_copies_come_to_lie_on_one_side_of_every_split():
    originals = pictures(40, 2)
    copies = [image[::-1].copy() for image in originals]
    images = ImageSet.from_images("doubled", originals + copies, [place % 2 for place in range(40)] * 2, ["a", "b"])
    tracks = with_copies_together(images, image_keys(images, FIT))
    assert tracks[:40].tolist() == tracks[40:].tolist()
    assert len(set(tracks.tolist())) == 40
    for seed in range(5):
        training, held_out = split_by_track(replace(images, tracks=tracks), 0.2, seed)
        assert len(held_out) == 16
        assert set(training % 40).isdisjoint(held_out % 40)


def test_tracks_that_share_an_image_are_one_and_others_stay_apart():
    images = pictures(6, 3)
    images[4] = images[1].copy()
    tracks = with_copies_together(image_set(images, tracks=[7, 7, 9, 9, 5, 3]), image_keys(image_set(images), FIT))
    assert tracks[0] == tracks[1] == tracks[4]
    assert tracks[2] == tracks[3]
    assert len({tracks[0], tracks[2], tracks[5]}) == 3
