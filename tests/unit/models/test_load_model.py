"""From a declaration to a classifier."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import torch
from torch import nn

from robustness.data import Fit
from robustness.errors import RobustnessError
from robustness.models.baseline_cnn import BaselineCNN
from robustness.models.checkpoint import card_path, save_checkpoint
from robustness.models.classifier import Classifier, to_tensor
from robustness.models.declaration import ModelDeclaration, shipped_weights
from robustness.models.load import load_classifier, load_trained, wrap_module

SHIPPED = ModelDeclaration("cnn", "baseline-cnn", weights="gtsrb")
FACTORIES = """
from torch import nn

def flat():
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 2))

def nothing():
    return None

def a_class():
    return nn.Flatten

def ready():
    from robustness import Classifier, Fit
    return Classifier("ready", flat(), Fit(2))
"""
numbers = count()


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Declarations of factories in a module of the user's own."""
    module = f"own_models_{next(numbers)}"
    (tmp_path / f"{module}.py").write_text(FACTORIES)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield lambda factory, **more: ModelDeclaration("own", f"python:{module}:{factory}", **{"size": 2} | more)
    sys.modules.pop(module, None)


@pytest.fixture
def resized(tmp_path):
    """Weights of a built-in network that were trained on resized images of 16 pixels."""
    file = tmp_path / "net.safetensors"
    save_checkpoint(file, BaselineCNN(2, 16).state_dict(), {"fit": {"size": 16, "kind": "resize"}})
    return file


# Built in


@pytest.mark.parametrize(
    ("declared", "fit"),
    [
        ({}, Fit(16, "resize")),
        ({"size": 16}, Fit(16, "resize")),
        ({"fit": "crop-or-pad"}, Fit(16)),
        ({"size": 17, "fit": "resize"}, Fit(17, "resize")),
    ],
)
def test_weights_see_images_as_they_were_trained_where_nothing_else_is_declared(resized, declared, fit):
    model = load_classifier(ModelDeclaration("net", "baseline-cnn", str(resized), **declared))
    assert model.fit == fit


@pytest.mark.parametrize("kind", ["stretch", None, 3, ["resize"]])
def test_a_card_that_names_no_way_to_fit_is_refused(resized, kind):
    card_path(resized).write_text(json.dumps({"fit": {"size": 16, "kind": kind}}))
    with pytest.raises(RobustnessError, match="net.card.json: fit has a kind, crop-or-pad or resize, not "):
        load_classifier(ModelDeclaration("net", "baseline-cnn", str(resized)))


def test_shipped_weights_load():
    assert "gtsrb" in shipped_weights("baseline-cnn")
    model = load_classifier(SHIPPED)
    assert (model.name, model.fit, model.architecture) == ("cnn", Fit(40), "baseline-cnn")
    assert sum(parameter.numel() for parameter in model.module.parameters()) == 234_059
    assert model.class_names is not None
    assert len(model.class_names) == 43
    assert model.logits(to_tensor(np.zeros((2, 40, 40, 3), np.uint8))).shape == (2, 43)


def test_weights_come_at_the_size_they_were_trained_at():
    assert load_classifier(replace(SHIPPED, weights="gtsrb-28")).fit == Fit(28)
    assert load_classifier(replace(SHIPPED, weights="gtsrb-28", size=28)).fit == Fit(28)


def test_the_declarations_preprocessing_is_taken_over():
    model = load_classifier(replace(SHIPPED, fit="resize", mean=(0.5, 0.4, 0.3), std=(1.0, 2.0, 3.0)))
    assert (model.fit, model.mean, model.std) == (Fit(40, "resize"), (0.5, 0.4, 0.3), (1.0, 2.0, 3.0))


