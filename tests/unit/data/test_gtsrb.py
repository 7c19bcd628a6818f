from __future__ import annotations

import numpy as np
import pytest
from tiny_gtsrb import LAYOUTS, TEST, TRAIN, write_split

from robustness.data import gtsrb
from robustness.data.decode import decode
from robustness.data.gtsrb import list_gtsrb
from robustness.data.sign_names import SIGN_NAMES
from robustness.errors import RobustnessError

pytestmark = pytest.mark.usefixtures("tiny_counts")

TABLES = [("official", "train"), ("official", "test"), ("kaggle", "train"), ("kaggle", "test")]
all_tables = pytest.mark.parametrize(("layout", "split"), TABLES)


def edit(table, old, new, count=1):
    text = table.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new, count), encoding="utf-8")


def first_row(table):
    return table.read_text(encoding="utf-8").splitlines()[1]


def refused(root, split, *parts):
    with pytest.raises(RobustnessError) as caught:
        _ = decode(list_gtsrb(root, split)).content_hash
    for part in parts:
        assert str(part) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_training_pictures_with_their_labels_and_tracks(tmp_path, layout):
    write_split(tmp_path, layout, "train")
    images = decode(list_gtsrb(tmp_path, "train"))
    assert len(images) == len(TRAIN)
    for image, label, picture in zip(images, images.labels, TRAIN, strict=True):
        np.testing.assert_array_equal(image, picture.pixels)
        assert label == picture.label
    assert images.tracks is not None
    # Two frames share a number exactly when they show the same sign: same class, same track within it.
    signs = [(picture.label, picture.track) for picture in TRAIN]
    assert len(set(zip(images.tracks.tolist(), signs, strict=True))) == len(set(signs)) == len(set(images.tracks.tolist()))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_test_pictures_with_their_labels_and_without_tracks(tmp_path, layout):
    write_split(tmp_path, layout, "test")
    images = decode(list_gtsrb(tmp_path, "test"))
    for image, picture in zip(images, TEST, strict=True):
        np.testing.assert_array_equal(image, picture.pixels)
    assert images.labels.tolist() == [picture.label for picture in TEST]
    assert images.tracks is None


@pytest.mark.parametrize("split", ["train", "test"])
def test_content_hash_and_tracks_are_the_same_in_every_layout(tmp_path, split):
    found = set()
    for layout in LAYOUTS:
        write_split(tmp_path / layout, layout, split)
        images = decode(list_gtsrb(tmp_path / layout, split))
        found.add((images.content_hash, None if images.tracks is None else tuple(images.tracks), images.class_names))
    assert len(found) == 1


def test_there_are_43_different_sign_names():
    assert len(SIGN_NAMES) == len(set(SIGN_NAMES)) == 43


@all_tables
def test_a_wrong_number_of_images_names_the_root_and_both_numbers(tmp_path, monkeypatch, layout, split):
    write_split(tmp_path, layout, split)
    found = gtsrb.COUNTS[split]
    monkeypatch.setitem(gtsrb.COUNTS, split, found + 1)
    message = refused(tmp_path, split, tmp_path, f"{found:,} images", f"not {found + 1:,}", "data fetch gtsrb")
    assert "torchvision" not in message


def test_torchvisions_smaller_archive_is_recognised_by_its_26640_images(tmp_path, monkeypatch):
    monkeypatch.setattr(gtsrb, "_rows", lambda root, split: iter([(root / "00000_00000.ppm", 0, 0)] * 26_640))
    refused(tmp_path, "train", "26,640", "torchvision's own, smaller archive")


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_root_without_gtsrb_names_the_root_and_the_ways_out(tmp_path, split):
    refused(tmp_path, split, tmp_path, f"no GTSRB {split} split", "--root", "ROBUSTNESS_DATA", "data fetch gtsrb")


