"""The hash of a state dict: of quantized tensors, of tensors made of tensors, and of what is no tensor at all."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import pytest
import torch
from torch import nn

from robustness.data import Fit
from robustness.evaluation.identity import identify
from robustness.models.classifier import Classifier
from robustness.models.state import hash_state, holds_weights, is_lasting


def quantized(scale=0.1, zero=0, values=(1.0, 2.0), dtype=torch.qint8):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(torch.tensor(values), scale, zero, dtype)


def by_channel(scales):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_channel(torch.ones(2, 2), torch.tensor(scales), torch.tensor([0, 0]), 0, torch.qint8)


class Settings:
    def __init__(self, **values):
        self.__dict__.update(values)


class Pair(torch.Tensor):
    """A tensor made of two, as torchao's are."""

    steps: torch.Tensor
    scale: torch.Tensor
    settings: object

    @staticmethod
    def __new__(cls, steps, scale, settings=()):
        self: Any = torch.Tensor._make_wrapper_subclass(cls, steps.shape, dtype=torch.float32)
        self.steps, self.scale, self.settings = steps, scale, settings
        return self

    def __tensor_flatten__(self):
        return ["steps", "scale"], self.settings

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):  # type: ignore[override]
        if function is torch.ops.aten.detach.default:
            return args[0]
        raise NotImplementedError(function)


def pair(steps=(1, 2), scale=0.5, settings=()):
    return Pair(torch.tensor(steps, dtype=torch.int8), torch.tensor(scale), settings)


OTHERS = [
    [quantized(), quantized(scale=0.2), quantized(zero=1), quantized(values=(1.0, 2.1)), quantized(dtype=torch.quint8)],
    [by_channel([0.1, 0.2]), by_channel([0.2, 0.1]), by_channel([0.1, 0.1])],
    [pair(), pair(steps=(1, 3)), pair(scale=0.6), pair(settings=("by row",))],
    [(quantized(), torch.ones(1)), (quantized(), torch.zeros(1)), (quantized(), None), (quantized(),), [quantized(), 1]],
    [torch.qint8, torch.quint8, "torch.qint8", None, 1, 1.0, True, b"1", {"a": 1}, {"a": 2}, {"b": 1}, {1, 2}, {1}],
    [
        Settings(a=1),
        Settings(a=2),
        Settings(b=1),
        Settings(a=Settings(b=torch.ones(2))),
        Settings(a=Settings(b=torch.zeros(2))),
    ],
    [torch.eye(2).to_sparse(), (2 * torch.eye(2)).to_sparse(), torch.eye(2)],
]


@pytest.mark.parametrize("values", OTHERS, ids=range(len(OTHERS)))
def test_each_value_has_a_hash_of_its_own_and_a_copy_the_same(values):
    hashes = [hash_state({"extra": value}) for value in values]
    assert len(set(hashes)) == len(hashes)
    assert hashes == [hash_state({"extra": value}) for value in values]


def test_an_object_inside_itself_is_no_end():
    inner: list[object] = []
    loop = Settings(a=1, inner=inner)
    inner.append(loop)
    assert hash_state({"extra": loop}) != hash_state({"extra": Settings(a=1)})


def test_what_stays_while_a_network_runs():
    assert is_lasting((quantized(), None))
    assert is_lasting(torch.ones(()))
    assert not is_lasting(torch.ones((), dtype=torch.int64))
    assert not is_lasting({"calls": 3})
    assert holds_weights([torch.ones(2)])
    assert not holds_weights((torch.ones(2, dtype=torch.int8), "text"))


class WithState(nn.Linear):
    extra: object = None

    def get_extra_state(self):
        return self.extra


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(48, 16), nn.ReLU(), nn.Linear(16, 4)).eval()


def dynamic(seed=0):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = network(seed)
        quantization: Any = torch.ao.quantization
        return quantization.quantize_dynamic(net, {nn.Linear}, dtype=torch.qint8)


def static(seed=0):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantization: Any = torch.ao.quantization
        net = nn.Sequential(quantization.QuantStub(), network(seed), quantization.DeQuantStub()).eval()
        net.qconfig = quantization.get_default_qconfig(torch.backends.quantized.engine)
        prepared = quantization.prepare(net)
        prepared(torch.linspace(0, 1, 480).view(10, 3, 4, 4))
        return quantization.convert(prepared)


def with_state(seed=0):
    torch.manual_seed(0)
    linear = WithState(48, 4)
    linear.extra = {"table": torch.full((2,), float(seed)), "version": 3}
    return nn.Sequential(nn.Flatten(), linear)


@pytest.mark.parametrize("make", [dynamic, static, with_state], ids=lambda make: make.__name__)
def test_quantized_networks_and_extra_state_have_an_identity(make):
    one, same, other = (identify(Classifier("net", make(seed), Fit(4))) for seed in (0, 0, 1))
    assert one.digest == same.digest
    assert one.digest != other.digest


def test_a_copy_of_a_dynamically_quantized_network_is_the_same_one():
    net = dynamic()
    assert hash_state(net.state_dict()) == hash_state(copy.deepcopy(net).state_dict())
