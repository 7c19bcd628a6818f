"""What a reader sees of the images: one of each class, and some of them under every noise. PNG as data URIs."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from robustness.data import Fit, ImageSet, fit_images
from robustness.errors import RobustnessError
from robustness.noise import Noise, apply
from robustness.report.results import ImageClass, Images, NoisyImages

SIZE = 40
GALLERY_IMAGES = 3


def describe_images(image_set: ImageSet) -> Images:
    """The set, and each class with its number of images and the picture of a typical one."""
    counts = np.bincount(image_set.labels, minlength=len(image_set.class_names))

    def picture(label: int) -> str | None:
        return data_uri(_fitted(image_set, [_typical(image_set, label)])[0]) if counts[label] else None

    return Images(
        name=image_set.name,
        images=len(image_set),
        content_hash=image_set.content_hash,
        classes=tuple(
            ImageClass(name=name, images=int(counts[label]), picture=picture(label))
            for label, name in enumerate(image_set.class_names)
        ),
        left_out=image_set.left_out,
    )


def draw_gallery(image_set: ImageSet, noises: Sequence[Noise], seed: int) -> tuple[NoisyImages, ...]:
    """A few images, of classes spread over the set, under each noise."""
    present = np.flatnonzero(np.bincount(image_set.labels))
    labels = present[np.linspace(0, len(present) - 1, min(GALLERY_IMAGES, len(present))).astype(int)]
    places = [_typical(image_set, int(label)) for label in labels]
    images = _fitted(image_set, places)
    gallery = []
    for noise in noises:
        try:
            noisy = apply(noise, images, image_set.index[places], seed)
        except RobustnessError:  # a transform of the user's own may not take this size; its limits have said what is wrong
            continue
        gallery.append(NoisyImages(noise=str(noise), pictures=tuple(map(data_uri, noisy))))
    return tuple(gallery)


def data_uri(image: npt.NDArray[np.uint8]) -> str:
    """An image, uint8 of shape (height, width, 3), for an `img` element."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _typical(image_set: ImageSet, label: int) -> int:
    """Of a class's images near the shown size, the one with the strongest contrast."""
    places = np.flatnonzero(image_set.labels == label)
    near = places[np.argsort(np.abs(image_set.shapes[places].sum(axis=1) - 2 * SIZE), kind="stable")[:12]]
    return int(near[np.argmax([image_set[place].std() for place in near])])


def _fitted(image_set: ImageSet, places: Sequence[int]) -> npt.NDArray[np.uint8]:
    return fit_images(image_set.take(places), Fit(SIZE))
