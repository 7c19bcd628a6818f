"""Ways in which images or limits could have gone missing, or been others in each run, and the gate said PASS."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from robustness.cli import main

FAILED = pytest.ExitCode.TESTS_FAILED
LENIENT = "from PIL import ImageFile\n\nImageFile.LOAD_TRUNCATED_IMAGES = True\n"

DATASET = """
import random

import numpy as np
from PIL import Image

FILES = [(name, number) for name in ("bright", "dark") for number in range(10)]


class Pictures:
    classes = ["bright", "dark"]

    def __init__(self, files):
        self.files = files

    def __len__(self):
        return len(self.files)

    def __getitem__(self, place):
        name, number = self.files[place]
        return self.augmented(np.asarray(Image.open(f"pictures/{name}/{number}.png").convert("RGB"))), self.classes.index(name)

    def augmented(self, image):
        return image


class Flipping(Pictures):
    def augmented(self, image):
        return image[:, ::-1] if random.random() < 0.02 else image


class Short(Pictures):
    def __len__(self):
        return 10


class Iterated:
    def __len__(self):
        return 10

    def __iter__(self):
        pictures = Pictures(FILES)
        return (pictures[place] for place in range(20))


class Twins(Pictures):
    classes = ["bright", "dark", "bright"]


def fixed():
    return Pictures(FILES)


def augmented():
    return Flipping(FILES)


def seeded_and_augmented():
    random.seed(0)
    return Flipping(FILES)


def subset():
    return Pictures(random.sample(FILES, 12))


def shuffled():
    random.shuffle(FILES)
    return Pictures(FILES)


def short():
    return Short(FILES)


def iterated():
    return Iterated()


def twins():
    return Twins(FILES)
