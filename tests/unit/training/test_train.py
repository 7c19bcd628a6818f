from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
import torch
from torch import nn

from robustness.data import Fit
from robustness.errors import RobustnessError
from robustness.models.baseline_cnn import BaselineCNN
from robustness.models.checkpoint import load_card, load_weights
from robustness.models.classifier import Classifier
from robustness.models.state import hash_state
from robustness.training import fit as training_loop
from robustness.training.fit import accuracy
from robustness.training.recipes import Recipe
from robustness.training.resume import save_state
from robustness.training.train import train_network

FIT = Fit(8)
RECIPE = Recipe(learning_rate=0.003, batch_size=8, epochs=2)


def run(image_set, out, test_set=None, recipe=RECIPE, seed=0, command="robustness train"):
    return train_network("baseline-cnn", image_set, test_set, FIT, recipe, seed, out, command)


def test_weights_and_card_are_written_and_nothing_else(tmp_path, colours):
    card = run(colours, tmp_path / "new" / "net.safetensors", colours.take(range(9)))
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["net.card.json", "net.safetensors"]
    assert load_card(tmp_path / "new" / "net.safetensors") == card


def test_the_card_says_where_the_weights_come_from(tmp_path, colours):
    test_set = colours.take(range(0, len(colours), 5))
    card = run(colours, tmp_path / "net.safetensors", test_set, seed=6, command="robustness train --seed 6")
    network = BaselineCNN(3, FIT.size)
    network.load_state_dict(load_weights(tmp_path / "net.safetensors"))
    versions = card.pop("versions")
    assert set(versions) == {"python", "pytest-robustness", "torch", "torchvision", "numpy"}
    assert torch.__version__.startswith(versions["torch"])
    losses, validation_accuracies = card.pop("losses"), card.pop("validation_accuracies")
    assert len(losses) == len(validation_accuracies) == RECIPE.epochs
    assert card == {
        "network": "baseline-cnn",
        "start": "from scratch",
        "parameters": sum(tensor.numel() for tensor in load_weights(tmp_path / "net.safetensors").values()),
        "data": "colours",
        "data_hash": colours.content_hash,
        "images": 48,
        "fit": {"size": 8, "kind": "crop-or-pad"},
        "mean": [0.0, 0.0, 0.0],
        "std": [1.0, 1.0, 1.0],
        "noisy_validation_accuracies": [],
        "recipe": asdict(RECIPE),
        "seed": 6,
        "command": "robustness train --seed 6",
        "test_accuracy": accuracy(Classifier("net", network, FIT), test_set),
        "test_data_hash": test_set.content_hash,
        "class_names": ["red", "green", "blue"],
    }


def test_the_test_set_chooses_nothing(tmp_path, colours):
    for name, test_set in (("with", colours.take([0, 1])), ("without", None)):
        card = run(colours, tmp_path / f"{name}.safetensors", test_set)
        assert (card["test_accuracy"] is None) == (card["test_data_hash"] is None) == (name == "without")
    assert (tmp_path / "with.safetensors").read_bytes() == (tmp_path / "without.safetensors").read_bytes()


@pytest.mark.parametrize("augmentation", ["none", "study", "harden"])
def test_the_seed_alone_decides_the_weights(tmp_path, colours, augmentation):
    hashes = []
    for number, seed in enumerate((3, 3, 4)):
        torch.manual_seed(100 + number)
        out = tmp_path / f"{number}.safetensors"
        run(colours, out, recipe=replace(RECIPE, augmentation=augmentation), seed=seed)
        hashes.append(hash_state(load_weights(out)))
    assert hashes[0] == hashes[1] != hashes[2]


def test_an_interrupted_run_repeated_gives_the_same_files_and_cleans_up(tmp_path, monkeypatch, colours):
    expected = run(colours, tmp_path / "whole.safetensors")

    def save_then_stop(*arguments):
        save_state(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training_loop, "save_state", save_then_stop)
        with pytest.raises(KeyboardInterrupt):
            run(colours, tmp_path / "cut.safetensors")
    assert not (tmp_path / "cut.safetensors").exists()
    assert (tmp_path / "cut.resume").exists()
    assert run(colours, tmp_path / "cut.safetensors") == expected
    assert (tmp_path / "cut.safetensors").read_bytes() == (tmp_path / "whole.safetensors").read_bytes()
    assert not (tmp_path / "cut.resume").exists()