@pytest.mark.parametrize("layout", ["torchvision", "official"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_a_missing_table_is_named(tmp_path, layout, split):
    table = write_split(tmp_path, layout, split)
    table.unlink()
    refused(tmp_path, split, f"{table}: missing")


@all_tables
@pytest.mark.parametrize("label", ["43", "-1", "x", "", "1.0", "²", "٣"])
def test_a_label_outside_0_to_42_is_refused_at_its_line(tmp_path, layout, split, label):
    table = write_split(tmp_path, layout, split)
    row, right = first_row(table), 14 if split == "train" else 16
    if layout == "kaggle":
        number = 20 if split == "train" else TEST[0].label
        edit(table, row, row.replace(f",{number},T", f",{label},T"))
    else:
        edit(table, row, row.removesuffix(str(right)) + label)
    refused(tmp_path, split, f"{table}:2: ", repr(label), "0..42")


def test_a_row_of_another_class_is_refused_at_its_line(tmp_path):
    table = write_split(tmp_path, "official", "train")
    row = first_row(table)
    edit(table, row, row.removesuffix("14") + "15")
    refused(tmp_path, "train", f"{table}:2: class 15 in the folder of class 14")


@pytest.mark.parametrize(("layout", "old", "new"), [("official", "00000_", "sign_"), ("kaggle", "_00000_", "_sign_")])
def test_a_training_file_without_a_track_number_is_refused_at_its_line(tmp_path, layout, old, new):
    table = write_split(tmp_path, layout, "train")
    edit(table, old, new)
    refused(tmp_path, "train", f"{table}:2: ", "track number")


@all_tables
def test_a_table_without_its_column_is_refused_and_the_column_named(tmp_path, layout, split):
    table = write_split(tmp_path, layout, split)
    edit(table, "ClassId", "Class")
    refused(tmp_path, split, f"{table}:1: no column ClassId")


@all_tables
def test_a_row_cut_short_is_refused_at_its_line(tmp_path, layout, split):
    table = write_split(tmp_path, layout, split)
    text = table.read_text(encoding="utf-8").rstrip("\n")
    delimiter = "," if layout == "kaggle" else ";"
    table.write_text(text.rpartition(delimiter)[0], encoding="utf-8")
    refused(tmp_path, split, f"{table}:{len(text.splitlines())}: the row is cut short")


@all_tables
def test_a_table_that_is_not_utf8_is_named(tmp_path, layout, split):
    table = write_split(tmp_path, layout, split)
    table.write_bytes(table.read_bytes() + "Größe\n".encode("latin-1"))
    refused(tmp_path, split, f"{table}: not a table in UTF-8")


@all_tables
def test_a_missing_image_file_is_named(tmp_path, layout, split):
    write_split(tmp_path, layout, split)
    image = list_gtsrb(tmp_path, split).files[3]
    image.unlink()
    refused(tmp_path, split, f"{image}: ", "fetch")


@all_tables
@pytest.mark.parametrize("keep", [0, 0.5])
def test_a_truncated_image_file_is_named(tmp_path, layout, split, keep):
    write_split(tmp_path, layout, split)
    image = list_gtsrb(tmp_path, split).files[3]
    content = image.read_bytes()
    image.write_bytes(content[: int(keep * len(content))])
    refused(tmp_path, split, f"{image}: not a readable image")


@all_tables
@pytest.mark.parametrize("start", ["/", "../", "a\0"])
def test_a_file_elsewhere_on_the_disk_is_refused_at_its_line(tmp_path, layout, split, start):
    write_split(tmp_path, layout, split)
    table = next(path for path in sorted(tmp_path.rglob("*.csv")) if len(path.read_text().splitlines()) > 1)
    rows = table.read_text(encoding="utf-8").splitlines()
    column = rows[0].split(";" if layout == "official" else ",").index("Filename" if layout == "official" else "Path")
    name = rows[1].split(";" if layout == "official" else ",")[column]
    edit(table, name, start + name)
    refused(tmp_path, split, f"{table}:2: ", "is no file in")


@all_tables
def test_a_picture_that_stands_twice_in_place_of_another_is_refused(tmp_path, layout, split):
    table = write_split(tmp_path, layout, split)
    others = [file for file in tmp_path.rglob("*.csv") if len(file.read_text().splitlines()) > 2]
    table = max([table, *others], key=lambda file: len(file.read_text().splitlines()))
    lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([*lines[:-1], lines[1]]) + "\n", encoding="utf-8")
    refused(tmp_path, split, "stands 2 times in GTSRB's", "so others are left out")
