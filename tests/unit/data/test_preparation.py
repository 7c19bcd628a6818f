"""Preparation, held against torchvision's and Pillow's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, Grayscale, Resize, v2
from torchvision.transforms.v2 import InterpolationMode

from robustness.data.picture import Picture
from robustness.data.preparation import INTERPOLATIONS, ON_TENSORS, Fit, Preparation, prepare, resized_shape

SIDES = st.integers(1, 90)
SHAPES = st.one_of(st.tuples(SIDES, SIDES), st.sampled_from([(1, 500), (500, 1), (1, 1), (375, 500)]))


def drawn(shape, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (*shape, channels), dtype=np.uint8)


@settings(max_examples=150, deadline=None)
@given(shape=SHAPES, resize=SIDES, crop=st.tuples(SIDES, SIDES), how=st.sampled_from(sorted(INTERPOLATIONS)))
def test_resize_and_crop_are_torchvisions_on_pictures_byte_for_byte(shape, resize, crop, how):
    image = drawn(shape)
    theirs = Compose([Resize(resize, InterpolationMode(how)), CenterCrop(crop)])(Image.fromarray(image))
    np.testing.assert_array_equal(prepare(Picture(image), Preparation(*crop, resize=resize, interpolation=how)), theirs)


@settings(max_examples=100, deadline=None)
@given(
    shape=SHAPES,
    resize=SIDES,
    crop=st.tuples(SIDES, SIDES),
    how=st.sampled_from(ON_TENSORS),
    channels=st.sampled_from([1, 3, 5]),
)
def test_and_on_tensors(shape, resize, crop, how, channels):
    image = drawn(shape, channels)
    transform = v2.Compose([v2.Resize(resize, InterpolationMode(how), antialias=True), v2.CenterCrop(crop)])
    theirs = transform(torch.from_numpy(image).permute(2, 0, 1)).permute(1, 2, 0)
    ours = Preparation(*crop, channels, resize, how, antialias="torchvision")
    np.testing.assert_array_equal(prepare(Picture(image), ours), theirs)


@given(shape=SHAPES, both=st.tuples(SIDES, SIDES), how=st.sampled_from(sorted(INTERPOLATIONS)))
def test_both_sides_are_resized_as_pillow_does_each_channel(shape, both, how):
    image = drawn(shape, 5)
    planes = [Image.fromarray(image[..., channel]).resize(both[::-1], INTERPOLATIONS[how]) for channel in range(5)]
    ours = prepare(Picture(image), Preparation(*both, 5, resize=both, interpolation=how))
    np.testing.assert_array_equal(ours, np.stack([np.asarray(plane) for plane in planes], axis=2))


def test_crop_or_pad_and_torchvisions_centre_differ_where_an_odd_number_is_over():
    image = drawn((45, 47))
    cut, centred = (prepare(Picture(image), fit) for fit in (Fit(40), Preparation(40, 40)))
    np.testing.assert_array_equal(cut, image[2:42, 3:43])
    np.testing.assert_array_equal(centred, image[2:42, 4:44])
    np.testing.assert_array_equal(centred, CenterCrop(40)(Image.fromarray(image)))


@given(image=hnp.arrays(np.uint8, (3, 4, 3)))
def test_one_channel_of_three_is_pillows_luma(image):
    grey = prepare(Picture(image), Preparation(3, 4, 1, exact=True))
    np.testing.assert_array_equal(grey[..., 0], Grayscale()(Image.fromarray(image)))


@given(level=hnp.arrays(np.uint8, (3, 4, 1)))
def test_one_channel_is_the_one_there_is_and_three_of_it_are_the_same_again(level):
    assert np.array_equal(prepare(Picture(level), Preparation(3, 4, 1, exact=True)), level)
    three = prepare(Picture(level), Preparation(3, 4, 3, exact=True))
    assert np.array_equal(three, np.repeat(level, 3, axis=2))
    assert np.array_equal(prepare(Picture(three), Preparation(3, 4, 1, exact=True)), level)


@pytest.mark.parametrize(("have", "want"), [(3, 5), (5, 3), (2, 1), (1, 5), (4, 3)])
def test_channels_that_cannot_be_made_are_refused(have, want):
    with pytest.raises(ValueError, match=rf"^{have} channels?, and the model takes {want}: declare channels = {have}"):
        prepare(Picture(drawn((3, 4), have)), Preparation(3, 4, want))


@given(image=hnp.arrays(np.uint8, (2, 3, 3)), alpha=hnp.arrays(np.uint8, (2, 3)), behind=st.tuples(*[st.integers(0, 255)] * 3))
def test_transparent_pixels_lie_on_the_background_to_the_nearest_level(image, alpha, behind):
    fit = Preparation(2, 3, exact=True, background=behind)
    share = alpha[..., None] / 255
    exact = image * share + np.array(behind) * (1 - share)
    assert np.abs(prepare(Picture(image, alpha), fit) - exact).max() <= 0.5 + 1e-9
    ignored = Preparation(2, 3, exact=True, background="ignored")
    np.testing.assert_array_equal(prepare(Picture(image, alpha), ignored), image)


def test_transparent_pixels_without_a_background_are_refused_and_the_file_is_fine():
    with pytest.raises(ValueError, match=r"transparent pixels: the file is fine; .* background = \[255, 255, 255\]"):
        prepare(Picture(drawn((2, 3)), drawn((2, 3), 1)[..., 0]), Fit(3))


@given(values=hnp.arrays(np.uint16, (2, 3, 1)), ends=st.tuples(st.integers(0, 65534), st.integers(1, 65535)))
def test_a_range_becomes_black_to_white_to_the_nearest_level(values, ends):
    low, high = sorted({*ends, ends[0] + 1})[::1][:1] + sorted({*ends, ends[0] + 1})[-1:]
    seen = prepare(Picture(values), Preparation(2, 3, 1, exact=True, range=(low, high))).astype(float)
    exact = ((values.astype(float) - low) * 255 / (high - low)).clip(0, 255)
    assert np.abs(seen - exact).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
def test_more_than_eight_bits_without_a_range_are_refused_and_the_file_is_fine(kind):
    values = (drawn((2, 3), 1).astype(np.float64) * 200).astype(kind)
    with pytest.raises(ValueError, match=r"more than 8 bits: the file is fine; .* range = \[0, \d+\]"):
        prepare(Picture(values), Fit(3, channels=1))


def test_the_upper_byte_of_sixteen_bits():
    values = np.array([[[0], [255], [256], [65535]]], np.uint16)
    assert prepare(Picture(values), Preparation(1, 4, 1, exact=True, range="upper-byte")).ravel().tolist() == [0, 0, 1, 255]
    with pytest.raises(ValueError, match="no upper byte"):
        prepare(Picture(values.astype(np.float32)), Preparation(1, 4, 1, exact=True, range="upper-byte"))


def test_values_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="NaN or infinite"):
        prepare(Picture(np.full((1, 1, 1), np.nan, np.float32)), Preparation(1, 1, 1, range=(0.0, 1.0)))


def test_a_preparation_that_is_done_refuses_images_of_another_size():
    assert prepare(Picture(drawn((4, 6))), Preparation(4, 6, exact=True)).shape == (4, 6, 3)
    with pytest.raises(ValueError, match="^5 pixels, not the 4x6 that its preparation says it has"):
        prepare(Picture(drawn((5, 5))), Preparation(4, 6, exact=True))


def test_orientation_may_be_left_as_it_is_stored():
    image = drawn((4, 6))
    assert prepare(Picture(image, orientation=6), Preparation(6, 4, exact=True)).shape == (6, 4, 3)
    stored = prepare(Picture(image, orientation=6), Preparation(4, 6, exact=True, upright=False))
    np.testing.assert_array_equal(stored, image)


PREPARATIONS = st.builds(
    Preparation,
    height=st.integers(1, 3),
    width=st.integers(1, 3),
    channels=st.integers(1, 3),
    resize=st.one_of(st.none(), st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3))),
    interpolation=st.sampled_from(["bilinear", "bicubic"]),
    antialias=st.sampled_from(["pillow", "torchvision"]),
    centre=st.sampled_from(["floor", "round"]),
    exact=st.booleans(),
    background=st.sampled_from([None, "ignored", (1, 2, 3)]),
    range=st.sampled_from([None, "upper-byte", (0.0, 1.0)]),
    upright=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(one=PREPARATIONS, other=PREPARATIONS, picture=st.integers(0, 3))
def test_what_reads_alike_prepares_alike(one, other, picture):
    """A text is all of a preparation that keys of results have."""
    if str(one) != str(other):
        return
    image = Picture(drawn((2, 3 + picture % 2), seed=picture))

    def made(fit):
        try:
            return prepare(image, fit).tolist()
        except ValueError as error:
            return str(error)

    assert made(one) == made(other)


def test_short_forms_read_as_they_always_did():
    assert [str(Fit(40)), str(Fit(224, "resize")), str(Fit((32, 100), "resize", 1))] == [
        "crop-or-pad 40",
        "resize 224",
        "resize 32x100, channels 1",
    ]
    assert str(Preparation(224, 224, resize=256, interpolation="bicubic")) == (
        "resize the shorter side to 256, crop 224, interpolation bicubic"
    )


@pytest.mark.parametrize(
    ("shape", "resized"), [((375, 500), (256, 341)), ((500, 375), (341, 256)), ((1, 500), (256, 128000)), ((9, 9), (256, 256))]
)
def test_the_other_side_is_rounded_down(shape, resized):
    assert resized_shape(shape, 256) == resized