def test_weights_of_ones_own_are_found_from_the_base_folder(tmp_path):
    module = BaselineCNN(classes=5, size=16)
    save_checkpoint(tmp_path / "own" / "w.safetensors", module.state_dict(), {})
    model = load_classifier(replace(SHIPPED, weights="own/w.safetensors", size=16), tmp_path)
    assert model.class_names is None
    for name, tensor in module.state_dict().items():
        assert torch.equal(model.module.state_dict()[name].cpu(), tensor)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"load": "baseline-cn"}, "model cnn: unknown load 'baseline-cn': did you mean 'baseline-cnn'"),
        ({"load": "resnet"}, "unknown load 'resnet'"),
        ({"load": "fixture", "name": "my-net"}, "needs a pytest fixture 'my_net'"),
        ({"weights": None}, "model cnn: name its weights, a file or one of: .*gtsrb"),
        ({"weights": "gtsb"}, "no weights 'gtsb'.*did you mean 'gtsrb'"),
        ({"size": 48}, "the weights gtsrb do not fit"),
    ],
)
def test_a_declaration_that_cannot_be_met_is_refused(change, message):
    with pytest.raises(RobustnessError, match=message):
        load_classifier(replace(SHIPPED, **change))


def test_weights_that_are_garbage_are_refused(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"garbage" * 100)
    with pytest.raises(RobustnessError, match="not a safetensors file"):
        load_classifier(replace(SHIPPED, weights="w.safetensors"), tmp_path)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"other": torch.zeros(3)}, "holds no weights of baseline-cnn"),
        ({"12.bias": torch.zeros(43)}, "do not fit"),
        (BaselineCNN(43, 48).state_dict(), "do not fit"),
        (BaselineCNN(43).state_dict() | {"more": torch.zeros(1)}, "do not fit"),
    ],
    ids=["no output layer", "only a bias", "another size", "one too many"],
)
def test_weights_of_another_network_are_refused(tmp_path, state, message):
    save_checkpoint(tmp_path / "w.safetensors", state, {})
    with pytest.raises(RobustnessError, match=f"model cnn: .*{message}"):
        load_classifier(replace(SHIPPED, weights="w.safetensors"), tmp_path)


# The user's own


def test_a_factory_beside_the_thresholds_is_called(own, tmp_path):
    model = load_classifier(own("flat", mean=(0.5, 0.5, 0.5), fit="resize"), tmp_path)
    assert (model.name, model.fit, model.mean) == ("own", Fit(2, "resize"), (0.5, 0.5, 0.5))
    assert model.architecture is None
    assert model.logits(to_tensor(np.zeros((3, 2, 2, 3), np.uint8))).shape == (3, 2)


def test_a_factory_may_give_a_classifier(own, tmp_path):
    assert load_classifier(own("ready", size=None), tmp_path).name == "ready"


def test_a_factorys_weights_are_loaded(own, tmp_path):
    state = nn.Sequential(nn.Flatten(), nn.Linear(12, 2)).state_dict()
    save_checkpoint(tmp_path / "w.safetensors", state, {})
    model = load_classifier(own("flat", weights="w.safetensors"), tmp_path)
    assert all(torch.equal(model.module.state_dict()[name].cpu(), tensor) for name, tensor in state.items())


@pytest.mark.parametrize(
    ("factory", "change", "message"),
    [
        ("nothing", {}, "model own: python:.*:nothing gave NoneType, not an nn.Module"),
        ("a_class", {}, "gave type, not an nn.Module"),
        ("flat", {"size": None}, "model own: say which input it takes, for example size = 40"),
        ("flat", {"weights": "nowhere"}, "model own: no weights 'nowhere'"),
        ("flatt", {}, "has no attribute 'flatt'"),
    ],
)
def test_a_factory_that_gives_no_classifier_is_refused(own, tmp_path, factory, change, message):
    with pytest.raises(RobustnessError, match=message):
        load_classifier(own(factory, **change), tmp_path)


