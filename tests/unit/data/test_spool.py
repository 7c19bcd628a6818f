"""Images that code gives, read by one process of a run."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from robustness.data import Fit, ImageSet, fit_images, load_image_set
from robustness.data.dataset import read_dataset, read_twice
from robustness.data.spool import once_a_run
from robustness.errors import RobustnessError
from robustness.evaluation.store import Store
from robustness.evaluation.verify import is_intact
from robustness.files.folders import run_folder
from robustness.files.housekeeping import inventory

PIXELS = np.random.default_rng(3).integers(0, 256, (4, 5, 6, 3), dtype=np.uint8)

COUNTING = """
import sys
from dataclasses import replace
from typing import ClassVar

import numpy as np

PIXELS = np.random.default_rng(3).integers(0, 256, (4, 5, 6, 3), dtype=np.uint8)


def make():
    with open("calls", "a") as calls:
        calls.write("x")
    return [(pixels, number % 2, f"group {number // 2}") for number, pixels in enumerate(PIXELS)]
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "counted.py").write_text(COUNTING)
    monkeypatch.delitem(sys.modules, "counted", raising=False)
    return tmp_path


def test_the_factory_is_called_in_the_first_process_alone_and_the_others_read_the_same(project, own_cache):
    first = load_image_set("python:counted:make", base=project, run="this run")
    calls = (project / "calls").read_text()
    second = load_image_set("python:counted:make", base=project, run="this run")
    assert (project / "calls").read_text() == calls == "xx"
    assert second.content_hash == first.content_hash
    np.testing.assert_array_equal(list(second), PIXELS)
    assert (second.labels.tolist(), second.tracks.tolist(), second.class_names) == ([0, 1, 0, 1], [0, 0, 1, 1], ("0", "1"))
    assert second.group_names == first.group_names == ("group 0", "group 1")
    np.testing.assert_array_equal(fit_images(second, Fit(6)), fit_images(first, Fit(6)))
    load_image_set("python:counted:make", base=project, run="another run")
    assert (project / "calls").read_text() == "xxxx"


def test_what_a_run_wrote_down_ends_with_it(project, own_cache):
    load_image_set("python:counted:make", base=project, run="this run")
    (kept,) = (one for one in inventory(own_cache) if one.kind == "runs")
    assert is_intact(kept)
    Store().end_run("this run")
    assert not run_folder("this run").exists()


@pytest.mark.parametrize("place", [4096, 4100, -9])
def test_a_damaged_byte_is_found_and_the_set_made_anew(project, own_cache, place):
    load_image_set("python:counted:make", base=project, run="this run")
    (file,) = run_folder("this run").glob("*.safetensors")
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    again = load_image_set("python:counted:make", base=project, run="this run")
    np.testing.assert_array_equal(list(again), PIXELS)


def test_a_set_that_code_made_is_taken_as_it_is_and_compared_with_a_second_one(project):
    made = ImageSet.from_images("made", list(PIXELS), [0, 1, 1, 0], ["a", "b"], [1, 1, 2, 2])
    named = replace(made, name="named", group_names=("none", "north", "south"))
    for images in (made, made.take([2, 0]), named):
        kept = once_a_run(f"python:{images.name}", "run", lambda images=images: images)
        assert kept.content_hash == images.content_hash
        assert (kept.index.tolist(), kept.tracks.tolist()) == (images.index.tolist(), images.tracks.tolist())
        assert kept.group_names == images.group_names
        np.testing.assert_array_equal(list(kept), list(images))


SETS = """
from robustness import load_image_set


def make():
    return load_image_set("folder:images").take([1, 0])


def changing(calls=[]):
    calls.append(0)
    return load_image_set("folder:images").take([len(calls) % 2])
"""


def test_a_factory_may_return_a_set_of_files(project, own_cache):
    (project / "images" / "a").mkdir(parents=True)
    for number in range(2):
        Image.fromarray(PIXELS[number]).save(project / "images" / "a" / f"{number}.png")
    (project / "of_files.py").write_text(SETS)
    for _ in range(2):
        images = load_image_set("python:of_files:make", base=project, run="this run")
        np.testing.assert_array_equal(list(images), PIXELS[[1, 0]])
    with pytest.raises(RobustnessError, match="python:of_files:changing: gave another set when it was made again"):
        load_image_set("python:of_files:changing", base=project, run="this run")


class Named(list):
    classes = ("owl", "cat")


class Part:
    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, place):
        return self.dataset[place]


def test_a_part_of_a_set_keeps_its_class_names_and_labels_may_be_their_names():
    images = read_dataset("mine", Part(Part(Named([(PIXELS[0], "cat"), (PIXELS[1], "owl")]))))
    assert (images.class_names, images.labels.tolist()) == (("owl", "cat"), [1, 0])


