from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from robustness.data.class_folders import NAMES_FILE, class_folders, write_class_names
from robustness.data.decode import decode
from robustness.data.folder import list_folder
from robustness.errors import RobustnessError

PIXELS = np.random.default_rng(3).integers(0, 256, (4, 5, 3), dtype=np.uint8)


def write(file, pixels=PIXELS):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


def test_a_folder_gives_classes_and_files_in_alphabetical_order(tmp_path):
    for number, name in enumerate(["owl/b.png", "cat/z.bmp", "owl/a.PPM", "cat/deep/er/a.png"]):
        write(tmp_path / name, np.full((2, 3, 3), number, np.uint8))
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    (tmp_path / "empty").mkdir()
    images = decode(list_folder(tmp_path))
    assert images.class_names == ("cat", "owl")
    assert images.labels.tolist() == [0, 0, 1, 1]
    assert [int(image[0, 0, 0]) for image in images] == [3, 1, 2, 0]
    assert images.tracks is None
    assert images.left_out == (
        "1 file that is no image was left out: cat/notes.txt; 1 sub-folder without images is no class: empty"
    )


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
