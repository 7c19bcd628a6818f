"""What cannot be trained, or not be put back, is said in one line before any training."""

from __future__ import annotations

from dataclasses import replace

import halves
import pytest
import torch

from robustness.errors import RobustnessError
from robustness.gate.workbench import Workbench
from robustness.hardening.trainable import check_is_trainable, put_back, to_train
from robustness.kinds import read_thresholds
from robustness.models.checkpoint import load_card
from robustness.models.declaration import IN_FILES, ModelDeclaration
from robustness.models.state import hash_state


@pytest.mark.parametrize("scheme", IN_FILES)
def test_finished_files_are_refused_with_what_to_do(scheme):
    with pytest.raises(RobustnessError, match=f"model net: {scheme}net.file is a finished file.*export it again"):
        check_is_trainable(ModelDeclaration("net", f"{scheme}net.file", size=8))


def test_a_fixture_and_probabilities_are_refused():
    with pytest.raises(RobustnessError, match='lives in a pytest fixture.*load = "python:'):
        check_is_trainable(ModelDeclaration("net", "fixture", size=8))
    for output in ("probabilities", "sigmoid"):
        with pytest.raises(RobustnessError, match="declare the network without its last step"):
            check_is_trainable(ModelDeclaration("net", "python:a:b", size=8, output=output))


@pytest.mark.parametrize(
    "load", ["python:package.module:factory", "torchvision:resnet18", "timm:resnet18", "baseline-cnn", "small-resnet"]
)
def test_what_is_torch_is_taken(load):
    check_is_trainable(ModelDeclaration("net", load, size=8))


def loaded(project, factory):
    model = halves.MODEL.replace("fragile", factory)
    thresholds = read_thresholds(halves.write_thresholds(project / f"{factory}.toml", model))
    with Workbench(thresholds) as bench:
        return bench.load("halves"), thresholds.models["halves"]


def test_a_copy_is_trained_and_the_model_stays_what_it_was(project):
    classifier, declaration = loaded(project, "fragile")
    trained = to_train(classifier, declaration, project)
    before = hash_state(classifier.module.state_dict())
    with torch.no_grad():
        next(trained.module.parameters()).add_(1)
    assert hash_state(classifier.module.state_dict()) == before


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("refreshed", "with its own weights from a file is another network than without"),
        ("classifier", "cannot be put back: model halves: python:halves_to_harden:classifier gave a Classifier"),
    ],
)
def test_weights_that_cannot_be_put_back_are_found_before_anything_is_trained(project, factory, said):
    classifier, declaration = loaded(project, factory)
    with pytest.raises(RobustnessError, match=said):
        to_train(classifier, declaration, project)


def test_nothing_to_train_is_said(project):
    classifier, declaration = loaded(project, "fragile")
    classifier.module.requires_grad_(False)
    with pytest.raises(RobustnessError, match="no weights that ask for a gradient"):
        to_train(classifier, declaration, project)


def test_what_is_written_is_what_is_loaded(project, tmp_path):
    """Tied weights too, which lie in the same memory."""
    classifier, declaration = loaded(project, "fragile")
    classifier.module[1].weight.data = classifier.module[1].weight.data.t().contiguous().t()
    again = put_back(classifier, declaration, project, tmp_path / "net.safetensors", {"seed": 3})
    assert hash_state(again.module.state_dict()) == hash_state(classifier.module.state_dict())
    card = load_card(tmp_path / "net.safetensors")
    assert (card["seed"], card["mean"], card["std"]) == (3, [0, 0, 0], [1, 1, 1])


def test_weights_take_the_place_of_others_and_of_their_key(project, tmp_path):
    classifier, declaration = loaded(project, "fragile")
    former = replace(declaration, weights="former.ckpt", weights_key="state_dict_ema")
    again = put_back(classifier, former, project, tmp_path / "net.safetensors", {})
    assert hash_state(again.module.state_dict()) == hash_state(classifier.module.state_dict())
