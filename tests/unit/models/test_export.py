"""Networks written as files, and measured from there."""

from __future__ import annotations

import sys

import pytest
import torch
from exports import written
from torch import nn

from robustness.data import Fit
from robustness.errors import RobustnessError
from robustness.models.classifier import Classifier
from robustness.models.declaration import ModelDeclaration
from robustness.models.export import CLOSE, FORMATS, export_network
from robustness.models.load import load_classifier


def small():
    layers = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 5)
    return Classifier("net", nn.Sequential(*layers), Fit(8), layout=torch.channels_last)


@pytest.mark.parametrize("form", FORMATS)
def test_a_factorys_network_takes_any_number_of_images(form, tmp_path, monkeypatch):
    (tmp_path / "own_to_export.py").write_text(
        "from torch import nn\n\ndef make():\n"
        "    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 5))\n"
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    source = load_classifier(
        ModelDeclaration("own", "python:own_to_export:make", None, 12, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4)), tmp_path
    )
    shipped = written(source, form, tmp_path)
    for count in (1, 2, 3, 300):
        images = torch.randint(0, 256, (count, 3, 12, 12), dtype=torch.uint8)
        assert torch.allclose(shipped.logits(images), source.logits(images), atol=CLOSE)
    sys.modules.pop("own_to_export", None)


@pytest.mark.parametrize("form", FORMATS)
def test_the_network_is_left_where_it_is(form, tmp_path):
    source = small()
    before = {name: (tensor.device, tensor.stride()) for name, tensor in source.module.state_dict().items()}
    export_network(source, form, tmp_path / "net")
    assert {name: (tensor.device, tensor.stride()) for name, tensor in source.module.state_dict().items()} == before


@pytest.mark.slow
def test_the_same_network_makes_the_same_file(tmp_path):
    for form in FORMATS:
        source = small()
        contents = []
        for _ in range(2):
            export_network(source, form, tmp_path / "net")
            contents.append((tmp_path / "net").read_bytes())
        assert contents[0] == contents[1]


def test_a_program_is_turned_into_an_onnx_file_and_an_onnx_file_into_nothing(tmp_path):
    source = Classifier("net", nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), Fit(2))
    program = written(source, "exported", tmp_path)
    onnx = written(program, "onnx", tmp_path)
    with pytest.raises(RobustnessError, match="shipped is an ONNX file, which torch cannot read"):
        export_network(onnx, "exported", tmp_path / "other")


class Random(nn.Module):
    def forward(self, images):
        return images.flatten(1) + torch.rand_like(images.flatten(1))


class Choosy(nn.Module):
    """Asks for what it sees."""

    def forward(self, images):
        return images.flatten(1) if images.sum() > 0 else -images.flatten(1)


class Four(nn.Module):
    """Takes batches of four alone."""

    def forward(self, images):
        return images.reshape(4, 12)


class Counted(nn.Module):
    """Has another answer to five images and more."""

    def forward(self, images):
        return images.flatten(1) if len(images) < 5 else -images.flatten(1)


class Pair(nn.Module):
    def forward(self, images):
        return images.flatten(1), images


class Nan(nn.Module):
    def forward(self, images):
        return images.flatten(1) / 0 * 0


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (Random(), "move by up to .* of the largest, more than 0.0001; nothing was written"),
        (Nan(), "move by up to nan of the largest"),
        (Choosy(), r"net cannot be exported \(.*data-dependent.*for a batch of any length"),
        (Four(), "net raised RuntimeError: .*is that what it takes"),
        (Counted(), r"net cannot be exported \(.*for a batch of any length"),
        (Pair(), "net gave tuple, not logits"),
    ],
)
@pytest.mark.parametrize("form", FORMATS)
def test_what_would_not_be_the_network_is_not_written(module, said, form, tmp_path):
    (tmp_path / "net").write_bytes(b"as before")
    with pytest.raises(RobustnessError, match=said):
        export_network(Classifier("net", module, Fit(2)), form, tmp_path / "net")
    assert [file.name for file in tmp_path.iterdir()] == ["net"]
    assert (tmp_path / "net").read_bytes() == b"as before"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(RobustnessError, match=f"{tmp_path}: "):
        export_network(Classifier("net", nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), Fit(2)), "exported", tmp_path)


def test_without_the_extra_the_error_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(RobustnessError, match=r'onnxscript cannot be imported .*pip install "pytest-robustness\[onnx\]"'):
        export_network(Classifier("net", nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), Fit(2)), "onnx", tmp_path / "net")
