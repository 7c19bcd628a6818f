"""What a file says of its input and outputs, before and beside its runtime; TorchScript, whose runtime is torch."""

from __future__ import annotations

import json
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from robustness.data import Fit
from robustness.errors import RobustnessError
from robustness.evaluation.identity import identify
from robustness.models import transformers_network
from robustness.models.declaration import IN_FILES, ModelDeclaration, meant_by
from robustness.models.file_network import Feed, FileNetwork, chosen_output, is_channels_last, quantized
from robustness.models.fingerprint import foreign_code
from robustness.models.load import FILES, load_classifier
from robustness.models.transformers_network import class_names_in, load_transformers

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n"
FILE = Path("net.file")


def test_each_form_of_a_file_has_a_loader():
    assert {*IN_FILES} == {*FILES}


@pytest.mark.parametrize("scheme", ["exported", "onnx", "torchscript"])
@pytest.mark.parametrize(("content", "said"), [(None, "no such file"), (POINTER, "is a pointer of Git LFS, not")])
def test_what_is_missing_or_stands_in_for_a_file_is_called_that(tmp_path, scheme, content, said):
    if content is not None:
        (tmp_path / "net.bin").write_bytes(content)
    with pytest.raises(RobustnessError, match=rf"model net: .*net\.bin: {said}"):
        load_classifier(ModelDeclaration("net", f"{scheme}:net.bin", size=8), tmp_path)


@pytest.mark.parametrize(
    ("shape", "last"),
    [
        ((None, 3, 8, 8), False),
        ((1, 8, 8, 3), True),
        ((None, None, None, 3), True),
        ((None, None, None, None), False),
        (("N", 3, "H", "W"), False),
    ],
)
def test_the_order_of_dimensions_is_read_from_their_lengths(shape, last):
    assert is_channels_last(FILE, shape, Fit(8)) is last


@pytest.mark.parametrize("shape", [(None, 1, 8, 8), (None, 3, 9, 8), (None, 192), (), (None, 8, 3, 8)])
def test_other_lengths_are_refused_with_both_shapes(shape):
    with pytest.raises(RobustnessError, match=r"neither \(N, 3, 8, 8\) nor \(N, 8, 8, 3\): declare the size and channels"):
        is_channels_last(FILE, shape, Fit(8))


def test_a_wide_input_is_not_turned():
    assert is_channels_last(FILE, (None, 1, 8, 16), Fit((8, 16), channels=1)) is False
    assert is_channels_last(FILE, (None, 8, 16, 1), Fit((8, 16), channels=1)) is True


def test_one_of_several_outputs_is_named():
    assert chosen_output(FILE, ["a"], None) == chosen_output(FILE, ["a"], "probabilities") == 0
    assert chosen_output(FILE, ["a", "logits"], "logits") == 1
    with pytest.raises(RobustnessError, match='gives a, b: say which are the logits, such as output = "a"'):
        chosen_output(FILE, ["a", "b"], "logits")
    with pytest.raises(RobustnessError, match="has no output 'c': valid: a, b"):
        chosen_output(FILE, ["a", "b"], "c")
    with pytest.raises(RobustnessError, match="gives nothing: say which"):
        chosen_output(FILE, [], None)


def test_steps_are_rounded_half_away_from_zero_and_cut_off():
    steps = quantized(np.array([0.0, 0.05, -0.05, 0.1, 100, -100]), 0.1, 3, np.int8)
    assert steps.tolist() == [3, 4, 2, 4, 127, -128]
    assert steps.dtype == np.int8
    pixels = np.arange(256) / 255
    assert (quantized(pixels, 1 / 255, 0, np.uint8) == np.arange(256)).all()


class Sums(FileNetwork):
    """Gives each image's sum, and remembers what it was fed."""

    def __init__(self, feed):
        super().__init__(feed)
        self.fed = []

    def run(self, images):
        self.fed.append((images.shape, images.dtype))
        return images.reshape(len(images), -1).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("count", [1, 3, 4, 9])
