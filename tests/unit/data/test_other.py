from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from robustness.data.class_folders import NAMES_FILE, class_folders, write_class_names
from robustness.data.decode import decode
from robustness.data.other import list_folder, read_dataset
from robustness.errors import RobustnessError

PIXELS = np.random.default_rng(3).integers(0, 256, (4, 5, 3), dtype=np.uint8)
GREY = PIXELS[..., 0]


class Pairs(list[Any]):
    """A map-style dataset, which may name its classes."""

    classes: list[str]


def write(file, pixels=PIXELS):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


def test_a_folder_gives_classes_and_files_in_alphabetical_order(tmp_path):
    for number, name in enumerate(["owl/b.png", "cat/z.bmp", "owl/a.PPM", "cat/deep/er/a.png"]):
        write(tmp_path / name, np.full((2, 3, 3), number, np.uint8))
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    write(tmp_path / "beside.png")
    (tmp_path / "empty").mkdir()
    images = decode(list_folder(tmp_path))
    assert images.class_names == ("cat", "owl")
    assert images.labels.tolist() == [0, 0, 1, 1]
    assert [int(image[0, 0, 0]) for image in images] == [3, 1, 2, 0]
    assert images.tracks is None


def test_a_folder_that_tells_its_classes_names_has_them(tmp_path):
    names = ("Stop", "Ahead/left", "Yield")
    write_class_names(tmp_path, names)
    for label in (2, 0):
        (tmp_path / class_folders(names)[label]).mkdir()
        Image.new("RGB", (3, 3)).save(tmp_path / class_folders(names)[label] / "1.png")
    listing = list_folder(tmp_path)
    assert (tuple(listing.class_names), list(listing.labels)) == (names, [0, 2])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ('["a"]', "an object of sub-folders and class names"),
        ('{"a": 1}', "an object of sub-folders and class names"),
        ('{"a": "cat"}', "names no class for the sub-folder b"),
    ],
)
def test_names_that_do_not_fit_the_folder_are_refused_by_file(text, said, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (3, 3)).save(tmp_path / name / "1.png")
    (tmp_path / NAMES_FILE).write_text(text)
    with pytest.raises(RobustnessError, match=rf"robustness-classes\.json: .*{said}"):
        list_folder(tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(RobustnessError, match=r"nowhere: no such folder.*folder:PATH"):
        list_folder(tmp_path / "nowhere")


def test_a_folder_without_sub_folders_of_images_is_refused(tmp_path):
    write(tmp_path / "beside.png")
    with pytest.raises(RobustnessError, match="no images in sub-folders"):
        list_folder(tmp_path)


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


@pytest.mark.parametrize("image", [torch.zeros(3, 4, 4), np.zeros((4, 4, 3)), np.zeros((4, 4, 3), np.int64)])
def test_images_that_are_not_uint8_are_refused_with_the_way_out(image):
    with pytest.raises(RobustnessError, match=r"pairs: images are (float|int)\d+, not uint8; leave scaling and normalisation"):
        read_dataset("pairs", Pairs([(image, 0)]))


@pytest.mark.parametrize("channels", [2, 4])
def test_images_with_other_than_one_or_three_channels_are_refused(channels):
    with pytest.raises(RobustnessError, match=r"image 0 of pairs.*not uint8 \(H, W, 3\)"):
        read_dataset("pairs", Pairs([(np.zeros((4, 5, channels), np.uint8), 0)]))


@pytest.mark.parametrize(
    "dataset", [iter([(PIXELS, 0)]), None, Pairs([PIXELS]), Pairs([(PIXELS, "cat")]), Pairs([(PIXELS, None)])]
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


def test_a_link_to_a_folder_inside_a_class_is_refused_and_not_passed_over(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "pets" / "cat").mkdir(parents=True)
    (tmp_path / "pets" / "cat" / "more").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RobustnessError, match="more: a link to a folder"):
        list_folder(tmp_path / "pets")


def test_a_name_that_cannot_be_printed_is_refused(tmp_path):
    write(tmp_path / "cat" / "a.png")
    (tmp_path / "cat" / "b\n.png").write_bytes((tmp_path / "cat" / "a.png").read_bytes())
    with pytest.raises(RobustnessError, match=r"cat/b\\n\.png': a name that cannot be printed"):
        list_folder(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"), [("[" * 9000, "not JSON"), ('{"cat": "x", "owl": "x"}', "two sub-folders have one class name")]
)
def test_names_without_end_or_that_stand_twice_are_refused(tmp_path, text, said):
    write(tmp_path / "cat" / "a.png")
    (tmp_path / NAMES_FILE).write_text(text)
    with pytest.raises(RobustnessError, match=f"{NAMES_FILE}: {said}"):
        list_folder(tmp_path)
