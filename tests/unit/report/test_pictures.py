from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from robustness.data import Fit, ImageSet
from robustness.noise import Clean, Gaussian, apply
from robustness.report.pictures import SIZE, data_uri, describe_images, draw_gallery

GENERATOR = np.random.default_rng(0)


def image_set():
    images = [GENERATOR.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8) for _ in range(5)]
    return ImageSet.from_images("pets", images, [0, 1, 1, 0, 0], ["cat", "dog", "owl"])


def decoded(uri):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def test_a_picture_survives_its_way_into_text():
    image = image_set()[0]
    np.testing.assert_array_equal(decoded(data_uri(image)), image)


def test_classes_are_counted_and_shown_where_there_are_images():
    described = describe_images(image_set(), Fit(SIZE))
    assert [(c.name, c.images, c.picture is None) for c in described.classes] == [
        ("cat", 3, False),
        ("dog", 2, False),
        ("owl", 0, True),
    ]


def test_the_gallery_shows_the_bytes_that_are_measured():
    images = image_set()
    clean, noisy = draw_gallery(images, Fit(SIZE), [Clean(), Gaussian(25)], seed=3)
    shown = decoded(clean.pictures[0])
    place = next(place for place in range(len(images)) if np.array_equal(images[place], shown))
    expected = apply(Gaussian(25), shown[np.newaxis], [place], 3)[0]
    np.testing.assert_array_equal(decoded(noisy.pictures[0]), expected)


def test_a_part_of_another_set_is_told_apart_from_a_whole_one():
    assert describe_images(image_set(), Fit(SIZE)).in_order
    for places in ([0, 2, 4], [1, 0, 2, 3, 4]):
        assert not describe_images(image_set().take(places), Fit(SIZE)).in_order