"""


def failed(project, said):
    """The gate fails, each promise by the one line."""
    run = project.gate()
    assert run.ret == FAILED
    run.stdout.fnmatch_lines([f"*and 2 more: *{said}*"])
    assert project.results()["verdict"] == "FAIL"
    return run


def heic(pictures):
    (pictures / "dark" / "10.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))


def unnamed(pictures):
    (pictures / "dark" / "9.png").rename(pictures / "dark" / "9")


def beside(pictures):
    (pictures / "dark" / "9.png").rename(pictures / "9.png")


def linked(pictures):
    (pictures / "dark" / "10.png").symlink_to("gone.png")


def linked_without_a_suffix(pictures):
    (pictures / "dark" / "10").symlink_to("gone.png")


def hidden(pictures):
    (pictures / "dark" / ".ipynb_checkpoints").mkdir()
    (pictures / "dark" / "9.png").rename(pictures / "dark" / ".ipynb_checkpoints" / "9-checkpoint.png")


def downloading(pictures):
    (pictures / "dark" / "9.png").rename(pictures / "dark" / "9.png.crdownload")


def empty(pictures):
    (pictures / "dark" / "10").touch()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (heic, "10.heic: *convert it to PNG"),
        (unnamed, "dark/9: an image (PNG) that is not named as one"),
        (beside, "pictures/9.png: an image beside the classes' folders"),
        (linked, "10.png: a link that leads nowhere"),
        (linked_without_a_suffix, "dark/10: a link that leads nowhere"),
        (hidden, ".ipynb_checkpoints: a hidden folder with an image"),
        (downloading, "9.png.crdownload: an image (PNG)"),
        (empty, "dark/10: empty"),
    ],
)
def test_an_image_that_would_be_left_out_fails_the_gate_by_its_name(project, spoil, said):
    spoil(project.pytester.path / "pictures")
    failed(project, said.replace("[", "[[]"))


def test_a_sub_folder_that_cannot_be_listed_fails_the_gate(project, monkeypatch):
    locked = project.pytester.path / "pictures" / "dark" / "more"
    locked.mkdir()
    Image.new("RGB", (8, 8), "white").save(locked / "wrong.png")
    scan = os.scandir

    def denied(path="."):
        if not isinstance(path, int) and Path(os.fsdecode(path)).name == "more":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", denied)
    failed(project, "more: cannot be listed (Permission denied)")


def test_half_an_image_fails_the_gate_whatever_the_project_imports_and_in_the_next_run_too(project):
    half = project.pytester.path / "pictures" / "dark" / "0.png"
    half.write_bytes(half.read_bytes()[:200])
    project.write("conftest.py", LENIENT)
    failed(project, "0.png: not a readable image")
    (project.pytester.path / "conftest.py").unlink()
    failed(project, "0.png: not a readable image")


def test_what_is_no_image_is_shown_beside_the_verdict(project):
    (project.pytester.path / "pictures" / "README.md").write_text("Dark and bright pictures.")
    (project.pytester.path / "pictures" / "dark" / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    run = project.gate()
    assert run.ret == 0
    left_out = "2 files that are no images were left out: README.md, dark/.DS_Store"
    run.stdout.fnmatch_lines([f"folder:pictures: {left_out}"])
    assert project.results()["images"]["left_out"] == left_out
    assert left_out in (project.pytester.path / "robustness-report" / "report.html").read_text()


def test_the_commands_show_it_too(project, capsys):
    (project.pytester.path / "pictures" / "README.md").write_text("Dark and bright pictures.")
    assert main(["noise", "--data", "folder:pictures", "--noise", "clean", "--sheet", "sheet.png"]) == 0
    assert "folder:pictures: 1 file that is no image was left out: README.md\n" in capsys.readouterr().err
    assert main(["evaluate", "toy"]) == 0
    assert "folder:pictures: 1 file that is no image was left out: README.md\n" in capsys.readouterr().err


def test_robustness_gate_says_which_image_before_pytest_starts(project, capfd):
    beside(project.pytester.path / "pictures")
    assert main(["gate"]) == 2
    assert "pictures/9.png: an image beside the classes' folders" in capfd.readouterr().err


# Datasets


@pytest.fixture
def dataset(project, monkeypatch):
    """A project whose images come from its own code."""
    monkeypatch.chdir(project.pytester.path)
    project.write("mine.py", DATASET)

    def gated_on(factory):
        project.edit("thresholds.toml", '"folder:pictures"', f'"python:mine:{factory}"')
        return project

    return gated_on


@pytest.mark.parametrize("factory", ["augmented", "seeded_and_augmented", "subset", "shuffled"])
def test_images_that_are_others_each_time_fail_the_gate(dataset, factory):
    failed(dataset(factory), "when it was read again*turn augmentation off, and seed and sort what is chosen")


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("short", "has a length of 10, and gives another image at 10"),
        ("iterated", "image 0 of 10 raised TypeError"),
        ("twins", "the classes 0 and 2 have one name"),
    ],
)
def test_images_that_a_dataset_keeps_back_fail_the_gate(dataset, factory, said):
    failed(dataset(factory), said)


def test_a_dataset_that_is_the_same_each_time_passes(dataset):
    assert dataset("fixed").gate().ret == 0


# Limits on classes with names alike


ALIKE = [("no entry", "no-entry"), ("Stop", "stop"), ("中国", "日本"), ("a b", "a  b c"), ("seed3", "stop")]


@pytest.mark.parametrize("names", ALIKE, ids=ascii)
def test_a_limit_that_is_not_measured_is_a_gap_though_another_is_named_alike(project, names):
    for former, name in zip(("bright", "dark"), names, strict=True):
        (project.pytester.path / "pictures" / former).rename(project.pytester.path / "pictures" / name)
    if sorted(names) != list(names):
        project.edit("toy.py", "[excess, -excess]", "[-excess, excess]")
    tables = "".join(f'[[limits]]\nmodels = ["toy"]\nnoise = "clean"\naccuracy = 1.0\nclasses = ["{name}"]\n' for name in names)
    tables += '[[limits]]\nmodels = ["toy"]\nnoise = "clean"\naccuracy = 1.0\nseeds = [3]\n'
    project.write("thresholds.toml", (project.pytester.path / "thresholds.toml").read_text() + tables)
    assert project.gate().ret == 0
    assert len({limit["limit"] for limit in project.results()["limits"]}) == 6
    for number in (3, 4, 5):
        project.write("conftest.py", f"def pytest_collection_modifyitems(items):\n    del items[{number}]\n")
        run = project.gate()
        assert run.ret == FAILED
        run.stdout.fnmatch_lines(["*FAIL: 1 limit not measured: *"])
        assert project.results()["verdict"] == "FAIL"


def test_a_limit_under_a_noise_with_a_name_that_pytest_writes_otherwise_is_known_by_its_test(project):
    project.write("mine.py", "def noise(images, größe):\n    return images ^ 1\n")
    tables = '[noises.own]\nload = "python:mine:noise"\nmagnitude = "größe"\n'
    tables += '[[limits]]\nmodels = ["toy"]\nnoise = "own"\n"größe" = 1\naccuracy = 1.0\n'
    project.write("thresholds.toml", (project.pytester.path / "thresholds.toml").read_text() + tables)
    assert project.gate().ret == 0
    project.write(
        "conftest.py",
        "import pytest\n\ndef pytest_collection_modifyitems(items):\n"
        "    [item.add_marker(pytest.mark.skip) for item in items if 'own' in item.name]\n",
    )
    run = project.gate("-k", "own")
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*FAIL: *1 limit not measured: toy-own(größe=1)"])
