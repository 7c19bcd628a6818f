"""Weights and their card on disk."""

from __future__ import annotations

import pickle
import warnings

import pytest
import torch
from torch import nn

from robustness.errors import RobustnessError
from robustness.models import checkpoint
from robustness.models.checkpoint import card_path, fill, load_card, load_weights, save_checkpoint

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


# State dicts of torch.save


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_a_state_dict_is_read(tmp_path, suffix):
    torch.save(STATE, tmp_path / f"net{suffix}")
    loaded = load_weights(tmp_path / f"net{suffix}")
    assert loaded.keys() == STATE.keys()
    assert all(torch.equal(loaded[name], STATE[name]) for name in STATE)


class Payload:
    """Runs code when it is unpickled."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return (type(self.file).touch, (self.file,))


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    "write", [torch.save, lambda what, file, **how: file.write_bytes(pickle.dumps(what, how["pickle_protocol"]))]
)
def test_a_pickle_that_runs_code_is_refused_and_runs_none(tmp_path, write, protocol):
    write({"w": torch.ones(2), "more": Payload(tmp_path / "ran")}, tmp_path / "net.pt", pickle_protocol=protocol)
    with pytest.raises(
        RobustnessError, match=r"net\.pt: not a state dict of tensors alone; whatever else a pickle holds could run"
    ):
        load_weights(tmp_path / "net.pt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [[1, 2], {"w": 3}, {"model": 3}, {}, torch.ones(3)])
def test_what_is_no_state_dict_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "net.pt")
    with pytest.raises(RobustnessError, match=r"net\.pt: holds .*, not a state dict; save model\.state_dict\(\)"):
        load_weights(tmp_path / "net.pt")


@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: b"garbage" * 9, lambda content: content[:-30]])
def test_a_damaged_state_dict_is_refused(tmp_path, damage):
    torch.save(STATE, tmp_path / "whole.pt")
    (tmp_path / "net.pt").write_bytes(damage((tmp_path / "whole.pt").read_bytes()))
    with pytest.raises(RobustnessError, match=r"net\.pt: not a state dict"):
        load_weights(tmp_path / "net.pt")


def test_missing_state_dicts_are_refused(tmp_path):
    with pytest.raises(RobustnessError, match=r"net\.pt: no such weights"):
        load_weights(tmp_path / "net.pt")


def quantized(tensor):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(tensor, 0.1, 0, torch.qint8)


@pytest.mark.parametrize(
    "make", [quantized, torch.Tensor.to_sparse, lambda tensor: tensor.to("meta"), lambda tensor: tensor[:1].expand(10**12)]
)
def test_a_tensor_without_all_its_numbers_in_the_file_is_refused(tmp_path, make):
    torch.save({"w": make(torch.ones(3))}, tmp_path / "net.pt")
    with pytest.raises(RobustnessError, match=r"net\.pt: 'w' is not a plain tensor with all its numbers in the file"):
        load_weights(tmp_path / "net.pt")


@pytest.mark.parametrize("text", ["[" * 9000, '[["network", "baseline-cnn"]]', '""', "[]"])
def test_a_card_of_other_json_is_refused(path, text):
    save_checkpoint(path, STATE, CARD)
    card_path(path).write_text(text)
    with pytest.raises(RobustnessError, match=r"net\.card\.json: not a card in JSON"):
        load_card(path)


def test_a_folder_in_the_place_of_a_card_is_refused(path):
    card_path(path).mkdir(parents=True)
    with pytest.raises(RobustnessError, match=r"net\.card\.json: not a card"):
        load_card(path)


def test_a_network_is_built_only_once_its_shapes_fit():
    """The memory that weights ask for is not taken before they are found to be there."""
    with pytest.raises(RuntimeError, match="size mismatch"):
        fill(lambda: nn.Linear(10**7, 10**7), {"weight": torch.ones(1, 1), "bias": torch.ones(1)})


@pytest.mark.parametrize("dtype", [torch.int32, torch.bool, torch.complex64])
def test_numbers_of_another_kind_are_not_converted(dtype):
    with pytest.raises(RobustnessError, match=f"bias is {dtype}, where the network has torch.float32"):
        fill(lambda: nn.Linear(1, 1), {"weight": torch.ones(1, 1), "bias": torch.ones(1, dtype=dtype)})
