"""What a command is about: a thresholds file, or what it names itself; on one workbench either way."""

from __future__ import annotations

import argparse

import numpy as np
import pytest
from PIL import Image

from robustness.cli.arguments import add_subject, declared_by, subject
from robustness.errors import RobustnessError
from robustness.models.declaration import ModelDeclaration
from robustness.noise import KINDS

FILE = """\
schema = 1
[run]
data = "folder:pictures"
seed = 3
[models.baseline-cnn]
load = "baseline-cnn"
weights = "gtsrb"
[models.other]
load = "small-resnet"
weights = "signs"
[noises.mist]
load = "python:mist_of_the_subject:mist"
magnitude = "share"
[[limits]]
models = ["other"]
noise = "clean"
accuracy = 0
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder, which has pictures, beside a project with others."""
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    for place, level in (("here", 10), ("project", 20)):
        (tmp_path / place / "pictures" / "one").mkdir(parents=True)
        Image.fromarray(np.full((8, 8, 3), level, np.uint8)).save(tmp_path / place / "pictures" / "one" / "1.png")
    (tmp_path / "project" / "thresholds.toml").write_text(FILE)
    (tmp_path / "project" / "mist_of_the_subject.py").write_text("def mist(images, share):\n    return images\n")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def of(*arguments, others=()):
    parser = argparse.ArgumentParser()
    add_subject(parser)
    args = parser.parse_args(arguments)
    return subject(args, declared_by(args, *others))


def test_a_thresholds_file_says_all():
    bench = of("other", "--thresholds", "../project/thresholds.toml")
    assert (bench.thresholds.seed, bench.images[0][0, 0, 0]) == (3, 20)
    assert bench.load("other").name == "other"
    assert "mist" in bench.thresholds.noises


def test_data_beside_a_file_lie_in_the_current_folder_and_the_models_beside_the_file():
    bench = of("other", "--thresholds", "../project/thresholds.toml", "--data", "folder:pictures", "--seed", "0")
    assert (bench.thresholds.seed, bench.images[0][0, 0, 0]) == (0, 10)
    assert str(bench.thresholds.base) == "../project"


def test_a_command_that_names_all_itself_has_the_built_in_noises_and_promises_nothing(folder):
    bench = of("baseline-cnn", "--data", "folder:pictures", "--weights", "signs", "--size", "40", others=["small-resnet"])
    thresholds = bench.thresholds
    declared = [ModelDeclaration(name, name, "signs", 40) for name in ("baseline-cnn", "small-resnet")]
    assert thresholds.models == {declaration.name: declaration for declaration in declared}
    assert (thresholds.noises, thresholds.promises, thresholds.seed) == (KINDS, (), 0)
    assert (thresholds.base, bench.images[0][0, 0, 0]) == (folder / "here", 10)


def test_a_built_in_network_has_the_weights_of_the_data():
    assert of("baseline-cnn", "--data", "signs").thresholds.models["baseline-cnn"].weights == "signs"


def test_a_file_in_the_current_folder_is_taken_where_the_command_says_nothing_else(folder, monkeypatch):
    monkeypatch.chdir(folder / "project")
    assert of("baseline-cnn").thresholds.models["baseline-cnn"].weights == "gtsrb"
    assert of("baseline-cnn", "--data", "signs").thresholds.models["baseline-cnn"].weights == "signs"


@pytest.mark.parametrize(
    ("arguments", "others", "said"),
    [
        (["othr"], [], "declares no model 'othr': did you mean 'other'?"),
        (["other"], ["othr"], "declares no model 'othr'"),
        (["python:module:factory"], [], "name the images with --data"),
        (["other"], ["python:module:factory"], "name the images with --data"),
        (["other", "--weights", "signs"], [], "name the images with --data"),
    ],
)
def test_what_is_not_declared_is_named(folder, monkeypatch, arguments, others, said):
    monkeypatch.chdir(folder / "project")
    with pytest.raises(RobustnessError, match=said.replace("?", r"\?")):
        of(*arguments, others=others)


def test_the_root_is_where_sets_live(folder):
    assert of("other", "--thresholds", "../project/thresholds.toml", "--root", "sets").root.name == "sets"
