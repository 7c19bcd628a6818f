from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.data import Fit, ImageSet, fit_images

sides = st.integers(1, 60)
sizes = st.sampled_from([28, 40, 50, 75])


def image_set(*images):
    return ImageSet.from_images("some", images, [0] * len(images), ["only"])


def numbered(height, width):
    """An image whose pixels tell their place and are nowhere zero."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, np.full_like(rows, 255)], axis=2).astype(np.uint8)


def slow_crop_or_pad(image, size):
    """Pixel by pixel: first a black canvas around the centred image, then the centre of that."""
    height, width = image.shape[:2]
    canvas_height, canvas_width = max(height, size), max(width, size)
    over, left = (canvas_height - height) // 2, (canvas_width - width) // 2
    top, start = (canvas_height - size) // 2, (canvas_width - size) // 2
    result = np.zeros((size, size, 3), np.uint8)
    for y in range(size):
        for x in range(size):
            source_y, source_x = y + top - over, x + start - left
            if 0 <= source_y < height and 0 <= source_x < width:
                result[y, x] = image[source_y, source_x]
    return result


@settings(max_examples=60, deadline=None)
@given(height=sides, width=sides, size=sizes)
def test_crop_or_pad_agrees_with_a_slow_implementation(height, width, size):
    image = numbered(height, width)
    (fitted,) = fit_images(image_set(image), Fit(size))
    np.testing.assert_array_equal(fitted, slow_crop_or_pad(image, size))


@settings(max_examples=60, deadline=None)
@given(height=sides, width=sides, size=sizes)
def test_crop_or_pad_keeps_as_much_of_the_image_as_fits_and_lies_in_the_middle(height, width, size):
    (fitted,) = fit_images(image_set(numbered(height, width)), Fit(size))
    rows, columns = np.nonzero(fitted[..., 2])
    for places, length in ((rows, height), (columns, width)):
        before, after = places.min(), size - 1 - places.max()
        assert places.max() - places.min() + 1 == min(length, size)
        assert after - before in (0, 1)


@given(size=st.integers(1, 20), margins=st.tuples(st.integers(0, 5), st.integers(0, 5)))
def test_a_larger_image_gives_its_plain_centre(size, margins):
    top, left = margins
    image = numbered(size + 2 * top, size + 2 * left)
    (fitted,) = fit_images(image_set(image), Fit(size))
    np.testing.assert_array_equal(fitted, image[top : top + size, left : left + size])


@pytest.mark.parametrize("kind", ["crop-or-pad", "resize"])
def test_an_image_of_the_right_size_stays_as_it_is(kind):
    image = numbered(9, 9)
    (fitted,) = fit_images(image_set(image), Fit(9, kind))
    np.testing.assert_array_equal(fitted, image)


@pytest.mark.parametrize("kind", ["crop-or-pad", "resize"])
def test_images_of_all_sizes_come_to_one_read_only_block_in_their_order(kind):
    images = image_set(*(np.full((side, 31 - side, 3), side, np.uint8) for side in (30, 1, 12)))
    fitted = fit_images(images, Fit(10, kind))
    assert fitted.shape == (3, 10, 10, 3)
    assert fitted.dtype == np.uint8
    assert [image.max() for image in fitted] == [30, 1, 12]
    with pytest.raises(ValueError, match="read-only"):
        fitted[0, 0, 0, 0] = 1


@settings(deadline=None)
@given(height=sides, width=sides, size=sizes, colour=st.tuples(*[st.integers(0, 255)] * 3))
def test_resize_of_one_colour_is_that_colour_everywhere(height, width, size, colour):
    image = np.broadcast_to(np.array(colour, np.uint8), (height, width, 3))
    (fitted,) = fit_images(image_set(image), Fit(size, "resize"))
    assert fitted.shape == (size, size, 3)
    assert (fitted == colour).all()


def test_resize_down_is_antialiased():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 200
    (fitted,) = fit_images(image_set(stripes), Fit(8, "resize"))
    assert abs(fitted.astype(int) - 100).max() <= 13  # bilinear without antialiasing would give 0 or 200


def test_fitting_leaves_the_image_set_as_it_was():
    images = image_set(numbered(5, 60), numbered(60, 5))
    before = images.pictures.pixels.copy()
    for kind in ("crop-or-pad", "resize"):
        fit_images(images, Fit(20, kind))
    np.testing.assert_array_equal(images.pictures.pixels, before)


def test_a_fit_reads_as_its_kind_and_size():
    assert [str(Fit(40)), str(Fit(224, "resize"))] == ["crop-or-pad 40", "resize 224"]
