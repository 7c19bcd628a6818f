"""Sentinels are silent on twenty healthy networks, of different preprocessing, size, channels and answers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from robustness.data import Fit, ImageSet, prepared
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import evaluate
from robustness.evaluation.store import Store
from robustness.gate.feeding import CLIP, IMAGENET
from robustness.gate.sentinels import check_model
from robustness.models.classifier import Classifier, to_tensor
from robustness.models.outputs import Output
from robustness.noise import Clean

CLASSES = tuple("abcdefgh")
SCALES = {"0..1": ((0.0,), (1.0,)), "0..255": ((0.0,), (1 / 255,)), "0.5": ((0.5,), (0.5,)), "ImageNet": IMAGENET, "CLIP": CLIP}
SHAPES = [(8, 3, "resize"), (8, 1, "resize"), ((6, 12), 3, "crop-or-pad"), (16, 3, "resize")]


class Patterns:
    """Images of eight classes, each a pattern of coarse fields in its own colours, with noise on it."""

    def __init__(self, shape, channels, count=240):
        generator = np.random.default_rng(7)
        height, width = (shape, shape) if isinstance(shape, int) else shape
        fields = generator.integers(40, 215, (8, 2, 2, 3))
        self.labels = np.arange(count) % 8
        large = fields[self.labels].repeat(height // 2, 1).repeat(width // 2, 2)
        noisy = (large + generator.normal(0, 25, large.shape)).clip(0, 255).astype(np.uint8)
        self.images = ImageSet.from_images("patterns", list(noisy), self.labels.tolist(), CLASSES)


def trained(images, fit, mean, std, dtype):
    """A small network, trained on the very tensors that it will see."""
    torch.manual_seed(0)
    height, width = fit.shape
    net = nn.Sequential(nn.Conv2d(fit.channels, 12, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12 * (height - 2) * (width - 2), 8))
    seen = Classifier("seen", nn.Identity(), fit, mean, std)
    batch = seen.normalised(to_tensor(prepared(images, fit).batch(np.arange(len(images)))))
    scale = float(batch.abs().max())
    optimizer = torch.optim.Adam(net.parameters(), 0.01 / max(scale, 1) ** 0.5)
    for _ in range(60):
        loss = nn.functional.cross_entropy(net(batch), torch.tensor(images.labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.to(dtype).eval()


class After(nn.Module):
    def __init__(self, net, function):
        super().__init__()
        self.net, self.function = net, function

    def forward(self, images):
        return self.function(self.net(images))


ANSWERS = {
    "logits": (lambda logits: logits, Output()),
    "probabilities": (lambda logits: logits.float().softmax(1), Output("probabilities")),
    "dict": (lambda logits: {"logits": logits, "features": logits[:, :2]}, Output()),
    "maps": (lambda logits: logits[:, :, None, None], Output()),
}
TYPES = [torch.float32, torch.float64, torch.bfloat16, torch.float16]
NETWORKS = [
    (scale, shape, [*ANSWERS][number % 4], TYPES[(number // 4 + number) % 4])
    for number, (scale, shape) in enumerate(itertools.product(SCALES, SHAPES))
]


def test_there_are_twenty():
    assert len(NETWORKS) == 20


@pytest.mark.parametrize(("scale", "shape", "answer", "dtype"), NETWORKS, ids=str)
def test_sentinels_are_silent(scale, shape, answer, dtype, tmp_path):
    size, channels, kind = shape
    images = Patterns(size, channels).images
    fit = Fit(size, kind, channels)
    mean, std = (values * channels if len(values) == 1 else values[:channels] for values in SCALES[scale])
    function, output = ANSWERS[answer]
    module = After(trained(images, fit, mean, std, dtype), function)
    classifier = Classifier("healthy", module, fit, mean, std, output=output)
    said = ""
    try:
        check_model(classifier, images, [], 0, Store(tmp_path), "run")
    except RobustnessError as error:
        said = str(error)
    assert said == ""
    predictions = evaluate(classifier, images, Clean(), 0).predictions
    assert (predictions == images.labels).mean() > 0.9  # or silence would say nothing
