from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from robustness.data import load_image_set
from robustness.errors import RobustnessError

datasets = pytest.importorskip("datasets")
PIXELS = np.random.default_rng(3).integers(0, 256, (3, 4, 5, 3), dtype=np.uint8)


def made(**more):
    features = {"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "owl", "dog"])}
    features |= {name: datasets.Value("string") for name in more}
    columns = {"image": [Image.fromarray(pixels) for pixels in PIXELS], "label": [1, 0, 1], **more}
    return datasets.Dataset.from_dict(columns, features=datasets.Features(features))


def test_a_set_on_disk_keeps_its_class_names(tmp_path):
    made().save_to_disk(tmp_path / "birds")
    images = load_image_set("datasets:birds", base=tmp_path)
    np.testing.assert_array_equal(list(images), PIXELS)
    assert (images.name, images.labels.tolist(), images.class_names) == ("datasets:birds", [1, 0, 1], ("cat", "owl", "dog"))


def test_groups_become_tracks(tmp_path):
    made(patient=["b", "a", "b"]).save_to_disk(tmp_path / "birds")
    assert load_image_set("datasets:birds", base=tmp_path).tracks.tolist() == [0, 1, 0]


def test_of_several_splits_one_is_named(tmp_path):
    datasets.DatasetDict(train=made(), test=made()).save_to_disk(tmp_path / "birds")
    with pytest.raises(RobustnessError, match=r"birds: has the splits train, test: name the folder of one"):
        load_image_set("datasets:birds", base=tmp_path)
    assert len(load_image_set("datasets:birds/test", base=tmp_path)) == 3


def test_what_is_no_such_folder_is_refused(tmp_path):
    with pytest.raises(RobustnessError, match="birds: no such folder"):
        load_image_set("datasets:birds", base=tmp_path)
    (tmp_path / "birds").mkdir()
    with pytest.raises(RobustnessError, match="birds: not a data set that save_to_disk wrote"):
        load_image_set("datasets:birds", base=tmp_path)


def test_a_set_without_labels_is_refused(tmp_path):
    datasets.Dataset.from_dict({"image": [1], "text": ["a"]}).save_to_disk(tmp_path / "birds")
    with pytest.raises(RobustnessError, match=r"not a Dataset of \(image, label\).*an item has the keys image, text"):
        load_image_set("datasets:birds", base=tmp_path)
