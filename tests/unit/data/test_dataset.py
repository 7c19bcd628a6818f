from __future__ import annotations

import io
import random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageFile

from robustness.data.dataset import read_dataset, read_twice
from robustness.errors import RobustnessError

PIXELS = np.random.default_rng(3).integers(0, 256, (4, 5, 3), dtype=np.uint8)
GREY = PIXELS[..., 0]


class Pairs(list[Any]):
    """A map-style dataset, which may name its classes."""

    classes: list[str]


@pytest.mark.parametrize(
    "image",
    [Image.fromarray(PIXELS), PIXELS, torch.from_numpy(PIXELS).permute(2, 0, 1), torch.from_numpy(PIXELS)],
    ids=["PIL", "array (H, W, 3)", "tensor (3, H, W)", "tensor (H, W, 3)"],
)
def test_colour_images_come_out_the_same_from_every_form(image):
    np.testing.assert_array_equal(read_dataset("pairs", Pairs([(image, 0)]))[0], PIXELS)


@pytest.mark.parametrize(
    "image",
    [Image.fromarray(GREY), GREY, GREY[..., None], torch.from_numpy(GREY), torch.from_numpy(GREY)[None]],
    ids=["PIL", "array (H, W)", "array (H, W, 1)", "tensor (H, W)", "tensor (1, H, W)"],
)
def test_grey_images_become_three_equal_channels_from_every_form(image):
    np.testing.assert_array_equal(read_dataset("pairs", Pairs([(image, 0)]))[0], np.stack([GREY] * 3, axis=2))


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4, 3), np.int64), torch.zeros(3, 4, 4, dtype=torch.int32), np.zeros((4, 4), bool)]
)
def test_images_of_other_numbers_are_refused_with_the_way_out(image):
    with pytest.raises(
        RobustnessError, match=r"pairs: images are (bool|int\d+), not uint8; .* leave scaling and normalisation"
    ):
        read_dataset("pairs", Pairs([(image, 0)]))


@pytest.mark.parametrize("image", [torch.zeros(3, 4, 4) - 0.5, np.full((4, 4, 3), 1.5), np.full((4, 4, 3), np.nan)])
def test_floats_that_are_normalised_are_refused_with_the_way_out(image):
    with pytest.raises(
        RobustnessError, match=r"pairs: image 0 is float\d+, from .* not uint8 nor floats of 0\.\.1; leave scaling"
    ):
        read_dataset("pairs", Pairs([(image, 0)]))


@given(values=hnp.arrays(np.uint8, (3, 4, 5)))
def test_floats_after_to_tensor_are_the_bytes_they_were(values):
    images = read_dataset("pairs", Pairs([(torch.from_numpy(values).float() / 255, 0)]))
    np.testing.assert_array_equal(images[0], values.transpose(1, 2, 0))


@pytest.mark.parametrize("channels", [2, 4, 5])
def test_any_number_of_channels_is_kept(channels):
    values = np.random.default_rng(0).integers(0, 256, (4, 6, channels), dtype=np.uint8)
    for image in (values, torch.from_numpy(values).permute(2, 0, 1)):
        np.testing.assert_array_equal(read_dataset("pairs", Pairs([(image, 0)]))[0], values)


def test_images_of_several_numbers_of_channels_are_refused():
    images = Pairs([(PIXELS, 0), (np.zeros((4, 5, 5), np.uint8), 0)])
    with pytest.raises(RobustnessError, match="pairs: image 1 has 5 channels, and those before it 3"):
        read_dataset("pairs", images)


@pytest.mark.parametrize(
    "dataset", [iter([(PIXELS, 0)]), None, Pairs([PIXELS]), Pairs([(PIXELS, [1, 2])]), Pairs([(PIXELS, None)])]
)
def test_what_is_no_dataset_of_pairs_with_a_length_is_refused(dataset):
    with pytest.raises(RobustnessError, match="pairs: not a Dataset of"):
        read_dataset("pairs", dataset)


def test_labels_may_be_tensors_and_classes_are_numbered_where_the_dataset_names_none():
    images = read_dataset("pairs", Pairs([(PIXELS, torch.tensor(2)), (PIXELS, np.int64(0))]))
    assert images.labels.tolist() == [2, 0]
    assert images.class_names == ("0", "1", "2")


def test_a_dataset_that_names_its_classes_keeps_their_names():
    dataset = Pairs([(PIXELS, 0)])
    dataset.classes = ["cat", "owl"]
    assert read_dataset("pairs", dataset).class_names == ("cat", "owl")


def test_an_empty_dataset_is_refused():
    with pytest.raises(RobustnessError, match="pairs is empty"):
        read_dataset("pairs", Pairs())


