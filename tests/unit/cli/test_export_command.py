"""`robustness export`: a model as a file, and the lines that gate it."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from robustness.cli import main
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier

THRESHOLDS = """\
schema = 1
[run]
data = "signs"
[models.toy]
load = "python:toy_to_ship:make"
size = 8
fit = "resize"
mean = [0.5, 0.4, 0.3]
std = [0.25, 0.2, 0.3]
[models.baseline-cnn]
load = "baseline-cnn"
weights = "signs"
[[limits]]
models = ["toy"]
noise = "clean"
accuracy = 0
"""
TOY = """\
import torch

def make():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 43))
"""
IMAGES = torch.randint(0, 256, (8, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty current folder, beside a project with a thresholds file."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    sys.path_importer_cache.pop("../project", None)  # of another test's folder
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "toy_to_ship.py").write_text(TOY)
    (tmp_path / "project" / "thresholds.toml").write_text(THRESHOLDS)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    yield tmp_path / "here"
    sys.modules.pop("toy_to_ship", None)


def shipped(capsys, *arguments):
    """The declaration that the command printed."""
    assert main(["export", *arguments]) == 0
    declared = tomllib.loads(capsys.readouterr().out.partition("limits on it:\n")[2])["models"]
    ((name, table),) = declared.items()
    return ModelDeclaration(name, **{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})


@pytest.mark.slow
@pytest.mark.parametrize(("form", "suffix"), [("onnx", "onnx"), ("exported", "pt2")])
def test_a_model_of_a_thresholds_file_is_declared_as_it_was(form, suffix, folder, capsys):
    declaration = shipped(capsys, "toy", "--thresholds", "../project/thresholds.toml", "--to", form)
    assert declaration == ModelDeclaration(
        f"toy-{form}", f"{form}:../here/toy.{suffix}", None, 8, "resize", (0.5, 0.4, 0.3), (0.25, 0.2, 0.3)
    )
    base = Path("../project")
    source = load_classifier(replace(declaration, load="python:toy_to_ship:make"), base)
    assert torch.allclose(load_classifier(declaration, base).logits(IMAGES), source.logits(IMAGES), atol=1e-4)


def test_a_built_in_network_needs_weights_and_no_data(folder, capsys):
    declaration = shipped(capsys, "baseline-cnn", "--weights", "gtsrb", "--to", "exported")
    assert declaration == ModelDeclaration("baseline-cnn-exported", "exported:baseline-cnn.pt2", None, 40, "crop-or-pad")
    assert [file.name for file in folder.iterdir()] == ["baseline-cnn.pt2"]


def test_a_factory_is_named_by_its_reference(folder, capsys):
    (folder / "toy_to_ship.py").write_text(TOY)
    arguments = ["python:toy_to_ship:make", "--size", "8", "--fit", "resize", "--to", "exported"]
    declaration = shipped(capsys, *arguments, "--out", str(folder / "other" / "net.pt2"))
    assert declaration.name == "python-toy_to_ship-make-exported"
    assert declaration.load == f"exported:{folder / 'other' / 'net.pt2'}"
    assert load_classifier(declaration).logits(IMAGES).shape == (8, 43)


def test_what_the_command_says_itself_goes_before_a_thresholds_file_that_lies_there(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder.parent / "project")
    by_file = shipped(capsys, "baseline-cnn", "--to", "exported", "--out", "signs.pt2")
    said = shipped(capsys, "baseline-cnn", "--weights", "gtsrb", "--to", "exported", "--out", "gtsrb.pt2")
    for declaration, weights in ((by_file, "signs"), (said, "gtsrb")):
        source = load_classifier(ModelDeclaration("source", "baseline-cnn", weights))
        images = torch.randint(0, 256, (2, 3, 40, 40), dtype=torch.uint8)
        assert torch.allclose(load_classifier(declaration).logits(images), source.logits(images), atol=1e-3)
    assert shipped(capsys, "python:toy_to_ship:make", "--size", "8", "--to", "exported").load == (
        "exported:python-toy_to_ship-make.pt2"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["baseline-cnn"], "model baseline-cnn: name its weights, a file or one of: gtsrb-28, gtsrb, signs"),
        (["python:toy_to_ship:make"], "No module named 'toy_to_ship'"),
        (["toy", "--thresholds", "../project/thresholds.toml", "--out", "../project"], "../project: Is a directory"),
        (["tow", "--thresholds", "../project/thresholds.toml"], "declares no model 'tow': did you mean 'toy'?"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_nothing_written(arguments, said, folder, capsys):
    assert main(["export", *arguments, "--to", "exported"]) == 2
    assert said in capsys.readouterr().err
    assert not list(folder.iterdir())
    assert {path.name for path in folder.parent.iterdir()} == {"here", "project"}  # nothing beside what --out names either


@pytest.mark.parametrize("form", ["exported", "onnx"])
def test_a_model_s_own_file_is_not_written_over(form, folder, capsys):
    assert main(["export", "baseline-cnn", "--weights", "signs", "--to", "exported", "--out", "net.pt2"]) == 0
    before = Path("net.pt2").read_bytes()
    declared = THRESHOLDS.replace('"python:toy_to_ship:make"\nsize = 8', '"exported:net.pt2"\nsize = 40')
    Path("thresholds.toml").write_text(declared)
    capsys.readouterr()
    assert main(["export", "toy", "--to", form, "--out", "net.pt2"]) == 2
    assert capsys.readouterr().err == "robustness: net.pt2 is what toy is read from: name another file with --out\n"
    assert Path("net.pt2").read_bytes() == before
