"""Networks of timm with weights of the user's own."""

from __future__ import annotations

import sys

import pytest
import timm
import torch
from safetensors.torch import save_file

from robustness.data import load_image_set
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import evaluate
from robustness.evaluation.identity import identify
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
from robustness.noise import Gaussian


@pytest.fixture
def load(tmp_path):
    def load(name, weights="net.safetensors", size=32):
        return load_classifier(ModelDeclaration("mine", f"timm:{name}", weights, size, "resize"), tmp_path)

    return load


def trained(name, classes):
    torch.manual_seed(0)
    return timm.create_model(name, num_classes=classes).eval()


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet", "test_convnext"])
def test_the_network_gives_the_logits_of_the_one_that_was_saved(name, load, tmp_path):
    module = trained(name, 5)
    save_file(module.state_dict(), tmp_path / "net.safetensors")
    images = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(load(name).logits(images).cpu(), module(images / 255))


def test_it_is_measured(load, tmp_path):
    torch.save(trained("test_resnet", 43).state_dict(), tmp_path / "net.pt")
    images = load_image_set("signs").take(range(0, 1290, 100))
    assert (evaluate(load("test_resnet", "net.pt"), images, Gaussian(25), 0).predictions >= 0).all()


@pytest.mark.parametrize("name", ["levit_128s", "deit_tiny_distilled_patch16_224"])
def test_a_head_of_batch_normalisation_and_two_heads_tell_the_classes(name, load, tmp_path):
    torch.save(trained(name, 5).state_dict(), tmp_path / "net.pt")
    assert load(name, "net.pt", 224).logits(torch.zeros(1, 3, 224, 224, dtype=torch.uint8)).shape == (1, 5)


def test_its_code_is_known_by_name_and_version_so_its_results_are_kept(load, tmp_path):
    save_file(trained("test_resnet", 3).state_dict(), tmp_path / "net.safetensors")
    classifier = load("test_resnet")
    assert identify(classifier).is_hashable
    assert classifier.architecture == f"timm:test_resnet timm {timm.__version__}"
    assert classifier.content_hash() == load("test_resnet").content_hash()


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [
        ("resnet19", 32, "timm has no classification network 'resnet19': did you mean 'resnet1"),
        ("resnet18.a1_in1k", 32, "timm has no classification network"),
        ("hf-hub:timm/resnet18", 32, "timm has no classification network"),
        ("vit_tiny_patch16_224", 48, r"timm:vit_tiny_patch16_224 does not take images of 48 pixels \(AssertionError: .*224"),
        ("resnet18", 32, "size mismatch|Missing key"),
        ("vgg11", 32, "timm:vgg11: no head.fc.weight among the weights, so they are of another network"),
        ("mobilenetv5_300m_enc", 32, "has no head that tells classes apart, so it is no classifier"),
        ("test_resnet", None, "say which input it takes, for example size = 40"),
    ],
)
def test_what_cannot_be_built_is_refused_by_name(name, size, said, load, tmp_path):
    save_file(trained("test_resnet", 5).state_dict(), tmp_path / "net.safetensors")
    with pytest.raises(RobustnessError, match=rf"(?s)model mine: .*({said})"):
        load(name, size=size)


def test_without_timm_the_error_says_how_to_install_it(load, tmp_path, monkeypatch):
    save_file(trained("test_resnet", 5).state_dict(), tmp_path / "net.safetensors")
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(
        RobustnessError, match=r'model mine: .*timm cannot be imported .*pip install "pytest-robustness\[timm\]"'
    ):
        load("test_resnet")
