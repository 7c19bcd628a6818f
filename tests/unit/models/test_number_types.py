"""Networks are fed in the type of their weights, and what they raise about types and channels gets advice about those."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from robustness.data import Fit
from robustness.errors import RobustnessError
from robustness.evaluation.forward import raw_logits
from robustness.models.advice import advice
from robustness.models.classifier import Classifier, input_type

IMAGES = torch.arange(2 * 48, dtype=torch.uint8).view(2, 3, 4, 4)


def network(dtype=torch.float32):
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3)).to(dtype).eval()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_network_is_fed_in_the_type_of_its_weights(dtype):
    module = network(dtype)
    logits = Classifier("net", module, Fit(4), (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)).logits(IMAGES)
    exact = torch.float64 if dtype is torch.float64 else torch.float32
    mean, std = (torch.tensor(values, dtype=exact).view(1, 3, 1, 1) for values in ((0.1, 0.2, 0.3), (0.5, 0.6, 0.7)))
    fed = ((IMAGES.to(exact) / 255 - mean) / std).to(dtype)
    with torch.inference_mode():
        assert torch.equal(logits, module(fed))
    assert logits.dtype is dtype


def test_what_has_weights_of_several_types_or_none_is_fed_float32():
    mixed = network()
    mixed[4].half()
    assert [input_type(module) for module in (mixed, nn.Identity())] == [torch.float32] * 2


@pytest.mark.parametrize(
    ("module", "advised"),
    [
        (nn.Conv2d(1, 4, 3), "it takes images of 1 channels, and these have 3"),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(16, 3).half()), "it mixes types of numbers: bring all of"),
        (nn.Sequential(nn.Flatten(), nn.Linear(1, 1)), "are its images crop-or-pad 4?"),
    ],
)
def test_the_advice_is_about_what_was_wrong(module, advised):
    with pytest.raises(RobustnessError, match="net raised RuntimeError") as raised:
        raw_logits(Classifier("net", module, Fit(4)), IMAGES)
    said = str(raised.value).rpartition("; ")[2]
    assert said.startswith(advised)
    assert ("are its images" in said) == ("are its images" in advised)


class ChannelsLast(nn.Conv2d):
    def forward(self, images):
        return super().forward(images.permute(0, 3, 1, 2))


def test_channels_last_is_advised():
    with pytest.raises(RobustnessError, match=r"it takes images channels last, \(N, H, W, 3\)"):
        raw_logits(Classifier("net", ChannelsLast(3, 4, 1), Fit(4)), IMAGES)
    assert advice(ImportError("no module"), (3, 4, 4), "").startswith("import it where the module begins")