def test_a_diverging_training_leaves_the_former_weights_untouched(tmp_path, colours):
    out = tmp_path / "net.safetensors"
    run(colours, out)
    before = out.read_bytes(), out.with_suffix(".card.json").read_text()
    with pytest.raises(RobustnessError, match="the loss became"):
        run(colours, out, recipe=replace(RECIPE, learning_rate=1e30))
    assert (out.read_bytes(), out.with_suffix(".card.json").read_text()) == before


def test_the_card_is_plain_json_that_keeps_every_letter(tmp_path, colours):
    named = replace(colours, class_names=("rot", "grün", "蓝"))
    run(named, tmp_path / "net.safetensors")
    text = (tmp_path / "net.card.json").read_text(encoding="utf-8")
    assert "grün" in text
    assert json.loads(text)["class_names"] == ["rot", "grün", "蓝"]


def test_the_baseline_cnn_has_the_parameters_of_the_studys_network():
    network = BaselineCNN(43, 40)
    layers = [sum(parameter.numel() for parameter in layer.parameters()) for layer in network]
    assert [count for count in layers if count] == [448, 4640, 18496, 204928, 5547]
    assert sum(layers) == 234_059


@pytest.mark.parametrize(("classes", "size"), [(2, 8), (43, 40), (5, 50), (43, 75)])
def test_the_baseline_cnn_gives_a_logit_per_class_at_every_size(classes, size):
    network = BaselineCNN(classes, size)
    assert network(torch.rand(2, 3, size, size)).shape == (2, classes)
    assert network.state_dict()[f"{network.OUTPUT}.bias"].shape == (classes,)


def test_the_baseline_cnn_starts_with_glorot_weights_and_zero_biases():
    for layer in BaselineCNN(43, 40):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(layer.weight)
            bound = (6 / (fan_in + fan_out)) ** 0.5
            assert 0.95 * bound < layer.weight.abs().max() <= bound
            assert layer.bias is not None
            assert layer.bias.abs().max() == 0


def test_a_card_that_cannot_be_written_leaves_weights_and_card_as_they_were(tmp_path, colours, monkeypatch):
    out = tmp_path / "net.safetensors"
    run(colours, out)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(TypeError, match="not JSON serializable"):
        run(colours, out, seed=1, command=object())
    resume = out.with_suffix(".resume").name
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.name != resume} == before


def test_weights_that_only_the_last_step_broke_are_not_saved(tmp_path, colours):
    one_step = Recipe(learning_rate=1e30, batch_size=1000, epochs=1)
    with pytest.raises(RobustnessError, match="training diverged"):
        run(colours, tmp_path / "net.safetensors", recipe=one_step)
    assert not (tmp_path / "net.safetensors").exists()


def test_a_resume_file_that_is_none_is_named(tmp_path, colours):
    (tmp_path / "net.resume").write_bytes(b"junk")
    with pytest.raises(RobustnessError, match=r"net\.resume: not a training to resume"):
        run(colours, tmp_path / "net.safetensors")


@pytest.mark.parametrize(
    ("fine_tune", "trained", "changed"),
    [
        (0, "the last layer, on the frozen rest", {"12"}),
        (1, "the last block and the last layer, on the frozen rest", {"10", "12"}),
        (None, "all layers", {"0", "3", "6", "10", "12"}),
    ],
)
def test_a_trunk_that_others_trained_is_kept_as_far_as_asked(tmp_path, colours, fine_tune, trained, changed):
    run(colours, tmp_path / "begun.safetensors")
    card = train_network(
        *("baseline-cnn", colours, None, FIT, RECIPE, 0, tmp_path / "net.safetensors", "robustness train"),
        pretrained=str(tmp_path / "begun.safetensors"),
        fine_tune=fine_tune,
    )
    before, after = (load_weights(tmp_path / f"{name}.safetensors") for name in ("begun", "net"))
    assert {name.split(".")[0] for name in after if not torch.equal(after[name], before[name])} == changed
    assert (card["start"], card["trained"]) == ("begun.safetensors", trained)
    assert len(card["losses"]) == (0 if fine_tune == 0 else RECIPE.epochs)
    assert (card["recipe"] is None) == (fine_tune == 0)
