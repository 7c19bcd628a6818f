"""Every example of docs/models.md loads as it stands there."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from robustness.data import Fit
from robustness.declaration.models import declared
from robustness.declaration.tables import ModelTable
from robustness.errors import RobustnessError
from robustness.kinds import read_thresholds
from robustness.limits.limit import Limit
from robustness.models.classifier import Classifier
from robustness.models.declaration import BUILT_IN, FORMS
from robustness.models.export import export_network
from robustness.models.load import load_classifier
from robustness.noise import Gaussian

PAGE = (Path(__file__).parents[3] / "docs" / "models.md").read_text(encoding="utf-8")
FORMATS = (Path(__file__).parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
EXAMPLES = [
    item for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) for item in tomllib.loads(block)["models"].items()
]


def own(size):
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * size * size, 5))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What the examples name, beside the thresholds file they would stand in."""
    torch.save(torchvision.models.resnet18(num_classes=5).state_dict(), tmp_path / "my-resnet.pt")
    mobilenet = timm.create_model("mobilenetv3_small_050", num_classes=5)
    save_file(mobilenet.state_dict(), tmp_path / "my-mobilenet.safetensors")
    for form, file in (("onnx", "my-model.onnx"), ("onnx", "baseline-cnn.onnx"), ("exported", "my-model.pt2")):
        export_network(Classifier("own", own(40), Fit(40)), form, tmp_path / file)
    save_file(own(64).state_dict(), tmp_path / "my-model.safetensors")
    (tmp_path / "my_model.py").write_text(
        "from torch import nn\n\nclass Own(nn.Sequential):\n    def forward(self, images):\n"
        "        return super().forward(nn.functional.adaptive_avg_pool2d(images, 64))\n\n"
        "def make_model():\n    return Own(nn.Flatten(), nn.Linear(3 * 64 * 64, 5))\n"
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    sys.modules.pop("my_model", None)


@pytest.mark.slow
def test_every_example_loads(folder):
    for name, table in EXAMPLES:
        declaration = declared(name, ModelTable.model_validate(table))
        if declaration.load == "fixture":
            with pytest.raises(RobustnessError, match="needs a pytest fixture 'my_quantized_model'"):
                load_classifier(declaration, folder)
        else:
            classifier = load_classifier(declaration, folder)
            images = torch.zeros(2, 3, classifier.fit.size, classifier.fit.size, dtype=torch.uint8)
            assert classifier.logits(images).shape in ((2, 5), (2, 43))


def test_the_limits_of_an_example_are_read(tmp_path):
    (example,) = [block for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "[[limits]]" in block]
    (tmp_path / "thresholds.toml").write_text(f'schema = 1\n[run]\ndata = "gtsrb"\n{example}')
    limits = read_thresholds(tmp_path / "thresholds.toml").of(Limit)
    alive, *same = limits
    assert (alive.asks, alive.model) == ("accuracy", "baseline-cnn")
    assert [(limit.noise, limit.asks, limit.reference) for limit in same] == [
        (Gaussian(sigma), "max_differences", "baseline-cnn") for sigma in (0, 25)
    ]


def test_every_form_has_one():
    loads = [table["load"].partition(":")[0] for _, table in EXAMPLES]
    tabled = re.findall(r"^\| `(\w+):", FORMATS, re.MULTILINE)
    assert {form.partition(":")[0] for form in FORMS} <= {*loads, *tabled}
    assert {*BUILT_IN} & {*loads}
