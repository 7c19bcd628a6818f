"""Checkpoints as trainers write them: read without running code, or refused by the key that could be another."""

from __future__ import annotations

import argparse
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel

from robustness.errors import RobustnessError
from robustness.models.checkpoint import load_weights
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier, wrap_module
from robustness.models.weight_names import for_network


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten())
        self.head = nn.Linear(16, 3)

    def forward(self, images):
        return self.head(self.body(images))


class Metric:
    """A class of a trainer's, which is not there when the file is read."""


def net(fill=1.0):
    made = Net()
    for parameter in made.parameters():
        nn.init.constant_(parameter, fill)
    return made


def prefixed(prefix, state=None):
    return OrderedDict((f"{prefix}{name}", tensor) for name, tensor in (state or net().state_dict()).items())


def lightning():
    """As its Trainer writes it, with a metric and a loss beside the network."""
    state = prefixed("model.") | {"criterion.weight": torch.ones(3), "train_accuracy.tp": torch.zeros(3)}
    return {
        "epoch": 3,
        "global_step": 100,
        "pytorch-lightning_version": "2.6.6",
        "state_dict": state,
        "callbacks": {"ModelCheckpoint{'monitor': 'loss'}": {"best_model_score": torch.tensor(0.1), "best": Metric()}},
        "optimizer_states": [torch.optim.SGD(net().parameters(), lr=0.1, momentum=0.9).state_dict()],
        "hyper_parameters": {"lr": 0.1, "augment": Metric(), "path": Path("data")},
    }


def timm():
    args = argparse.Namespace(model="net", lr=0.1, img_size=None)
    return {"epoch": 1, "arch": "net", "state_dict": net().state_dict(), "args": args, "version": 2, "metric": np.float64(0.5)}