def test_parts_of_sets_with_other_classes_are_refused():
    class Joined(Part):
        datasets = (Named(), Part(type("Other", (list,), {"classes": ("a", "b")})()))

    with pytest.raises(RobustnessError, match="mine: its parts have other classes each"):
        read_dataset("mine", Joined([(PIXELS[0], 0)]))


def test_torchs_subsets_and_concatenations(tmp_path):
    from torch.utils.data import ConcatDataset, Subset

    named = Named([(PIXELS[number], number % 2) for number in range(4)])
    images = read_dataset("mine", ConcatDataset([Subset(named, [3]), Subset(named, [0, 1])]))
    assert (images.class_names, images.labels.tolist()) == (("owl", "cat"), [1, 0, 1])


class Maite(list):
    metadata: ClassVar = {"id": "mine", "index2label": {0: "owl", 1: "cat"}}


def test_items_as_maite_gives_them():
    """Arrays with channels first, one-hot targets, metadata of each."""
    items = [
        (pixels.transpose(2, 0, 1), np.eye(2)[number % 2], {"id": number, "track": "ab"[number // 2]})
        for number, pixels in enumerate(PIXELS)
    ]
    images = read_dataset("mine", Maite(items))
    np.testing.assert_array_equal(list(images), PIXELS)
    assert (images.class_names, images.labels.tolist(), images.tracks.tolist()) == (("owl", "cat"), [0, 1, 0, 1], [0, 0, 1, 1])


@pytest.mark.parametrize(
    ("items", "said"),
    [
        (
            [(PIXELS[0], [0.5, 0.5])],
            r"mine: not a Dataset of \(image, label\): image 0 has the label \[0.5, 0.5\] \(several numbers",
        ),
        ([(PIXELS[0], 0), (PIXELS[1], "cat")], "mine: some labels are texts, such as 'cat', and some are numbers"),
        ([(PIXELS[0], 40_000)], "mine: image 0 has the label 40000, above the highest, 32,766"),
        ([(PIXELS[0], -1)], "mine: image 0 has the label -1, which stands for no class"),
        ([(PIXELS[0], 0, "a"), (PIXELS[1], 0)], "mine: image 1 has no group, and others have"),
        ([(PIXELS[0], 0, 1.5)], "mine: image 0 has float as third part"),
        ([{"picture": PIXELS[0], "label": 0}], "an item has the keys picture, label, and none is 'image'"),
        ([(np.zeros((0, 4, 3), np.uint8), 0)], "mine: image 0 has shape .* which holds no pixel"),
        (Named([(PIXELS[0], "dog")]), "mine: the label 'dog' is none of its classes"),
    ],
)
def test_items_that_cannot_be_used_are_named_with_their_set_in_one_line(items, said):
    with pytest.raises(RobustnessError, match=said) as caught:
        read_dataset("mine", items)
    assert "\n" not in str(caught.value)


def test_groups_that_change_are_found_when_they_are_read_again():
    calls = []

    def make():
        calls.append(0)
        return [(pixels, 0, place // 2 if len(calls) < 2 else place % 2) for place, pixels in enumerate(PIXELS)]

    with pytest.raises(RobustnessError, match=r"mine: (image \d had another group|had other groups) when it was"):
        read_twice("mine", make)


def test_groups_that_change_their_names_are_found_when_they_are_read_again():
    calls = []

    def make():
        calls.append(0)
        return [(pixels, 0, f"{len(calls) * 10 + place // 2}") for place, pixels in enumerate(PIXELS)]

    with pytest.raises(RobustnessError, match=r"mine: image \d had another group when it was"):
        read_twice("mine", make)


def test_what_a_set_says_of_itself_reaches_every_process(own_cache):
    made = ImageSet.from_images("made", list(PIXELS), [0] * 4, ["a"])
    made = replace(made, dependent="they are frames of one film", left_out="1 file")
    for _ in range(2):
        kept = once_a_run("python:x", "run", lambda: made)
        assert (kept.dependent, kept.left_out) == (made.dependent, made.left_out)


@pytest.mark.parametrize("named", [{0: "dark", 2: "light"}, {"0": "dark", "2": "light"}])
def test_class_names_keep_their_numbers(named):
    dataset = Maite([(PIXELS[0].transpose(2, 0, 1), 2, {})])
    dataset.metadata = {"index2label": named}
    assert read_dataset("mine", dataset).class_names == ("dark", "1", "light")


def test_classes_that_are_no_list_are_refused():
    dataset = Named([(PIXELS[0], 0)])
    dataset.classes = 2  # type: ignore[assignment]
    with pytest.raises(RobustnessError, match="mine: its `classes` are no list of names"):
        read_dataset("mine", dataset)
