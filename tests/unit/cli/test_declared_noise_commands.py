"""Declared noises and presets on the command line: found in the thresholds file, marked as such, forgotten afterwards."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from PIL import Image

from robustness.cli import main

THRESHOLDS = """\
schema = 1
[run]
data = "folder:pictures"
[models.toy]
load = "python:toy_of_the_cli:make"
size = 8
fit = "resize"
[noises.mist]
load = "python:mist_of_the_cli:mist"
magnitude = "share"
[noises.blur]
load = "torchvision:GaussianBlur"
magnitude = "sigma"
kernel_size = 3
[[limits]]
models = ["toy"]
noise = "clean"
accuracy = 1
"""
TOY = """\
import torch

class Brightness(torch.nn.Module):
    def forward(self, images):
        excess = images[:, :1].mean(dim=(1, 2, 3)) - 0.5
        return torch.stack([excess, -excess], dim=1)

make = Brightness
"""
FOG = """\
import numpy as np

def mist(images, share):
    return np.clip(images + 255 * share, 0, 255).astype("uint8")
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A project in the current folder: two bright pictures and two dark ones, a model, and two declared noises."""
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    sys.path_importer_cache.pop(".", None)  # it remembers which folder that was
    project = tmp_path / "project"
    for name, level in (("bright", 190), ("dark", 60)):
        (project / "pictures" / name).mkdir(parents=True)
        for number in range(2):
            Image.fromarray(np.full((8, 8, 3), level + number, np.uint8)).save(project / "pictures" / name / f"{number}.png")
    (project / "toy_of_the_cli.py").write_text(TOY)
    (project / "mist_of_the_cli.py").write_text(FOG)
    (project / "thresholds.toml").write_text(THRESHOLDS)
    monkeypatch.chdir(project)
    yield project
    for module in ("toy_of_the_cli", "mist_of_the_cli"):
        sys.modules.pop(module, None)


def measured(capsys, *arguments):
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def noises(measurements):
    return [measurement["noise"] for measurement in measurements]


def refused(capsys, *arguments):
    assert main([*arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("robustness: ")
    return said


def test_evaluate_finds_a_declared_noise_in_the_thresholds_file(capsys, tmp_path):
    arguments = ("evaluate", "toy", "--noise", "mist(share=0.2)", "--noise", "gaussian(sigma=5)", "--noise", "blur(sigma=1)")
    for _ in range(2):
        found = measured(capsys, *arguments)
        assert noises(found) == ["mist(share=0.2)", "gaussian(sigma=5)", "blur(sigma=1)"]
        assert [(m["bit_identical"], m["stored"], m["right"]) for m in found] == [
            *((False, False, 4), (True, False, 4), (False, False, 4))
        ]
    assert not list((tmp_path / "cache" / "results" / "runs").glob("*"))


def test_evaluate_finds_a_declared_noise_in_a_file_elsewhere(capsys, folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    (found,) = measured(capsys, "evaluate", "toy", "--thresholds", "project/thresholds.toml", "--noise", "mist(share=0.4)")
    assert found["right"] == 2  # everything is bright


@pytest.mark.parametrize(
    ("noise", "said"),
    [
        ("misst(share=1)", "unknown noise 'misst': did you mean 'mist'?"),
        ("mist", "mist needs share, for example mist(share=0.5)"),
        ("mist(amount=1)", "mist has no parameter 'amount': valid: share"),
        ("mist(share=1, grey=2)", "mist has no parameter 'grey'"),
        ("mist(share=nan)", "mist: share lies between -1e+12 and 1e+12, not nan"),
        ("mist(share=-inf)", "mist: share lies between -1e+12 and 1e+12, not -inf"),
        ("mist(share=a lot)", "is a number, not 'a lot'"),
        ("blur(sigma=0)", "blur(sigma=0) (torchvision:GaussianBlur) raised ValueError"),
        ("imagenet-c(severity=6)", "imagenet-c: severity is 1, 2, 3, 4 or 5, not 6"),
        ("imagenet-c(severty=5)", "did you mean 'severity'?"),
        ("paper(severity=5)", "paper has no parameter 'severity'"),
    ],
)
def test_what_evaluate_cannot_use_is_said_in_one_line(capsys, noise, said):
    assert said in refused(capsys, "evaluate", "toy", "--noise", noise)


def test_with_other_images_the_file_is_named_or_its_noises_are_unknown(capsys):
    arguments = (
        "evaluate",
        "python:toy_of_the_cli:make",
        "--data",
        "folder:pictures",
        "--size",
        "8",
        "--noise",
        "mist(share=0.2)",
    )
    assert "unknown noise 'mist'" in refused(capsys, *arguments)
    assert noises(measured(capsys, "evaluate", "toy", *arguments[2:4], "--thresholds", "thresholds.toml", *arguments[-2:])) == [
        "mist(share=0.2)"
    ]


@pytest.mark.parametrize("line", ["raise ValueError('no mist today')", "raise SystemExit(0)", "return None"])
def test_a_callable_that_cannot_be_measured_with_is_no_success_and_leaves_nothing(capsys, folder, tmp_path, line):
    (folder / "mist_of_the_cli.py").write_text(f"def mist(images, share):\n    {line}\n")
    said = refused(capsys, "evaluate", "toy", "--noise", "blur(sigma=1)", "--noise", "mist(share=0.2)")
    assert "mist(share=0.2) (python:mist_of_the_cli:mist)" in said
    assert not list((tmp_path / "cache" / "results" / "runs").glob("*"))


@pytest.mark.parametrize("module", ["mist", "toy"])
def test_a_module_that_exits_when_imported_is_no_success(capsys, folder, module):
    with (folder / f"{module}_of_the_cli.py").open("a") as file:
        file.write("raise SystemExit(0)\n")
    assert f"python:{module}_of_the_cli" in refused(capsys, "evaluate", "toy", "--noise", "mist(share=0.2)")


def test_presets_are_evaluated_noise_by_noise(capsys):
    found = measured(capsys, "evaluate", "toy", "--noise", "imagenet-c(severity=2)", "--noise", "paper")
    assert noises(found)[:4] == ["gaussian(sigma=30.6)", "shot(gain=10.2)", "impulse(amount=0.06)", "speckle(sigma=0.2)"]
    assert len(found) == 13
    assert all(measurement["bit_identical"] for measurement in found)


@pytest.mark.parametrize(
    ("highest", "wanted"),
    [
        ("mist(share=0.4)", ["clean", "mist(share=0.2)", "mist(share=0.4)"]),
        ("mist(share=-0.4)", ["clean", "mist(share=-0.2)", "mist(share=-0.4)"]),
        ("blur(sigma=3)", ["clean", "blur(sigma=1.5)", "blur(sigma=3)"]),
        ("resolution(factor=4)", ["resolution(factor=1)", "resolution(factor=2.5)", "resolution(factor=4)"]),
        ("offset(levels=-100)", ["offset(levels=0)", "offset(levels=-50)", "offset(levels=-100)"]),
        ("gaussian(sigma=50)", ["gaussian(sigma=0)", "gaussian(sigma=25)", "gaussian(sigma=50)"]),
    ],
)
def test_a_sweep_starts_where_nothing_is_done(capsys, highest, wanted):
    found = measured(capsys, "sweep", "toy", "--noise", highest, "--steps", "2")
    assert noises(found) == wanted
    assert found[0]["accuracy"] == 1


def test_a_sweep_ends_at_the_level_that_was_asked_for(capsys):
    assert (
        noises(measured(capsys, "sweep", "toy", "--noise", "mist(share=0.12345678)", "--steps", "2"))[-1]
        == "mist(share=0.12345678)"
    )


@pytest.mark.parametrize("noise", ["paper", "imagenet-c(severity=1)", "clean"])
def test_a_sweep_wants_one_noise_with_a_magnitude(capsys, noise):
    assert "a sweep wants a noise with a magnitude" in refused(capsys, "sweep", "toy", "--noise", noise)


def test_a_thresholds_file_that_cannot_be_used_is_said(capsys, folder):
    (folder / "thresholds.toml").write_text(THRESHOLDS.replace('"share"', '"level"'))
    said = refused(capsys, "evaluate", "toy", "--noise", "mist(share=1)")
    assert "thresholds.toml:8: noises.mist: a magnitude cannot be called 'level' here" in said