def torchvision_reference():
    optimizer = torch.optim.SGD(net().parameters(), lr=0.1)
    content = {"model": net().state_dict(), "optimizer": optimizer.state_dict(), "epoch": 9, "args": argparse.Namespace()}
    return content | {"lr_scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 1).state_dict()}


FILES = {
    "plain": lambda: net().state_dict(),
    "lightning": lightning,
    "timm": timm,
    "torchvision's reference": torchvision_reference,
    "model_state_dict": lambda: {"model_state_dict": net().state_dict(), "loss": 0.1},
    "ema alone": lambda: {"ema": net().state_dict(), "model": None},
    "data parallel": lambda: nn.DataParallel(net()).state_dict(),
    "averaged": lambda: AveragedModel(net()).state_dict(),
    "compiled": lambda: prefixed("_orig_mod."),
    "compiled, data parallel, in a trainer": lambda: {"state_dict": prefixed("model._orig_mod.module.")},
    "network": lambda: prefixed("network."),
}
SUFFIXES = [".pt", ".pth", ".ckpt", ".bin", ".pth.tar", ".weights", ""]


@pytest.fixture
def load(tmp_path):
    def load(file, **more):
        return wrap_module(Net(), ModelDeclaration("net", "fixture", str(file), 4, **more), tmp_path).module.state_dict()

    return load


def same(state, fill=1.0):
    wanted = net(fill).state_dict()
    return state.keys() == wanted.keys() and all(torch.equal(state[name].cpu(), wanted[name]) for name in wanted)


@pytest.mark.parametrize("make", FILES.values(), ids=FILES.keys())
def test_a_trainers_file_is_read(make, load, tmp_path):
    torch.save(make(), tmp_path / "best.ckpt")
    assert same(load(tmp_path / "best.ckpt"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_suffix_says_nothing(suffix, load, tmp_path):
    torch.save(timm(), tmp_path / f"torch{suffix}")
    save_file(net(2.0).state_dict(), tmp_path / f"safe{suffix}")
    assert same(load(tmp_path / f"torch{suffix}"))
    assert same(load(tmp_path / f"safe{suffix}"), fill=2.0)


def test_prefixes_are_left_out_of_safetensors_too(load, tmp_path):
    save_file(dict(prefixed("model._orig_mod.")), tmp_path / "model.safetensors")
    assert same(load(tmp_path / "model.safetensors"))


def test_which_of_several_state_dicts_is_for_the_user_to_say(load, tmp_path):
    """The averaged weights are other ones, and a gate that took either would speak of a network that may not be shipped."""
    content = timm() | {"state_dict_ema": net(2.0).state_dict()}
    torch.save(content, tmp_path / "last.pth.tar")
    with pytest.raises(RobustnessError, match="2 state dicts; it has state_dict, state_dict_ema: say which with weights_key"):
        load(tmp_path / "last.pth.tar")
    assert same(load(tmp_path / "last.pth.tar", weights_key="state_dict"))
    assert same(load(tmp_path / "last.pth.tar", weights_key="state_dict_ema"), fill=2.0)
    with pytest.raises(RobustnessError, match="holds no state dict 'ema'; it has state_dict, state_dict_ema"):
        load(tmp_path / "last.pth.tar", weights_key="ema")


def test_two_networks_in_one_state_dict_are_refused(load, tmp_path):
    torch.save({"state_dict": prefixed("model.") | prefixed("teacher.", net(2.0).state_dict())}, tmp_path / "net.ckpt")
    with pytest.raises(RobustnessError, match=r"net\.ckpt: holds some weights twice, under 'model\.', 'teacher\.' before"):
        load(tmp_path / "net.ckpt")
    torch.save(net().state_dict() | prefixed("module."), tmp_path / "net.ckpt")
    with pytest.raises(RobustnessError, match=r"net\.ckpt: holds some weights twice, under no prefix, 'module\.' before"):
        load(tmp_path / "net.ckpt")


def test_a_network_under_another_name_is_refused_with_what_is_missing(load, tmp_path):
    torch.save(prefixed("teacher."), tmp_path / "net.pt")
    with pytest.raises(RobustnessError, match=r"the weights .* do not fit .*Missing key.*body\.0\.weight"):
        load(tmp_path / "net.pt")


def test_names_that_begin_like_a_wrapper_s_stay_a_networks_own():
    state = {"model.0.weight": torch.ones(1), "model.0.bias": torch.ones(1)}
    assert for_network(state, list(state), "file") == state
    assert for_network(prefixed("module.", state), list(state), "file").keys() == state.keys()


def test_a_whole_module_is_refused_by_its_class(load, tmp_path):
    torch.save(net(), tmp_path / "net.pt")
    with pytest.raises(
        RobustnessError, match=r"net\.pt: (holds a whole .*Net, which is code|not a state dict of tensors alone)"
    ):
        load(tmp_path / "net.pt")


class Payload:
    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return (type(self.file).touch, (self.file,))


@pytest.mark.parametrize("protocol", [2, 4])
def test_code_beside_a_state_dict_does_not_run(load, tmp_path, protocol):
    content = {"state_dict": net().state_dict(), "more": Payload(tmp_path / "ran")}
    torch.save(content, tmp_path / "net.pt", pickle_protocol=protocol)
    with pytest.raises(RobustnessError, match=r"net\.pt: not a state dict of tensors alone"):
        load(tmp_path / "net.pt")
    assert not (tmp_path / "ran").exists()


def test_code_that_makes_a_weight_does_not_run(tmp_path):
    torch.save({"state_dict": {"w": Payload(tmp_path / "ran")}}, tmp_path / "net.pt")
    with pytest.raises(RobustnessError, match=r"net\.pt: "):
        load_weights(tmp_path / "net.pt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n",
            "is a pointer of Git LFS, not the file itself: run",
        ),
        (
            b"\n<!DOCTYPE html><html><head>Sign in</head></html>",
            "is an HTML page, as a server gives that wants a login: download",
        ),
    ],
)
@pytest.mark.parametrize("name", ["net.safetensors", "net.pt", "net.ckpt"])
def test_what_came_in_place_of_a_file_is_called_that(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RobustnessError, match=f"{name}: {said}"):
        load_weights(tmp_path / name)


def test_programs_are_called_that(tmp_path):
    module = net().eval()
    torch.export.save(torch.export.export(module, (torch.zeros(1, 3, 4, 4),)), tmp_path / "net.pt2")
    with pytest.raises(RobustnessError, match=r'net\.pt2: holds a program, not weights: declare load = "exported:FILE"'):
        load_weights(tmp_path / "net.pt2")


def test_a_key_of_one_state_dict_is_refused(tmp_path):
    save_file(net().state_dict(), tmp_path / "net.safetensors")
    with pytest.raises(RobustnessError, match="is one state dict, not several; name no weights_key"):
        load_weights(tmp_path / "net.safetensors", "model")


def test_results_of_one_state_dict_are_not_those_of_another(tmp_path):
    """The file is the same one."""
    from robustness.models.baseline_cnn import BaselineCNN

    one, other = (BaselineCNN(3, 8).state_dict() for _ in range(2))
    torch.save({"model": one, "model_ema": other}, tmp_path / "net.pt")
    keys = [
        load_classifier(ModelDeclaration("net", "baseline-cnn", "net.pt", 8, weights_key=key), tmp_path).file_key()
        for key in ("model", "model_ema")
    ]
    assert keys[0] != keys[1]


def test_a_pickle_alone_is_refused(tmp_path):
    (tmp_path / "net.bin").write_bytes(pickle.dumps({"w": Metric()}))
    with pytest.raises(RobustnessError, match=r"net\.bin: not a state dict of tensors alone"):
        load_weights(tmp_path / "net.bin")