@pytest.mark.parametrize(
    "image", [np.uint8(3), np.zeros(4, np.uint8), np.zeros((1, 2, 2, 3), np.uint8)], ids=["0-d", "1-d", "4-d"]
)
def test_an_image_of_another_rank_is_refused(image):
    with pytest.raises(RobustnessError, match="an image has shape"):
        read_dataset("mine", [(image, 0)])


def test_a_fractional_label_is_refused():
    with pytest.raises(RobustnessError, match="not a Dataset"):
        read_dataset("mine", [(np.zeros((2, 2, 3), np.uint8), 1.7)])


class Unbounded:
    """A dataset whose pictures go on beyond its length."""

    classes: list[str]

    def __init__(self, size, picture):
        self.size, self.picture = size, picture

    def __len__(self):
        return self.size

    def __getitem__(self, place):
        return self.picture(place)


def test_a_dataset_with_more_images_than_its_length_is_refused():
    with pytest.raises(RobustnessError, match=r"mine: has a length of 20, and gives another image at 20.*__len__"):
        read_dataset("mine", Unbounded(20, lambda place: (np.full((2, 2), place, np.uint8), 0)))


@pytest.mark.parametrize("picture", [lambda place: (PIXELS, 0), lambda place: (np.full((2, 2), place % 20, np.uint8), 0)])
def test_a_dataset_that_begins_again_beyond_its_length_leaves_no_image_out(picture):
    assert len(read_dataset("mine", Unbounded(20, picture))) == 20


@pytest.mark.parametrize("error", [IndexError("list index out of range"), KeyError(20), OSError("image file is truncated")])
def test_a_dataset_that_ends_before_its_length_is_refused_by_the_image(error):
    def picture(place):
        if place >= 20:
            raise error
        return PIXELS, 0

    with pytest.raises(RobustnessError, match=rf"mine: image 20 of 30 raised {type(error).__name__}: .*test_dataset\.py:\d+"):
        read_dataset("mine", Unbounded(30, picture))


@pytest.mark.parametrize("end", [SystemExit(0), StopIteration()])
def test_a_dataset_cannot_end_the_reading_by_itself(end):
    def picture(place):
        raise end

    with pytest.raises(RobustnessError, match="image 0 of 3 raised"):
        read_dataset("mine", Unbounded(3, picture))


@pytest.mark.parametrize("item", [None, (None, 0), PIXELS[:1], (PIXELS, 0, 1, 2), (PIXELS, 0, 1.5)])
def test_an_image_that_is_none_is_refused(item):
    with pytest.raises(RobustnessError, match="mine: "):
        read_dataset("mine", Unbounded(3, lambda place: item))


def test_an_iterable_dataset_is_no_dataset_of_places():
    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter([(PIXELS, 0)] * 30)

        def __len__(self):
            return 20

    with pytest.raises(RobustnessError, match="not a Dataset of"):
        read_dataset("stream", Stream())


def test_a_loader_is_no_dataset():
    with pytest.raises(RobustnessError, match="image 0 of 2 raised TypeError"):
        read_dataset("loader", torch.utils.data.DataLoader(Pairs([(PIXELS, 0)] * 30), batch_size=15))


def test_a_buffer_that_a_dataset_uses_again_holds_each_image_once():
    buffer = np.zeros((2, 2, 3), np.uint8)

    def picture(place):
        buffer[:] = place % 3
        return buffer, 0

    assert [int(image[0, 0, 0]) for image in read_dataset("mine", Unbounded(3, picture))] == [0, 1, 2]


@pytest.mark.parametrize("eager", [True, False])
def test_half_a_picture_of_a_dataset_is_refused_whatever_a_library_has_set(monkeypatch, eager):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(file, "PNG")

    def picture(place):
        ImageFile.LOAD_TRUNCATED_IMAGES |= place == 0  # as an import in the midst of it would
        image = Image.open(io.BytesIO(file.getvalue()[:6000]))
        return (image.convert("RGB") if eager else image), 0

    with pytest.raises(RobustnessError, match=r"mine: image \d.*truncated"):
        read_dataset("mine", Unbounded(2, picture))
    assert ImageFile.LOAD_TRUNCATED_IMAGES


