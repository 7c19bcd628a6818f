"""A network's fingerprint: whatever changes what it computes changes it, and nothing else does."""

from __future__ import annotations

import copy
import subprocess
import sys
from functools import partial
from types import MethodType, SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrize
from torchvision import models

from robustness.models.declaration import ModelDeclaration
from robustness.models.fingerprint import fingerprint, lasting_fingerprint
from robustness.models.load import load_classifier
from robustness.models.state import hash_state


def scaled(images, by=2.0):
    return images * by


class Block(nn.Module):
    """A little of everything that a network may be made of."""

    mask: torch.Tensor

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3, padding=1, padding_mode="zeros")
        self.norm = nn.BatchNorm2d(4)
        self.activation = nn.ReLU()
        self.register_buffer("mask", torch.ones(4, 1, 1), persistent=False)
        self.scale, self.mode, self.then = 1.0, "mean", functional.relu
        self.heads = [nn.Linear(4, 2)]  # no part of the tree
        self.cache: dict[str, torch.Tensor] = {}

    @property
    def gain(self):
        return self.scale

    def pooled(self, images):
        return images.mean(dim=(2, 3))

    def forward(self, images):
        self.cache["mask"] = self.mask * 2
        images = functional.relu(self.activation(self.norm(self.convolution(images))) * self.mask) * self.gain
        return self.heads[0](self.then(self.pooled(scaled(images))))


def told(module):
    return fingerprint(module, hash_state(module.state_dict()))


@pytest.fixture
def block():
    torch.manual_seed(0)
    return Block().eval()


def patched(owner, name, value):
    def change(block, monkeypatch):
        monkeypatch.setattr(owner, name, value)

    return change


def changed(change):
    return lambda block, monkeypatch: change(block)


def halved(module, *_):
    return module.weight / 2


class Half(nn.Module):
    def forward(self, weight):
        return weight / 2


CHANGES = {
    "a pool before the activation": changed(
        lambda block: setattr(block, "activation", nn.Sequential(nn.AvgPool2d(1), nn.ReLU()))
    ),
    "an activation of another class": changed(lambda block: setattr(block, "activation", nn.GELU())),
    "a parametrization": changed(lambda block: parametrize.register_parametrization(block.convolution, "weight", Half())),
    "eps": changed(lambda block: setattr(block.norm, "eps", 0.1)),
    "momentum of none": changed(lambda block: setattr(block.norm, "track_running_stats", False)),
    "padding mode": changed(lambda block: setattr(block.convolution, "padding_mode", "reflect")),
    "stride": changed(lambda block: setattr(block.convolution, "stride", (2, 2))),
    "a weight": changed(lambda block: block.convolution.weight.data[0].mul_(1.001)),
    "a buffer": changed(lambda block: block.norm.running_mean.add_(1e-3)),
    "a buffer that no state dict has": changed(lambda block: block.mask.mul_(0.5)),
    "a weight of a part in a list": changed(lambda block: block.heads[0].weight.data.mul_(2)),
    "a part in a list": changed(lambda block: block.heads.__setitem__(0, nn.Linear(4, 2, bias=False))),
    "a number": changed(lambda block: setattr(block, "scale", 2.0)),
    "a text": changed(lambda block: setattr(block, "mode", "max")),
    "a function": changed(lambda block: setattr(block, "then", functional.silu)),
    "a partial function": changed(lambda block: setattr(block, "then", partial(functional.leaky_relu, negative_slope=0.5))),
    "a hook": changed(lambda block: block.norm.register_forward_hook(lambda module, inputs, output: -output)),
    "a hook before": changed(lambda block: block.norm.register_forward_pre_hook(lambda module, inputs: (inputs[0] * 2,))),
    "an own forward": changed(lambda block: setattr(block.norm, "forward", lambda images: images)),
    "an own forward that is bound": changed(lambda block: setattr(block.norm, "forward", MethodType(halved, block.norm))),
    "a patched class": patched(nn.ReLU, "forward", lambda self, images: images.sigmoid()),
    "a patched method": patched(Block, "pooled", lambda self, images: images.amax(dim=(2, 3))),
    "a patched property": patched(Block, "gain", property(lambda self: 3.0)),
    "a patched function of torch": patched(functional, "relu", functional.gelu),
    "a patched function below": patched(torch, "batch_norm", lambda images, *_: images),
    "a patched method of tensors": patched(torch.Tensor, "mean", lambda images, **_: images.amax(dim=(2, 3))),
    "a patched function of its file": patched(sys.modules[__name__], "scaled", lambda images: images * 3),
    "another default": lambda block, monkeypatch: monkeypatch.setattr(scaled, "__defaults__", (3.0,)),
    "a patched call": patched(nn.Module, "_call_impl", lambda self, *arguments: arguments[0]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_changes_a_network_changes_its_fingerprint(block, change, monkeypatch):
    before = told(block)
    change(block, monkeypatch)
    assert told(block) != before
    monkeypatch.undo()


def test_hooks_of_all_modules_change_it(block):
    before = told(block)
    hook = nn.modules.module.register_module_forward_hook(lambda module, inputs, output: output * 2)
    try:
        assert told(block) != before
    finally:
        hook.remove()
    assert told(block) == before


def test_it_stays_over_passes_copies_and_training_mode(block):
    before = told(block)
    block(torch.zeros(2, 3, 8, 8))
    assert told(block) == before
    assert told(copy.deepcopy(block)) == before
    assert told(block.train()) == before
    block.convolution.weight.requires_grad_(False)
    assert told(block) == before


def test_what_a_network_counts_and_keeps_is_no_part_of_the_lasting_one(block):
    block.register_buffer("calls", torch.zeros((), dtype=torch.int64))
    before, lasting = told(block), lasting_fingerprint(block)
    block.calls += 1
    block.last, block.calls_too = torch.ones(3), 5
    assert told(block) != before
    assert lasting_fingerprint(block) == lasting
    block.norm.running_mean += 1
    assert lasting_fingerprint(block) != lasting


@pytest.mark.parametrize("name", ["activation", "forward"])
def test_the_lasting_one_sees_parts_and_methods(block, name):
    before = lasting_fingerprint(block)
    setattr(block, name, nn.GELU())
    assert lasting_fingerprint(block) != before


def test_what_keeps_itself_ends():
    module = nn.Linear(2, 2)
    vars(module).update(me=SimpleNamespace(module=module), us=[module])
    assert told(module) == told(module)


FAMILIES = ["resnet18", "vit_b_32", "swin_t", "efficientnet_b0", "regnet_y_400mf", "convnext_tiny", "googlenet"]


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_known_networks_keep_theirs_over_a_pass(name):
    options = {"init_weights": False} if name == "googlenet" else {}
    module = models.get_model(name, weights=None, **options).eval()
    before = told(module)
    module(torch.zeros(1, 3, 224, 224))
    assert told(module) == before


ELSEWHERE = """
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
print(load_classifier(ModelDeclaration("net", "small-resnet", "signs")).fingerprint)
"""


@pytest.mark.slow
def test_it_is_the_same_in_another_process():
    here = load_classifier(ModelDeclaration("net", "small-resnet", "signs")).fingerprint
    run = subprocess.run([sys.executable, "-c", ELSEWHERE], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == here
