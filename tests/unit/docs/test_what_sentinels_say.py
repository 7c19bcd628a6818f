"""What docs/your-model.md quotes of the sentinels is what they say, of the shipped baseline CNN spoilt on purpose."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from robustness.data import load_image_set
from robustness.errors import RobustnessError
from robustness.evaluation.store import Store
from robustness.gate.feeding import IMAGENET
from robustness.gate.sentinels import check_model
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier

PAGE = (Path(__file__).parents[3] / "docs" / "your-model.md").read_text(encoding="utf-8")
MEAN, STD = (torch.tensor(values).view(1, 3, 1, 1) for values in IMAGENET)


class Spoilt(nn.Module):
    def __init__(self, module: nn.Module, first: Callable[[torch.Tensor], torch.Tensor], last: list[int] | None = None):
        super().__init__()
        self.module, self.first, self.last = module, first, last
        self.norm = nn.BatchNorm2d(3, affine=False, track_running_stats=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.module(self.first(images))
        return logits if self.last is None else logits[:, self.last]


def denoised(images: torch.Tensor) -> torch.Tensor:
    """At random, where neighbours differ much."""
    rough = (images[..., 1:] - images[..., :-1]).abs().mean(dim=(1, 2, 3), keepdim=True) > 0.12
    return torch.where(rough, images + 0.05 * torch.randn_like(images), images)


def by_the_batch(images: torch.Tensor) -> torch.Tensor:
    return functional.batch_norm(images, None, None, training=True) * 0.25 + 0.45


FIRST = {
    "gives no fixed answer: two passes over the same 64 images": lambda images: images * (torch.rand(images.shape) > 0.1),
    "two passes over the same noisy 24 images": denoised,
    "answers otherwise in batches of 1 than of 64": by_the_batch,
    "sees the mean of its channels alone": lambda images: images.mean(1, keepdim=True).expand(-1, 3, -1, -1),
    "does better with mean = ": lambda images: images * STD + MEAN,
    "does better with BGR": lambda images: images.flip(1),
    "look as if their classes stood in different orders": lambda images: images,
}
ORDER = torch.randperm(43, generator=torch.Generator().manual_seed(0)).tolist()


@pytest.mark.parametrize(("begins", "first"), FIRST.items(), ids=FIRST.keys())
def test_it_is_quoted_as_it_is_said(tmp_path, begins, first):
    shipped = load_classifier(ModelDeclaration("cnn", "baseline-cnn", "signs"))
    spoilt = Spoilt(shipped.module, first, ORDER if "orders" in begins else None)
    torch.manual_seed(0)
    with pytest.raises(RobustnessError) as said:
        check_model(replace(shipped, module=spoilt, architecture=None), load_image_set("signs"), [], 0, Store(tmp_path), "run")
    (quoted,) = [text for text in re.findall(r"^\| `(.*?)`", PAGE, re.MULTILINE) if begins in text]
    for part in quoted.split("... and "):
        assert part.rstrip(".") in str(said.value)