@pytest.mark.parametrize(
    ("load", "said"),
    [
        ("python:", "cannot read python:: write python:package.module:factory"),
        ("python:module", "cannot read python:module: write python:package.module:factory"),
        ("python::factory", "cannot read python::factory: write python:package.module:factory"),
        ("python:no_such_module_at_all:factory", "No module named 'no_such_module_at_all'"),
    ],
)
def test_a_factory_that_cannot_be_found_is_refused(own, tmp_path, load, said):
    with pytest.raises(RobustnessError, match=said):
        load_classifier(ModelDeclaration("own", load, size=2), tmp_path)


def test_a_factorys_weights_of_another_shape_are_refused(own, tmp_path):
    save_checkpoint(tmp_path / "w.safetensors", {"1.weight": torch.zeros(3, 3)}, {})
    with pytest.raises(RobustnessError, match=r"model own: the weights w\.safetensors do not fit"):
        load_classifier(own("flat", weights="w.safetensors"), tmp_path)


def test_a_classifier_is_left_as_it_is(tmp_path):
    ready = Classifier("ready", nn.Flatten(), Fit(2))
    assert wrap_module(ready, ModelDeclaration("own", "fixture"), tmp_path) is ready


def test_a_built_in_network_from_the_users_own_code_is_known_by_no_name(tmp_path):
    built_in = load_classifier(ModelDeclaration("net", "baseline-cnn", "signs"), tmp_path)
    declared = ModelDeclaration("own", "fixture", size=built_in.fit.size)
    assert wrap_module(built_in, declared, tmp_path).architecture is None


@pytest.mark.parametrize("names", ["5", '"abc"', "[1, 2]"])
def test_a_card_with_other_class_names_than_texts_is_refused(tmp_path, names):
    weights = tmp_path / "net.safetensors"
    save_checkpoint(weights, BaselineCNN(3, 8).state_dict(), {})
    weights.with_suffix(".card.json").write_text(f'{{"class_names": {names}}}')
    with pytest.raises(RobustnessError, match="class_names is a list of texts"):
        load_classifier(ModelDeclaration("net", "baseline-cnn", "net.safetensors", 8), tmp_path)


