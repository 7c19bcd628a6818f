"""`robustness gan train` and `sample`, from the shell's side."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest
import torch
from PIL import Image

from robustness.cli import main
from robustness.data import load_image_set

COLOURS = {"blue": (30, 30, 220), "green": (30, 220, 30), "red": (220, 30, 30)}


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A folder with 72 small images of three classes, and one with as many others."""
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    for folder, (name, colour) in product(("images", "others"), COLOURS.items()):
        (tmp_path / folder / name).mkdir(parents=True)
        for number in range(24):
            pixels = (np.array(colour) + generator.integers(-30, 31, (20, 24, 3))).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / name / f"{number}.png")
    return tmp_path


def train(*arguments):
    return main(["gan", "train", "--data", "folder:images", "--epochs", "1", *arguments])


def test_a_generator_is_trained_and_sampled_into_a_folder_that_the_gate_reads(project, capsys):
    assert train("--conditional", "--out", "gan") == 0
    assert "the last generator is gan/epoch-001.safetensors" in capsys.readouterr().out
    assert main(["gan", "sample", "gan/epoch-001.safetensors", "--count", "3", "--seed", "5", "--out", "samples"]) == 0
    assert "wrote 9 images to samples" in capsys.readouterr().out
    samples = load_image_set("folder:samples")
    assert samples.class_names == tuple(COLOURS)
    assert samples.shapes.tolist() == [[28, 28]] * 9


def test_a_generator_is_judged_by_a_classifier_that_was_trained_here(project, capsys):
    assert train("--conditional", "--out", "gan") == 0
    assert (
        main(
            ["train", "baseline-cnn", "--data", "folder:images", "--size", "28", "--epochs", "2", "--out", "judge.safetensors"]
        )
        == 0
    )
    capsys.readouterr()
    judge = ["gan", "judge", "gan/epoch-001.safetensors", "--judge", "judge.safetensors", "--data", "folder:others"]
    judge += ["--training", "folder:images"]
    assert main(judge) == 0
    said = capsys.readouterr().out
    assert "judge on 72 samples and as many real images" in said
    assert "worst class" in said
    assert main([*judge, "--json"]) == 0
    marks = json.loads(capsys.readouterr().out)
    assert [label["name"] for label in marks["classes"]] == list(COLOURS)
    assert all(0 <= label["low"] <= label["right"] / 24 <= label["high"] <= 1 for label in marks["classes"])


def test_a_judge_without_its_card_is_refused(project, capsys):
    assert train("--conditional", "--out", "gan") == 0
    (project / "bare.safetensors").write_bytes(b"")
    judge = ["gan", "judge", "gan/epoch-001.safetensors", "--judge", "bare.safetensors", "--data", "folder:others"]
    assert main([*judge, "--training", "folder:images"]) != 0
    assert "bare.safetensors: no card beside it" in capsys.readouterr().err


def test_of_a_trainings_folder_a_generator_in_it_is_named(project, capsys):
    assert train("--out", "gan") == 0
    assert main(["gan", "sample", "gan", "--out", "s.png"]) == 2
    assert "gan: a folder; name one of the generators in it, such as gan/epoch-001.safetensors" in capsys.readouterr().err


def test_a_sheet_of_the_classes_asked_for(project, capsys):
    assert train("--conditional", "--out", "gan") == 0
    arguments = ["gan", "sample", "gan/epoch-001.safetensors", "--classes", "red", "0", "red", "--count", "4", "--out", "s.png"]
    assert main(arguments) == 0
    assert "wrote 8 images to s.png" in capsys.readouterr().out
    with Image.open("s.png") as sheet:
        assert sheet.size == (2 * 58 - 2, 4 * 58 - 2)


@pytest.mark.slow
def test_noise_is_part_of_the_condition(project, capsys):
    assert train("--network", "convolutional", "--conditional", "--noise", "paper", "--out", "gan") == 0
    card = json.loads((project / "gan" / "epoch-001.card.json").read_text())
    assert len(card["condition"]["noises"]) == 9
    sample = ["gan", "sample", "gan/epoch-001.safetensors", "--count", "1"]
    assert main([*sample, "--noise", "gaussian(sigma=30)", "--out", "noisy"]) == 0
    assert main([*sample, "--out", "clean"]) == 0
    noisy, clean = load_image_set("folder:noisy"), load_image_set("folder:clean")
    assert not np.array_equal(noisy[0], clean[0])
    assert main([*sample, "--noise", "gaussian(sigma=60)", "--out", "more"]) == 2
    assert "trained up to gaussian(sigma=50)" in capsys.readouterr().err
    assert not (project / "more").exists()


def test_without_a_condition_there_are_no_classes_to_ask_for(project, capsys):
    assert train("--out", "gan") == 0
    sample = ["gan", "sample", "gan/epoch-001.safetensors", "--count", "4"]
    assert main([*sample, "--out", "samples"]) == 0
    assert len(list((project / "samples" / "samples").iterdir())) == 4
    assert main([*sample, "--classes", "red", "--out", "other"]) == 2
    assert "was not told of classes" in capsys.readouterr().err


def test_the_folder_is_named_after_what_is_trained(project):
    assert train("--conditional", "--noise", "gaussian(sigma=5)", "--seed", "3") == 0
    (folder,) = (project / "runs").iterdir()
    assert folder.name == "gan-study-conditional-gaussian(sigma=5)-folder-images-seed3"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train"], "name the images with --data"),
        (["train", "--data", "folder:images", "--epochs", "0"], "at least one epoch, not 0"),
        (["train", "--data", "folder:images", "--seed", "-1"], "a seed lies between 0 and 2^64 - 1, not -1"),
        (["train", "--data", "folder:images", "--noise", "papers"], "unknown noise 'papers': did you mean 'paper'?"),
        (["train", "--data", "folder:images", "--noise", "clean"], "clean has no magnitude"),
        (["sample", "none.safetensors", "--out", "s.png"], "none.safetensors: no such generator"),
        (["sample", "study-gtsrb", "--out", "s.jpg"], "s.jpg: a sheet is written as PNG; name it s.png"),
        (["sample", "study-gtsrb", "--classes", "9" * 5000, "--out", "s.png"], "or a number from 0 to 42"),
        (["judge", "study-gtsrb", "--judge", "j", "--data", "folder:others", "--training", "folder:images"], "j: no such file"),
        (["judge", "g", "--judge", "j", "--data", "folder:others"], "folder:others has no training split: name the images"),
        (["judge", "g", "--judge", "j", "--data", "signs", "--training", "x"], "signs has a training split of its own"),
    ],
)
def test_what_cannot_be_done_is_refused(arguments, said, project, capsys):
    assert main(["gan", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert {path.name for path in project.iterdir()} - {"cache"} == {"images", "others"}
