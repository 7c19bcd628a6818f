"""Every way to name a model goes through the gate: networks of any library, files, a factory and a fixture."""

from __future__ import annotations

import torch
from torch import nn

from robustness.data import Fit
from robustness.models.checkpoint import save_checkpoint
from robustness.models.classifier import Classifier
from robustness.models.export import export_network
from robustness.training.start import start

NETWORKS = {"torchvision:resnet50": 50, "torchvision:inception_v3": 75, "timm:tf_efficientnet_lite0": 64, "timm:test_vit": 160}
BRIGHT = """
import pytest
import toy


@pytest.fixture(scope="session")
def mine():
    return toy.Brightness()
"""
MODEL = """
[models.{name}]
load = "{load}"
{weights}
size = {size}
fit = "resize"

[[limits]]
models = ["{name}"]
noise = "gaussian"
sigma = 5
accuracy = {accuracy}
"""


class Bright(nn.Module):
    """Class 0 where an image is brighter than the middle, red above all, with weights, as a file holds them."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(3, 2)
        with torch.no_grad():
            self.last.weight.copy_(torch.tensor([[1.5, 1.0, 0.5], [-1.5, -1.0, -0.5]]))
            self.last.bias.copy_(torch.tensor([-1.5, 1.5]))

    def forward(self, images):
        return self.last(images.mean(dim=(2, 3)))


def always_bright(reference, file):
    """A network of that architecture whose last layer names class 0 whatever it sees."""
    begun = start(reference, 2, Fit(NETWORKS[reference]), None)
    last = begun.classifier.module.get_submodule(begun.head)
    with torch.no_grad():
        last.weight.zero_()
        last.bias.copy_(torch.tensor([1.0, 0.0]))
    save_checkpoint(file, begun.classifier.module.state_dict(), {})


def test_each_is_measured(project):
    folder, declared = project.pytester.path, []

    def declare(name, load, size, accuracy, weights=""):
        declared.append(MODEL.format(name=name, load=load, weights=weights, size=size, accuracy=accuracy))

    for reference, size in NETWORKS.items():
        name = reference.replace(":", "-").replace("_", "-")
        always_bright(reference, folder / f"{name}.safetensors")
        declare(name, reference, size, 0.5, f'weights = "{name}.safetensors"')
    for form, suffix in (("onnx", "onnx"), ("exported", "pt2")):
        export_network(Classifier("bright", Bright(), Fit(8)), form, folder / f"bright.{suffix}")
        declare(form, f"{form}:bright.{suffix}", 8, 1.0)
    declare("factory", "python:toy:make", 8, 1.0)
    declare("mine", "fixture", 8, 1.0)
    project.write("conftest.py", BRIGHT)
    project.write("thresholds.toml", 'schema = 1\n[run]\ndata = "folder:pictures"\n' + "".join(declared))
    result = project.gate("-n", "1")  # torchvision does not stand to be imported twice in one process
    result.assert_outcomes(passed=8)
    assert result.ret == 0
    right = {limit["model"]: limit["right"] for limit in project.results()["limits"]}
    assert right == {name.replace(":", "-").replace("_", "-"): 10 for name in NETWORKS} | dict.fromkeys(
        ["onnx", "exported", "factory", "mine"], 20
    )
