from __future__ import annotations

import sys
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image
from tiny_gtsrb import TEST, TRAIN, write_split

from robustness.data import load_image_set
from robustness.data.load import REFERENCES
from robustness.errors import RobustnessError

SOURCE = """
import numpy as np

def pictures():
    return [(np.full((3, 2, 3), 8, np.uint8), 0), (np.full((2, 3, 3), 9, np.uint8), 1)]

def broken():
    raise ZeroDivisionError("the user's own")
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The name of a module of the user's own beside the thresholds file."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    name = f"own_{uuid4().hex}"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    yield name
    sys.modules.pop(name, None)


@pytest.mark.usefixtures("tiny_counts")
@pytest.mark.parametrize("where", ["argument", "environment"])
def test_gtsrb_is_found_under_the_given_root_or_the_environments(tmp_path, monkeypatch, where):
    for split in ("train", "test"):
        write_split(tmp_path / "data", "torchvision", split)
    if where == "environment":
        monkeypatch.setenv("ROBUSTNESS_DATA", str(tmp_path / "data"))
    root = tmp_path / "data" if where == "argument" else None
    assert len(load_image_set("gtsrb", root=root)) == len(TEST)
    assert len(load_image_set("gtsrb", "train", root)) == len(TRAIN)


@pytest.mark.parametrize("absolute", [True, False])
def test_a_folder_is_looked_up_from_the_base(tmp_path, absolute):
    folder = tmp_path / "pets" / "cat"
    folder.mkdir(parents=True)
    Image.fromarray(np.full((2, 2, 3), 7, np.uint8)).save(folder / "a.png")
    images = load_image_set(f"folder:{tmp_path / 'pets' if absolute else 'pets'}", base=tmp_path)
    assert (images.name, images.class_names, len(images)) == ("folder:pets", ("cat",), 1)


def test_equal_images_have_an_equal_hash_from_a_folder_and_from_a_factory(tmp_path, module):
    for label, shape, value in (("0", (3, 2, 3), 8), ("1", (2, 3, 3), 9)):
        (tmp_path / "set" / label).mkdir(parents=True)
        Image.fromarray(np.full(shape, value, np.uint8)).save(tmp_path / "set" / label / "a.png")
    folder = load_image_set("folder:set", base=tmp_path)
    factory = load_image_set(f"python:{module}:pictures", base=tmp_path)
    assert factory.content_hash == folder.content_hash
    assert factory.class_names == folder.class_names
    assert factory.name == f"python:{module}:pictures"


@pytest.mark.parametrize("target", ["nowhere_at_all:f", "{}:absent"])
def test_a_factory_that_is_not_there_is_named_with_where_it_was_looked_for(tmp_path, module, target):
    target = target.format(module)
    with pytest.raises(RobustnessError) as caught:
        load_image_set(f"python:{target}", base=tmp_path)
    assert f"python:{target}" in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("target", ["module", "module:", ":factory"])
def test_a_factory_without_module_or_name_is_told_how_to_write_it(tmp_path, target):
    with pytest.raises(RobustnessError, match=r"write python:package\.module:factory"):
        load_image_set(f"python:{target}", base=tmp_path)


def test_an_error_in_the_users_own_factory_is_told_with_its_place(tmp_path, module):
    with pytest.raises(RobustnessError, match=rf"raised ZeroDivisionError: .*the user's own.* \(.*{module}\.py:\d+\)"):
        load_image_set(f"python:{module}:broken", base=tmp_path)


@pytest.mark.parametrize(
    ("reference", "hint"),
    [
        ("gtsbr", "did you mean 'gtsrb'?"),
        ("GTSRB", f"valid: {', '.join(sorted(REFERENCES))}"),
        ("folder:", "did you mean 'folder:PATH'?"),
        ("python:", "valid: "),
        ("cifar", "valid: "),
        ("", "valid: "),
    ],
)
def test_an_unknown_reference_names_the_nearest_or_all_valid_ones(tmp_path, reference, hint):
    with pytest.raises(RobustnessError) as caught:
        load_image_set(reference, base=tmp_path)
    assert f"unknown data {reference!r}: {hint}" in str(caught.value)


def test_an_unknown_split_is_refused():
    with pytest.raises(RobustnessError, match="unknown split 'validation'"):
        load_image_set("signs", "validation")
