"""One face for every classifier: what the module sees, and what the hash speaks of."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from robustness.data import Fit
from robustness.errors import RobustnessError
from robustness.models.classifier import Classifier, to_tensor
from robustness.models.state import hash_state

CHANNELS = st.tuples(*[st.floats(-2, 2)] * 3)
STDS = st.tuples(*[st.floats(0.1, 2)] * 3)


def small(**changes):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(12, 3), nn.BatchNorm1d(3))
    return replace(Classifier("net", module, Fit(2), architecture="small"), **changes)


@given(mean=CHANNELS, std=STDS, pixels=st.binary(min_size=24, max_size=24))
@settings(deadline=None)
def test_the_module_sees_pixels_over_255_less_mean_over_std(mean, std, pixels):
    images = np.frombuffer(pixels, np.uint8).reshape(2, 2, 2, 3)
    seen = Classifier("eye", nn.Identity(), Fit(2), mean, std).normalised(to_tensor(images)).cpu()
    wanted = (images.astype(np.float64) / 255 - np.array(mean)) / np.array(std)
    assert seen.dtype == torch.float32
    assert np.allclose(seen.numpy(), wanted.transpose(0, 3, 1, 2), rtol=1e-5, atol=1e-5)


@given(pixels=st.binary(min_size=24, max_size=24))
@settings(deadline=None)
def test_without_normalisation_the_module_sees_pixels_over_255(pixels):
    images = np.frombuffer(pixels, np.uint8).reshape(2, 2, 2, 3)
    seen = Classifier("eye", nn.Identity(), Fit(2)).normalised(to_tensor(images)).cpu().numpy()
    assert np.array_equal(seen.transpose(0, 2, 3, 1), images.astype(np.float32) / np.float32(255))


def test_the_images_are_not_changed():
    images = np.full((1, 2, 2, 3), 200, np.uint8)
    Classifier("eye", nn.Identity(), Fit(2), (0.5, 0.5, 0.5)).normalised(to_tensor(images))
    assert np.all(images == 200)


def test_the_module_sees_images_in_evaluation_mode_and_is_afterwards_as_its_owner_left_it():
    module = nn.Sequential(nn.Flatten(), nn.Linear(12, 3), nn.BatchNorm1d(3).eval(), nn.Dropout())
    seen = []
    module.register_forward_hook(lambda module, images, logits: seen.append([part.training for part in module.modules()]))
    logits = Classifier("net", module, Fit(2)).logits(to_tensor(np.zeros((1, 2, 2, 3), np.uint8)))
    assert seen == [[False] * 5]
    assert [part.training for part in module.modules()] == [True, True, True, False, True]
    assert not logits.requires_grad


# Where it runs


def convolution():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


def test_a_module_that_is_in_place_is_used_itself(exact_arithmetic):
    module = convolution()
    model = Classifier("net", module, Fit(4))
    assert module is model.module is replace(model, mean=(0.5, 0.5, 0.5)).module


@pytest.mark.parametrize("where", [{"device": torch.device("meta")}, {"layout": torch.channels_last}], ids=str)
def test_a_module_that_is_elsewhere_is_copied_once_and_left_where_it_is(where, exact_arithmetic):
    module = convolution()
    weights = {name: (id(tensor), tensor.device, tensor.stride()) for name, tensor in module.named_parameters()}
    model = Classifier("net", module, Fit(4), **where)
    assert {name: (id(tensor), tensor.device, tensor.stride()) for name, tensor in module.named_parameters()} == weights
    assert module.training
    assert all(tensor.device == model.device for tensor in model.module.state_dict().values())
    assert model.module.get_parameter("0.weight").is_contiguous(memory_format=model.layout)
    assert replace(model, mean=(0.5, 0.5, 0.5)).module is model.module
    assert model.given is module


def test_a_module_that_is_elsewhere_and_cannot_be_copied_says_what_to_do(exact_arithmetic):
    module = convolution()
    module.lock = threading.Lock()
    assert Classifier("net", module, Fit(4)).module is module
    with pytest.raises(RobustnessError, match=r"^net: .*cannot pickle.*; give it a __deepcopy__, or bring it to meta in .*$"):
        Classifier("net", module, Fit(4), device=torch.device("meta"))


def test_the_device_is_the_one_it_was_built_for(exact_arithmetic, monkeypatch):
    model = Classifier("eye", nn.Identity(), Fit(2))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert model.device == torch.device("cpu")


def test_hash_is_the_same_for_the_same_content():
    assert small().content_hash() == small().content_hash()


@pytest.mark.parametrize(
    "change",
    [
        {"fit": Fit(3)},
        {"fit": Fit(2, "resize")},
        {"mean": (0.0, 0.0, 0.1)},
        {"std": (1.0, 1.0, 0.9)},
        {"architecture": None},
        {"architecture": "other"},
    ],
    ids=str,
)
def test_hash_changes_with_preprocessing_and_architecture(change):
    assert small(**change).content_hash() != small().content_hash()


@pytest.mark.parametrize("name", list(small().module.state_dict()))
def test_hash_changes_with_every_weight_and_buffer(name):
    changed = small()
    tensor = changed.module.state_dict()[name]
    tensor.view(-1)[-1] += 1
    assert changed.content_hash() != small().content_hash()


def test_hash_stays_when_names_change():
    assert small(name="other", class_names=("a", "b", "c")).content_hash() == small().content_hash()


def test_state_hash_tells_names_types_and_shapes_apart():
    zeros = torch.zeros(2, 2)
    states = [
        {"a": zeros},
        {"b": zeros},
        {"a": zeros.view(4)},
        {"a": zeros.int()},
        {"a": zeros, "b": torch.zeros(0)},
        {"a": zeros.bfloat16()},
        {},
    ]
    assert len({hash_state(state) for state in states}) == len(states)


def test_state_hash_takes_any_order_and_memory_layout():
    tensor = torch.arange(6.0).view(2, 3)
    one = {"a": tensor, "b": torch.tensor(1)}
    other = {"b": torch.tensor(1), "a": tensor.t().contiguous().t()}
    assert hash_state(one) == hash_state(other)


def test_state_hash_is_frozen():
    """Results of past releases stay reachable only while it is."""
    wanted = hashlib.sha256(b"w|torch.float32|(2,)|" + np.array([1, 2], "<f4").tobytes()).hexdigest()
    assert hash_state({"w": torch.tensor([1.0, 2.0])}) == wanted
