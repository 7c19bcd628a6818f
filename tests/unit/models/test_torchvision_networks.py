"""Networks of torchvision with weights of the user's own."""

from __future__ import annotations

import pytest
import torch
import torchvision

from robustness.errors import RobustnessError
from robustness.evaluation.identity import identify
from robustness.models.checkpoint import save_checkpoint
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier


@pytest.fixture
def load(tmp_path):
    def load(name, weights="net.pt", size=40):
        return load_classifier(ModelDeclaration("mine", f"torchvision:{name}", weights, size), tmp_path)

    return load


def trained(name, classes, **options):
    torch.manual_seed(0)
    return torchvision.models.get_model(name, weights=None, num_classes=classes, **options).eval()


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "squeezenet1_1"])
def test_the_network_gives_the_logits_of_the_one_that_was_saved(name, load, tmp_path):
    module = trained(name, 5)
    torch.save(module.state_dict(), tmp_path / "net.pt")
    images = torch.randint(0, 256, (4, 3, 40, 40), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(load(name).logits(images), module(images / 255))


def test_a_network_that_computes_its_widths_with_tensors_loads_too(load, tmp_path):
    torch.save(trained("regnet_y_400mf", 5).state_dict(), tmp_path / "net.pt")
    assert load("regnet_y_400mf").logits(torch.zeros(1, 3, 40, 40, dtype=torch.uint8)).shape == (1, 5)


def test_auxiliary_heads_of_training_are_left_out(load, tmp_path):
    torch.save(trained("inception_v3", 5, init_weights=False).state_dict(), tmp_path / "net.pt")
    assert load("inception_v3", size=75).logits(torch.zeros(1, 3, 75, 75, dtype=torch.uint8)).shape == (1, 5)


def test_its_code_is_known_by_name_and_version_so_its_results_are_kept(load, tmp_path):
    save_checkpoint(tmp_path / "net.safetensors", trained("resnet18", 3).state_dict(), {"class_names": ["a", "b", "c"]})
    classifier = load("resnet18", "net.safetensors")
    assert identify(classifier).is_hashable
    assert classifier.architecture == f"torchvision:resnet18 torchvision {torchvision.__version__}"
    assert classifier.class_names == ("a", "b", "c")
    assert classifier.content_hash() == load("resnet18", "net.safetensors").content_hash()


@pytest.mark.parametrize(
    ("name", "size", "said"),
    [
        ("resnet19", 40, "torchvision has no classification network 'resnet19': did you mean 'resnet18'"),
        ("fasterrcnn_resnet50_fpn", 40, "has no classification network"),
        ("vit_b_16", 40, "torchvision:vit_b_16 does not take images of 40 pixels .*Expected 224"),
        ("vgg11", 40, "no classifier.6.weight among the weights, so they are of another network"),
        ("resnet34", 40, "Missing key"),
        ("resnet18", None, "say which input it takes, for example size = 40"),
    ],
)
def test_what_cannot_be_built_is_refused_by_name(name, size, said, load, tmp_path):
    torch.save(trained("resnet18", 5).state_dict(), tmp_path / "net.pt")
    with pytest.raises(RobustnessError, match=rf"(?s)model mine: .*{said}"):
        load(name, size=size)


def test_without_weights_nothing_is_built(load):
    with pytest.raises(RobustnessError, match=r"model mine: name its weights, a safetensors file, or one that"):
        load("resnet18", None)
