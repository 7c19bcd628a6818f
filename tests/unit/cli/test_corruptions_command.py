"""`robustness corruptions`: the table of a model, and what it does not say."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from robustness.cli import main
from robustness.noise.benchmarks import TWELVE

MODELS = """
import torch

class Brightest(torch.nn.Module):
    \"\"\"The class is the brightest channel.\"\"\"
    def forward(self, images):
        return images.mean(dim=(2, 3)) * 50

class First(torch.nn.Module):
    def forward(self, images):
        return torch.eye(3)[torch.zeros(len(images), dtype=torch.long)]
"""
TABLE = (
    'schema = 1\n[run]\ndata = "folder:images"\n'
    '[models.brightest]\nload = "python:two_of_the_table:Brightest"\nsize = 32\nfit = "resize"\n'
    '[models.first]\nload = "python:two_of_the_table:First"\nsize = 32\nfit = "resize"\n'
    '[[limits]]\nmodels = ["brightest", "first"]\nnoise = "clean"\naccuracy = 0.1\n'
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Made once, for a module is imported once."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "two_of_the_table.py").write_text(MODELS)
    (folder / "thresholds.toml").write_text(TABLE)
    rng = np.random.default_rng(0)
    for c, name in enumerate(("blue", "green", "red")):  # in the order of the folders; channel c is a little brighter
        (folder / "images" / name).mkdir(parents=True)
        for n in range(4):
            pixels = rng.integers(60, 140, (32, 32, 3), dtype=np.uint8)
            pixels[..., c] += 25
            Image.fromarray(pixels).save(folder / "images" / name / f"{n}.png")
    return folder


@pytest.fixture(autouse=True)
def _in_the_project(project, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(project / "cache"))
    monkeypatch.chdir(project)


def printed(capsys, *arguments):
    assert main(["corruptions", *arguments]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def refused(capsys, *arguments):
    assert main(["corruptions", *arguments]) == 2
    return capsys.readouterr().err


def test_every_corruption_has_its_line_and_severities(capsys):
    lines = printed(capsys, "brightest", "--preset", "cifar-c-12").splitlines()
    assert lines[0] == "brightest under cifar-c-12, 12 images, clean error 0.0 %"
    assert [line.split()[0] for line in lines[2:14]] == list(TWELVE)
    assert all(len(line.split()) == 7 for line in lines[2:14])
    assert lines[14].startswith("mean over 12 corruptions: ")
    assert len(lines) == 15


def test_beside_a_reference_errors_are_relative_to_its(capsys):
    found = json.loads(printed(capsys, "first", "--preset", "cifar-c-12", "--reference", "first", "--json"))
    assert found["relative"] == pytest.approx(dict.fromkeys(TWELVE, 1))
    assert found["mce"] is None
    table = printed(capsys, "first", "--preset", "cifar-c-12", "--reference", "first")
    assert "mean CE, relative to first, over 12 corruptions: 100.0; that is no mCE" in table


def test_figures_are_those_of_evaluate(capsys):
    found = json.loads(printed(capsys, "brightest", "--preset", "cifar-c-12", "--json"))
    assert main(["evaluate", "brightest", "--noise", "fog(amount=1.5, decay=1.75)", "--json"]) == 0
    (evaluated,) = json.loads(capsys.readouterr().out)
    assert found["errors"]["fog"][4] == pytest.approx(1 - evaluated["accuracy"])


def test_a_preset_for_another_size_is_advised_against(capsys):
    assert "cifar-c-12, made for 32, is nearer" in printed(capsys, "first", "--preset", "imagenet-c-12")
    assert "AlexNet as published, which speaks of ImageNet alone" in printed(capsys, "first", "--preset", "imagenet-c-12")


def test_none_is_guessed(capsys):
    said = refused(capsys, "first")
    assert "first takes images of 32 x 32 pixels: cifar-c-12 is nearest in size, so add --preset cifar-c-12" in said


@pytest.mark.parametrize(
    ("preset", "said"),
    [("cifar-c-15", "cifar-c-15 needs glass, frost and elastic"), ("cifar-d", "unknown preset 'cifar-d': valid: cifar-c, ")],
)
def test_a_preset_that_is_not_here_is_refused(capsys, preset, said):
    assert said in refused(capsys, "first", "--preset", preset)


def test_a_reference_without_error_is_refused(capsys):
    assert "the reference makes no error under" in refused(
        capsys, "first", "--preset", "cifar-c-12", "--reference", "brightest"
    )
