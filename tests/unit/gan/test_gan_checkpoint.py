"""Generators on disk: what cannot be one is refused by name."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save_file

from robustness.errors import RobustnessError
from robustness.gan.checkpoint import load_generator, save_generator
from robustness.gan.condition import Condition
from robustness.gan.recipes import NETWORKS
from robustness.models.checkpoint import card_path, load_weights
from robustness.noise import PRESETS

CONDITION = Condition(("stop", "yield"), PRESETS["paper"])
CARD = {"network": "study", "condition": CONDITION.to_card()}


@pytest.fixture
def file(tmp_path):
    save_generator(tmp_path / "g.safetensors", NETWORKS["study"].generator(CONDITION), CARD)
    return tmp_path / "g.safetensors"


@pytest.mark.parametrize("network", NETWORKS)
def test_what_is_saved_is_loaded_as_float32(tmp_path, network):
    module = NETWORKS[network].generator(CONDITION).eval()
    save_generator(tmp_path / "g.safetensors", module, CARD | {"network": network})
    loaded = load_generator(tmp_path / "g.safetensors")
    assert loaded.condition == CONDITION
    asked = (torch.randn(4, 100), torch.tensor([0, 1, 0, 1]), torch.rand(4, 3))
    assert all(tensor.dtype in (torch.float32, torch.int64) for tensor in loaded.module.state_dict().values())
    assert torch.allclose(loaded.module(*asked), module(*asked), atol=5e-3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"network": "baseline-cnn"}, r"g\.card\.json: not the card of a generator"),
        ({"network": ["study"]}, r"g\.card\.json: not the card of a generator"),
        ({"network": "convolutional"}, r"g\.safetensors: weights and card do not belong together"),
        (
            {"condition": {"class_names": "stop" * 10_000, "noises": []}},
            r"g\.card\.json: the condition is a list of class names",
        ),
        (
            {"condition": {"class_names": ["x"] * 30_000, "noises": []}},
            r"g\.safetensors: weights and card do not belong together",
        ),
        ({"condition": None}, r"g\.safetensors: weights and card do not belong together"),
        ({"condition": {"class_names": ["stop"], "noises": []}}, r"g\.safetensors: weights and card do not belong together"),
        ({"condition": {"class_names": ["stop"], "noises": ["mist(a=1)"]}}, r"g\.card\.json: unknown noise 'mist'"),
        *(
            ({"losses": losses}, r"g\.card\.json: losses are a number for each epoch")
            for losses in (
                None,
                {"generator": [1.0]},
                {"generator": [1.0], "discriminator": []},
                {"generator": [float("nan")], "discriminator": [1.0]},
                {"generator": ["much"], "discriminator": [1.0]},
            )
        ),
    ],
)
def test_a_card_that_does_not_fit_is_refused(file, change, said):
    card_path(file).write_text(json.dumps(CARD | change))
    with pytest.raises(RobustnessError, match=said):
        load_generator(file)


def test_losses_come_with_the_generator_and_its_hash_speaks_of_weights_and_condition(file):
    assert load_generator(file).losses == {}
    losses = {"generator": [2.0, 1.5], "discriminator": [1.0, 0.5]}
    same = {**CARD, "losses": losses}
    card_path(file).write_text(json.dumps(same))
    loaded, again = load_generator(file), load_generator(file)
    assert loaded.losses == losses
    assert loaded.content_hash() == again.content_hash()
    card_path(file).write_text(json.dumps(CARD | {"condition": Condition(("go", "yield"), PRESETS["paper"]).to_card()}))
    assert load_generator(file).content_hash() != loaded.content_hash()
    with torch.no_grad():
        next(again.module.parameters())[0, 0] += 1
    assert again.content_hash() != loaded.content_hash()


def test_weights_without_a_card_are_refused(file):
    card_path(file).unlink()
    with pytest.raises(RobustnessError, match=r"g\.card\.json: not the card of a generator; copy it along"):
        load_generator(file)


def test_a_missing_or_damaged_file_is_refused(file):
    with pytest.raises(RobustnessError, match="no such generator"):
        load_generator(file.with_name("other.safetensors"))
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(RobustnessError, match=r"g\.safetensors: not a safetensors file"):
        load_generator(file)


def test_weights_of_whole_numbers_are_refused(file):
    state = load_weights(file)
    name = next(name for name, tensor in state.items() if tensor.is_floating_point())
    save_file(state | {name: state[name].int()}, file)
    with pytest.raises(RobustnessError, match=f"g.card.json: {name} is torch.int32, where the network has"):
        load_generator(file)
