"""`robustness models`: what there is, in 80 columns."""

from __future__ import annotations

import re
import sys

import pytest
import torch

from robustness.cli import main
from robustness.models.declaration import BUILT_IN, FORMS, shipped_weights
from robustness.models.layers import layers, parameter_count
from robustness.models.networks import NETWORKS


def printed(capsys, *arguments):
    assert main(["models", *arguments]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    return text


def test_all_there_is_is_listed(capsys):
    text = printed(capsys)
    assert all(f"\n  {name} " in text for name in [*BUILT_IN, "fixture"])
    assert all(f"\n  {form}" in text for form in FORMS)
    assert re.search(r"baseline-cnn +gtsrb +39,209 +40 px +0\.8811\n", text)
    assert "80 names" in text
    assert re.search(r"timm:NAME .*1,\d{3}\s+names", text, re.DOTALL)


def test_without_timm_the_list_says_how_to_install_it(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    assert 'pip install "pytest-robustness[timm]"' in " ".join(printed(capsys).split())


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_network_is_described_with_its_weights(name, capsys):
    text = printed(capsys, name)
    with torch.device("meta"):
        network = NETWORKS[name](43, 40)
    count = f"{parameter_count(network):,} parameters"
    assert count in BUILT_IN[name]
    assert count in text
    assert sum(layer.parameters for layer in layers(network, 40)) == parameter_count(network)
    assert shipped_weights(name)
    for weights in shipped_weights(name):
        assert f'weights = "{weights}"' in text
        assert f"robustness train {name} --data {weights.partition('-')[0]}" in text


def test_layers_come_in_the_order_in_which_images_meet_them(capsys):
    lines = printed(capsys, "baseline-cnn").splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("  0 "))
    assert lines[first].split() == ["0", "Conv2d", "16", "x", "40", "x", "40", "448"]
    assert lines[first + 12].split() == ["12", "Linear", "43", "5,547"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("torchvision:resnet50", ["25,557,032, for 1,000 classes", "smallest image 1 px;", "last layer     fc;"]),
        ("torchvision:vit_b_16", ["smallest image 224 px, but not 225;", "heads.head;"]),
        ("timm:convnext_tiny", ["28,589,128, for", "smallest image 32 px;", 'load = "timm:convnext_tiny"']),
    ],
)
def test_a_librarys_network_is_described(name, said, capsys):
    text = printed(capsys, name)
    assert all(part in text for part in said)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("baselin-cnn", "there is nothing to say of 'baselin-cnn': did you mean 'baseline-cnn'?"),
        ("onnx:net.onnx", "there is nothing to say of 'onnx:net.onnx': valid: baseline-cnn, "),
        ("torchvision:resnet51", "torchvision has no classification network 'resnet51': did you mean 'resnet50'?"),
        ("timm:", "timm has no classification network ''"),
    ],
)
def test_what_is_unknown_is_refused(name, said, capsys):
    assert main(["models", name]) == 2
    assert said in capsys.readouterr().err