def test_batches_of_a_fixed_length_are_filled_up_and_cut_again(count):
    network = Sums(Feed(length=4, channels_last=True))
    batch = torch.rand(count, 3, 8, 6)
    assert torch.allclose(network(batch)[:, 0], batch.sum(dim=(1, 2, 3)), rtol=1e-4)
    assert network.fed == [((4, 8, 6, 3), np.float32)] * -(-count // 4)


# TorchScript


class Net(nn.Module):
    def __init__(self, shift=0.0):
        super().__init__()
        self.head = nn.Linear(48, 3)
        self.drop = nn.Dropout(0.5)
        nn.init.constant_(self.head.bias, shift)

    def forward(self, images):
        return self.drop(self.head(images.flatten(1)))


def script(file, shift=0.0, dtype=torch.float32):
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(Net(shift).to(dtype)), str(file))


@pytest.fixture
def load(tmp_path):
    return lambda **more: load_classifier(ModelDeclaration("net", "torchscript:net.pt", size=4, **more), tmp_path)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.float64])
@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_a_program_says_what_its_module_says_in_evaluation_mode(tmp_path, load, dtype):
    script(tmp_path / "net.pt", dtype=dtype)
    torch.manual_seed(0)
    module = Net().to(dtype).eval()
    images = torch.arange(96, dtype=torch.uint8).view(2, 3, 4, 4)
    fed = (images.double() / 255 if dtype is torch.float64 else images.float() / 255).to(dtype)
    with torch.inference_mode():
        assert torch.equal(load().logits(images).cpu(), module(fed))


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_a_program_is_kept_by_its_content(tmp_path, load):
    hashes = []
    for shift in (0.0, 0.0, 1.0):
        script(tmp_path / "net.pt", shift)
        classifier = load()
        assert identify(classifier).is_hashable
        assert foreign_code(classifier.module) == []
        hashes.append(identify(classifier).digest)
    assert hashes[0] != hashes[2]
    copy = pickle.loads(pickle.dumps(classifier.module))
    images = torch.zeros(1, 3, 4, 4)
    assert torch.equal(copy(images), classifier.module(images))


@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + bytes(50), b"text"])
def test_what_is_no_program_is_refused(tmp_path, load, content):
    (tmp_path / "net.pt").write_bytes(content)
    with pytest.raises(RobustnessError, match=r"net\.pt: not a program that torch\.jit\.save wrote"):
        load()


# Hugging Face, as far as it needs no library


def test_a_folder_without_a_network_is_refused_before_the_library_is_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(transformers_network, "import_extra", lambda *names: None)
    with pytest.raises(RobustnessError, match="none: no such folder"):
        load_transformers(tmp_path / "none", Fit(8))
    with pytest.raises(RobustnessError, match=r"config\.json: no such file; save_pretrained writes it"):
        load_transformers(tmp_path, Fit(8))
    (tmp_path / "config.json").write_text(json.dumps({"auto_map": {"AutoModel": "code.Net"}}))
    (tmp_path / "model.safetensors").write_bytes(POINTER)
    with pytest.raises(RobustnessError, match=r"model\.safetensors: is a pointer of Git LFS"):
        load_transformers(tmp_path, Fit(8))
    (tmp_path / "model.safetensors").write_bytes(b"x")
    with pytest.raises(RobustnessError, match="auto_map names code that comes with the network, which is never run"):
        load_transformers(tmp_path, Fit(8))


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ({"0": "cat", "1": "dog"}, ("cat", "dog")),
        ({"1": "dog", "0": "cat"}, ("cat", "dog")),
        ({"0": "LABEL_0", "1": "LABEL_1"}, None),
        ({"0": "cat", "2": "dog"}, None),
        (None, None),
    ],
)
def test_class_names_are_read_in_the_order_of_the_logits(tmp_path, labels, names):
    (tmp_path / "config.json").write_text(json.dumps({"id2label": labels}))
    assert class_names_in(tmp_path) == names


# Words


@pytest.mark.parametrize(
    ("load", "meant"),
    [
        ("net.onnx", "did you mean 'onnx:net.onnx'?"),
        ("out/net.PT2", "did you mean 'exported:out/net.PT2'?"),
        ("net.tflite", "did you mean 'litert:net.tflite'?"),
        ("net.xml", "did you mean 'openvino:net.xml'?"),
        ("net.keras", "did you mean 'keras:net.keras'?"),
        ("net.pth", "a file of weights goes into weights = 'net.pth', beside a load that says which network it is of"),
        ("baselin-cnn", "did you mean 'baseline-cnn'?"),
    ],
)
def test_a_file_s_name_is_told_how_it_is_loaded(load, meant):
    assert meant_by(load) == meant