def test_half_a_picture_that_a_factory_reads_is_refused_though_an_import_in_it_switched_that_off(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(file, "PNG")
    imports = iter([True])

    def make():
        ImageFile.LOAD_TRUNCATED_IMAGES |= next(imports, False)
        return [(Image.open(io.BytesIO(file.getvalue()[:6000])).convert("RGB"), 0)]

    with pytest.raises(OSError, match="truncated"):
        read_twice("mine", make)


# Read twice


class Augmented(Unbounded):
    """Noise, of which `augment` makes something else now and then."""

    def __init__(self, augment, size=300):
        pictures = np.random.default_rng(0).integers(0, 256, (size, 4, 4, 3), dtype=np.uint8)
        super().__init__(size, lambda place: (augment(pictures[place]), place % 2))


def flipped(draw, share):
    return lambda picture: picture[:, ::-1] if draw() < share else picture


@pytest.mark.parametrize("share", [0.5, 0.05, 0.01])
@pytest.mark.parametrize(
    "draw", [random.random, np.random.random, lambda: float(torch.rand(()))], ids=["random", "numpy", "torch"]
)
def test_augmentation_is_found_whatever_draws_it(draw, share):
    with pytest.raises(RobustnessError, match=r"mine: image \d+ had other pixels .* turn augmentation off, and seed") as caught:
        read_twice("mine", lambda: Augmented(flipped(draw, share)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [1, 3, 20, 999, 1000])
def test_augmentation_of_one_image_in_a_hundred_is_found_in_sets_of_any_size(size):
    draw = np.random.default_rng(size).random  # so that the test always ends the same way
    with pytest.raises(RobustnessError, match="other pixels"):
        read_twice("mine", lambda: Augmented(flipped(draw, 0.01), size))


def test_augmentation_is_found_behind_a_seed_that_the_factory_sets():
    def make():
        random.seed(0)
        return Augmented(flipped(random.random, 0.1))

    with pytest.raises(RobustnessError, match="other pixels"):
        read_twice("mine", make)


def test_augmentation_is_found_where_each_dataset_seeds_its_own():
    with pytest.raises(RobustnessError, match="other pixels"):
        read_twice("mine", lambda: Augmented(flipped(np.random.default_rng(0).random, 0.1)))


def test_augmentation_of_the_one_image_that_a_factory_keeps_is_found():
    kept = Augmented(flipped(random.random, 0.5), 1)
    with pytest.raises(RobustnessError, match="image 0 had other pixels"):
        read_twice("mine", lambda: kept)


def test_augmentation_by_the_image_itself_is_no_augmentation():
    def picture(place):
        return np.random.default_rng(place).integers(0, 256, (4, 4, 3), dtype=np.uint8), 0

    pairs = [picture(place) for place in range(30)]
    assert len(read_twice("mine", lambda: pairs)) == 30


def test_a_subset_that_is_drawn_anew_is_refused():
    pairs = [(np.full((2, 2), value, np.uint8), 0) for value in range(200)]
    with pytest.raises(RobustnessError, match=r"other pixels .* as had \d+ of 50 images, .* seed and sort what is chosen"):
        read_twice("mine", lambda: torch.utils.data.Subset(Pairs(pairs), random.sample(range(200), 50)))


def test_an_order_that_is_drawn_anew_is_refused():
    pairs = [(np.full((2, 2), value, np.uint8), 0) for value in range(20)]
    with pytest.raises(RobustnessError, match="other pixels"):
        read_twice("mine", lambda: random.sample(pairs, 20))


def test_labels_that_change_are_refused():
    labels = iter([[0, 1], [1, 0]])
    with pytest.raises(RobustnessError, match="image 0 had another label"):
        read_twice("mine", lambda: [(PIXELS, label) for label in next(labels)])


def test_a_set_that_grows_is_refused():
    pairs = [(PIXELS, 0)]
    with pytest.raises(RobustnessError, match="had 2 images, and 3 when it was made again"):
        read_twice("mine", lambda: pairs.append((PIXELS, 0)) or [*pairs])


def test_classes_that_change_their_order_are_refused():
    orders = iter([["cat", "owl"], ["owl", "cat"]])

    def make():
        dataset = Pairs([(PIXELS, 0)])
        dataset.classes = next(orders)
        return dataset

    with pytest.raises(RobustnessError, match="had other classes"):
        read_twice("mine", make)


def test_what_stays_is_read_to_the_same_set_as_once():
    pairs = [(np.full((2, 3), value, np.uint8), value % 3) for value in range(50)]
    assert read_twice("mine", lambda: pairs).content_hash == read_dataset("mine", pairs).content_hash


def test_two_classes_of_one_name_are_refused_before_anything_is_read():
    def picture(place):
        raise AssertionError

    dataset = Unbounded(2, picture)
    dataset.classes = ["crane", "cat", "crane"]
    with pytest.raises(RobustnessError, match="mine: the classes 0 and 2 have one name, 'crane' and 'crane'; name them apart"):
        read_dataset("mine", dataset)
