"""The same logits and accuracy as evaluations that torchvision, timm and transformers make by themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import models
from torchvision.datasets import ImageFolder
from torchvision.transforms import CenterCrop, Compose, Normalize, Resize, ToTensor

from robustness.data import load_image_set
from robustness.evaluation.batch import clean_batch
from robustness.evaluation.evaluate import evaluate
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
from robustness.noise import Clean

pytestmark = pytest.mark.filterwarnings("ignore")  # of other libraries

SHAPES = [(375, 500), (500, 375), (1, 300), (300, 2), (30, 20), (64, 64), (333, 201), (100, 99)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Photographs of many shapes, of two classes."""
    made = tmp_path_factory.mktemp("photographs")
    random = np.random.default_rng(0)
    for number, shape in enumerate(SHAPES * 2):
        (made / f"class{number % 2}").mkdir(exist_ok=True)
        small = random.integers(0, 256, (5, 5, 3), dtype=np.uint8)
        Image.fromarray(small).resize(shape[::-1], Image.Resampling.BICUBIC).save(
            made / f"class{number % 2}" / f"{number:02d}.png"
        )
    return made


def agree(declaration, folder, base, module, transform):
    """Our predictions and logits are those of the module on what the transform makes of torchvision's own folder."""
    images, theirs = load_image_set(f"folder:{folder}"), ImageFolder(str(folder))
    classifier = load_classifier(declaration, base)
    with torch.inference_mode():
        logits = torch.cat([module(transform(image)[None]) for image, _ in theirs])
        ours = classifier.logits(clean_batch(images, classifier.fit, np.arange(len(images)), classifier.device)).cpu()
    assert float((ours - logits).abs().max()) < 1e-4 * float(logits.abs().max())
    found = evaluate(classifier, images, Clean(), 0)
    assert found.predictions.tolist() == logits.argmax(1).tolist()
    labels = torch.tensor([label for _, label in theirs])
    assert found.right(images.labels) == int((logits.argmax(1) == labels).sum())


def saved(module, file):
    torch.save(module.state_dict(), file)
    return str(file)


def test_a_resnet_on_resized_and_cropped_photographs(folder, tmp_path):
    torch.manual_seed(0)
    module = models.resnet18(num_classes=2).eval()
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    transform = Compose([Resize(256), CenterCrop(224), ToTensor(), Normalize(mean, std)])
    declared = ModelDeclaration(
        "net", "torchvision:resnet18", saved(module, tmp_path / "net.pt"), prepare="torchvision:ResNet18_Weights.IMAGENET1K_V1"
    )
    agree(declared, folder, tmp_path, module, transform)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "vit_tiny_patch16_224"])
def test_networks_of_timms_with_their_own_configuration(folder, tmp_path, name):
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    module = timm.create_model(name, pretrained=False, num_classes=2).eval()
    config = timm.data.resolve_data_config(pretrained_cfg=timm.get_pretrained_cfg(name).to_dict())
    transform = timm.data.create_transform(**config, is_training=False)
    declared = ModelDeclaration("net", f"timm:{name}", saved(module, tmp_path / "net.pt"), prepare="timm")
    agree(declared, folder, tmp_path, module, transform)


FACTORY = """
from pathlib import Path

from torch import nn
from transformers import AutoModelForImageClassification


class Logits(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = AutoModelForImageClassification.from_pretrained(Path(__file__).parent / "vit")

    def forward(self, images):
        return self.network(images).logits


def make():
    return Logits()
"""


def test_a_vision_transformer_of_transformers_with_half_as_mean_and_deviation(folder, tmp_path):
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.ViTConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=64,
        patch_size=16,
        num_labels=2,
    )
    network = transformers.ViTForImageClassification(config).eval()
    processor = transformers.ViTImageProcessor(size={"height": 64, "width": 64}, resample=3)
    network.save_pretrained(tmp_path / "vit")
    processor.save_pretrained(tmp_path / "vit")
    (tmp_path / "own_vit.py").write_text(FACTORY)

    def transform(image):
        return processor(image, return_tensors="pt")["pixel_values"][0]

    declared = ModelDeclaration("net", "python:own_vit:make", prepare="transformers:vit")
    assert load_classifier(declared, tmp_path).mean == (0.5, 0.5, 0.5)
    agree(declared, folder, tmp_path, lambda images: network(images).logits, transform)