def test_a_relative_module_is_refused(tmp_path):
    (tmp_path / "own.py").write_text(FACTORIES)
    with pytest.raises(RobustnessError, match=r"python:\.own:flat: TypeError: .*relative import"):
        load_classifier(ModelDeclaration("own", "python:.own:flat", size=2), tmp_path)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"std": (0.25, 0.25, 0.25)}, r"trained with mean = \[0\.5, 0\.5, 0\.5\], as its card says; declare it so"),
        ({"mean": (0.5, 0.5, 0.5)}, r"trained with std = \[0\.25, 0\.25, 0\.25\], as its card says; declare it so"),
    ],
)
def test_weights_are_not_shown_another_normalisation_than_their_card_names(tmp_path, declared, said):
    file = tmp_path / "net.safetensors"
    save_checkpoint(file, BaselineCNN(3).state_dict(), {"mean": [0.5] * 3, "std": [0.25] * 3})
    declaration = ModelDeclaration("net", "baseline-cnn", weights=str(file))
    with pytest.raises(RobustnessError, match=said):
        load_classifier(replace(declaration, **declared))
    whole = replace(declaration, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    assert load_classifier(whole).mean == (0.5, 0.5, 0.5)


# Weights and cards from elsewhere

CARD = {"network": "baseline-cnn", "fit": {"size": 8, "kind": "resize"}, "mean": [0.0] * 3, "std": [1.0] * 3}


@pytest.fixture
def trained_file(tmp_path):
    """A trained network, as a file and its card."""
    save_checkpoint(tmp_path / "net.safetensors", BaselineCNN(2, 8).state_dict(), CARD)
    return tmp_path / "net.safetensors"


def test_a_trained_network_is_what_its_card_says(trained_file):
    assert load_trained(trained_file).fit == Fit(8, "resize")


@pytest.mark.parametrize(
    "change",
    [
        {"network": "exported:net.pt2"},
        {"network": 3},
        {"fit": {"size": 0, "kind": "resize"}},
        {"fit": {"size": True, "kind": "resize"}},
        {"fit": {"size": "8", "kind": "resize"}},
        {"fit": {"size": 10**9, "kind": "resize"}},
        {"fit": {"size": 8, "kind": "stretch"}},
        {"mean": [0.0, 0.0]},
        {"mean": ["a", "b", "c"]},
        {"std": [1.0, 1.0, 0.0]},
        {"std": [1.0, 1.0, float("nan")]},
    ],
)
def test_a_card_that_train_did_not_write_is_refused(trained_file, change):
    card_path(trained_file).write_text(json.dumps(CARD | change))
    with pytest.raises(RobustnessError, match=r"card\.json: not the card of a classifier that `robustness train` wrote"):
        load_trained(trained_file)


def test_a_card_from_before_it_told_the_normalisation_has_none(trained_file):
    card_path(trained_file).write_text(json.dumps({key: CARD[key] for key in CARD if key not in ("mean", "std")}))
    assert (load_trained(trained_file).mean, load_trained(trained_file).std) == ((0, 0, 0), (1, 1, 1))


def test_weights_or_a_card_that_are_not_there_are_told_apart(trained_file, tmp_path):
    with pytest.raises(RobustnessError, match=r"none\.safetensors: no such file"):
        load_trained(tmp_path / "none.safetensors")
    card_path(trained_file).unlink()
    with pytest.raises(RobustnessError, match="no card beside it that `robustness train` wrote"):
        load_trained(trained_file)


def test_a_card_names_no_code_to_run(trained_file, tmp_path, monkeypatch):
    (tmp_path / "hostile_card.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\ndef make(): ...\n")
    monkeypatch.chdir(tmp_path)
    card_path(trained_file).write_text(json.dumps(CARD | {"network": "python:hostile_card:make"}))
    with pytest.raises(RobustnessError, match="not the card of a classifier"):
        load_trained(trained_file)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("size", [0, -8, 2**40, "8", True])
def test_a_size_that_a_card_makes_up_is_refused(trained_file, size):
    card_path(trained_file).write_text(json.dumps(CARD | {"fit": {"size": size, "kind": "resize"}}))
    with pytest.raises(RobustnessError, match=r"net\.card\.json: fit has a size in pixels, 1 to 4096"):
        load_classifier(ModelDeclaration("net", "baseline-cnn", str(trained_file)))


@pytest.mark.parametrize("bias", [torch.tensor(2.0), torch.ones(0), torch.ones(1, 2)])
def test_a_last_layer_that_tells_no_classes_apart_is_refused(tmp_path, bias):
    save_checkpoint(tmp_path / "net.safetensors", BaselineCNN(2, 8).state_dict() | {"12.bias": bias}, {})
    with pytest.raises(RobustnessError, match="holds no weights of baseline-cnn"):
        load_classifier(ModelDeclaration("net", "baseline-cnn", str(tmp_path / "net.safetensors"), 8))


def test_complex_weights_are_refused_and_not_halved(tmp_path):
    state = {name: tensor.to(torch.complex64) for name, tensor in BaselineCNN(2, 8).state_dict().items()}
    save_checkpoint(tmp_path / "net.safetensors", state, {})
    with pytest.raises(RobustnessError, match=r"do not fit \(0\.weight is torch\.complex64"):
        load_classifier(ModelDeclaration("net", "baseline-cnn", str(tmp_path / "net.safetensors"), 8))


def test_a_size_that_the_network_cannot_take_is_refused(trained_file):
    with pytest.raises(RobustnessError, match="baseline-cnn takes images of 8 pixels and more, not 4"):
        load_classifier(ModelDeclaration("net", "baseline-cnn", str(trained_file), 4))
