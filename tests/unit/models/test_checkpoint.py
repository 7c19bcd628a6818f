"""Weights and their card on disk."""

from __future__ import annotations

import pytest
import torch

from robustness.errors import RobustnessError
from robustness.models import checkpoint
from robustness.models.checkpoint import card_path, load_card, load_weights, save_checkpoint

STATE = {"w": torch.arange(6.0).view(2, 3), "b": torch.tensor([1, 2]), "half": torch.ones(2, dtype=torch.bfloat16)}
CARD = {"trained_on": "GTSRB", "class_names": ["Größe", "stop"], "seed": 2**63, "accuracy": 0.1}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "net.safetensors"


def test_weights_and_card_come_back(path):
    save_checkpoint(path, STATE, CARD)
    loaded = load_weights(path)
    assert loaded.keys() == STATE.keys()
    for name, tensor in STATE.items():
        assert torch.equal(loaded[name], tensor)
        assert loaded[name].dtype == tensor.dtype
    assert load_card(path) == CARD
    assert {file.name for file in path.parent.iterdir()} == {"net.safetensors", "net.card.json"}


def test_tensors_of_any_layout_and_with_gradients_are_saved(path):
    tensor = torch.arange(6.0, requires_grad=True)
    save_checkpoint(path, {"w": tensor.view(2, 3).t()}, {})
    assert load_weights(path)["w"].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_an_interrupted_write_leaves_what_stood_there(path, monkeypatch):
    save_checkpoint(path, STATE, CARD)

    def interrupted(state, file):
        file.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "save_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, {"w": torch.zeros(1)}, {})
    assert torch.equal(load_weights(path)["w"], STATE["w"])
    assert load_card(path) == CARD
    assert {file.name for file in path.parent.iterdir()} == {"net.safetensors", "net.card.json"}


def test_no_card_is_an_empty_card(path):
    assert load_card(path) == {}


@pytest.mark.parametrize("text", [b"", b"{", b"3", b"[1]", b"null", b"\xff\xfe"])
def test_a_broken_card_is_refused(path, text):
    save_checkpoint(path, STATE, CARD)
    card_path(path).write_bytes(text)
    with pytest.raises(RobustnessError, match=r"net\.card\.json: not a card in JSON"):
        load_card(path)


def test_missing_weights_are_refused(path):
    with pytest.raises(RobustnessError, match=r"net\.safetensors: no such weights; train them"):
        load_weights(path)


@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: b"garbage" * 9, lambda content: content[:-1]])
def test_a_file_that_is_no_safetensors_is_refused(path, damage):
    save_checkpoint(path, STATE, CARD)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(RobustnessError, match=r"net\.safetensors: not a safetensors file"):
        load_weights(path)
