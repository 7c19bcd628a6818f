from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from robustness.data import ImageSet
from robustness.errors import RobustnessError

NAMES = ["cat", "dog", "owl"]
pictures = st.lists(
    st.tuples(
        st.tuples(st.integers(1, 4), st.integers(1, 4), st.just(3)).flatmap(lambda shape: arrays(np.uint8, shape)),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=6,
)


def make(pairs, name="pets", class_names=NAMES):
    return ImageSet.from_images(name, [image for image, _ in pairs], [label for _, label in pairs], class_names)


def sample(count=6):
    generator = np.random.default_rng(count)
    return [(generator.integers(1, 255, (2 + place, 3, 3), dtype=np.uint8), place % 3) for place in range(count)]


@given(pictures)
def test_every_image_comes_back_as_it_went_in(pairs):
    images = make(pairs)
    assert len(images) == len(pairs)
    for place, (image, label) in enumerate(pairs):
        np.testing.assert_array_equal(images[place], image)
        assert images.labels[place] == label
    assert images.index.tolist() == list(range(len(pairs)))


@given(pictures, st.data())
def test_take_keeps_content_label_and_index_even_when_taken_twice(pairs, data):
    images = make(pairs)
    outer = data.draw(st.lists(st.integers(0, len(pairs) - 1), min_size=1))
    inner = data.draw(st.lists(st.integers(0, len(outer) - 1), min_size=1))
    taken = images.take(outer).take(inner)
    expected = [outer[place] for place in inner]
    assert taken.index.tolist() == expected
    for image, label, place in zip(taken, taken.labels, expected, strict=True):
        np.testing.assert_array_equal(image, pairs[place][0])
        assert label == pairs[place][1]


def test_take_keeps_tracks_and_class_names():
    images = ImageSet.from_images("tracked", [image for image, _ in sample(4)], [0, 1, 2, 0], NAMES, [5, 6, 7, 8])
    taken = images.take([3, 1], "two")
    assert taken.tracks is not None
    assert taken.tracks.tolist() == [8, 6]
    assert (taken.name, taken.class_names) == ("two", tuple(NAMES))


def test_only_gives_all_images_of_those_classes_at_their_places():
    images = make(sample())
    chosen = images.only("owl", "cat")
    assert chosen.index.tolist() == [0, 2, 3, 5]
    assert set(chosen.labels.tolist()) == {0, 2}
    for place, image in zip(chosen.index, chosen, strict=True):
        np.testing.assert_array_equal(image, images[place])


def test_only_with_an_unknown_class_names_the_nearest_one():
    with pytest.raises(RobustnessError, match=r"pets has no class 'catt': did you mean 'cat'\?"):
        make(sample()).only("dog", "catt")


def test_only_with_a_class_that_has_no_images_is_refused_as_empty():
    with pytest.raises(RobustnessError, match="empty"):
        make(sample(2)).only("owl")


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_outside_the_class_names_is_refused(label):
    with pytest.raises(RobustnessError, match=rf"pets has labels.* {label}.*3 class names.*0\.\.2"):
        make([*sample(3), (np.zeros((1, 1, 3), np.uint8), label)])


def test_an_empty_set_is_refused_in_any_way_to_it():
    with pytest.raises(RobustnessError, match="the image set pets is empty"):
        make([])
    with pytest.raises(RobustnessError, match="is empty"):
        make(sample()).take([])


def test_as_many_labels_as_images_are_wanted():
    with pytest.raises(RobustnessError, match="1 images and 2 labels"):
        ImageSet.from_images("pets", [np.zeros((1, 1, 3), np.uint8)], [0, 1], NAMES)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((2, 2, 3), np.float32),
        np.zeros((2, 2), np.uint8),
        np.zeros((2, 2, 4), np.uint8),
        np.zeros((3, 2, 2), np.uint8),
        np.zeros((0, 2, 3), np.uint8),
    ],
    ids=["float", "grey", "with alpha", "channels first", "without rows"],
)
def test_an_image_that_is_not_uint8_rgb_is_refused_by_its_place(image):
    with pytest.raises(RobustnessError, match=r"image 2 of pets is .*not uint8 \(H, W, 3\)"):
        make([*sample(2), (image, 0)])


@given(pictures)
def test_equal_content_has_an_equal_hash_whatever_the_names(pairs):
    assert make(pairs).content_hash == make(pairs, "other", ["a", "b", "c", "d"]).content_hash


@given(pictures, st.data())
def test_a_changed_pixel_or_label_changes_the_hash(pairs, data):
    before = make(pairs).content_hash
    place = data.draw(st.integers(0, len(pairs) - 1))
    image, label = pairs[place]
    changed = image.copy()
    changed.reshape(-1)[data.draw(st.integers(0, image.size - 1))] ^= data.draw(st.integers(1, 255))
    for pair in ((changed, label), (image, (label + 1) % 3)):
        assert make([*pairs[:place], pair, *pairs[place + 1 :]]).content_hash != before


def test_another_order_another_shape_or_other_places_change_the_hash():
    pairs = sample()
    images = make(pairs)
    image, label = pairs[0]
    others = [make(pairs[::-1]), make([(image.transpose(1, 0, 2).reshape(3, -1, 3), label), *pairs[1:]]), images.take([1])]
    flat = make([(image.reshape(3, 2, 3), label), *pairs[1:]])  # the same bytes, read as another shape
    alone = make([pairs[1]])  # the same image as take([1]), at place 0
    assert len({one.content_hash for one in (images, flat, alone, *others)}) == 6


def test_the_whole_set_taken_in_order_has_the_same_hash():
    images = make(sample())
    assert images.take(range(len(images))).content_hash == images.content_hash


def test_a_mask_takes_the_images_where_it_is_true():
    images = make(sample(6))
    assert images.take(images.labels == 2).index.tolist() == [2, 5]


def test_a_negative_place_counts_from_the_end():
    images = make(sample(3))
    np.testing.assert_array_equal(images[-1], images[2])
