"""The network that looks at several zooms: each view is the crop it says, and evaluation is their mean."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from robustness.data import Fit
from robustness.models.classifier import Classifier
from robustness.models.declaration import ModelDeclaration
from robustness.models.export import FORMATS, export_network
from robustness.models.load import load_classifier
from robustness.models.residual import MediumResNet
from robustness.models.zoom_resnet import View, ZoomResNet


def network(size=40, classes=5):
    torch.manual_seed(0)
    made = ZoomResNet(classes, size)
    for name, buffer in made.named_buffers():
        if name.endswith("running_mean"):  # so that no two layers are alike
            buffer.uniform_(-0.5, 0.5)
    return made.eval()


@given(st.integers(1, 90), st.floats(1.0, 3.0), st.integers(1, 60))
def test_a_view_is_the_resampled_centre(size, zoom, pixels):
    torch.manual_seed(size)
    images = torch.rand(2, 3, size, size)
    seen = View(size, zoom, pixels)(images)
    before = min(round((size - size / zoom) / 2), (size - 1) // 2)
    centre = images[..., before : size - before, before : size - before]
    wanted = functional.interpolate(centre, (pixels, pixels), mode="bilinear", align_corners=False, antialias=True)
    assert seen.shape == (2, 3, pixels, pixels)
    assert torch.allclose(seen, wanted, atol=1e-5)


def test_the_first_view_of_an_image_of_its_size_is_the_image():
    images = torch.rand(2, 3, 40, 40)
    assert torch.equal(network().views[0](images), images)


def test_a_view_averages_the_noise_of_a_larger_image():
    noise = torch.randn(8, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert View(64, 1.0, 40)(noise).std() < 0.6 * noise.std()


@pytest.mark.parametrize("size", [1, 28, 40, 41, 64])
def test_evaluation_is_the_mean_over_zooms_whatever_has_been_drawn(size):
    net, images = network(size), torch.rand(4, 3, size, size)
    with torch.no_grad():
        found = net(images)
        torch.rand(7)
        assert torch.equal(net(images), found)
        each = torch.stack([MediumResNet.forward(net, view(images)) for view in net.views])
    assert torch.allclose(found, each.mean(0), atol=1e-6)
    assert not torch.allclose(each[0], each[2], atol=1e-4) or size == 1


def test_training_draws_among_three_zooms_and_a_seed_says_which():
    net, images = network(), torch.rand(4, 3, 40, 40)
    drawn = []
    handles = [view.register_forward_hook(lambda *_, place=place: drawn.append(place)) for place, view in enumerate(net.views)]
    for part in net.modules():
        part.training = part is net  # draws, and leaves the statistics of normalisation alone
    orders = []
    for _ in range(2):
        torch.manual_seed(3)
        drawn.clear()
        for _ in range(30):
            net(images)
        orders.append(tuple(drawn))
    for handle in handles:
        handle.remove()
    assert orders[0] == orders[1]
    assert set(orders[0]) == {0, 1, 2}, "the fourth is for evaluation"
    assert len(orders[0]) == 30, "one view a step"


def test_its_weights_are_of_no_size_and_under_a_million():
    small, large = ZoomResNet(43, 40).state_dict(), ZoomResNet(43, 64).state_dict()
    assert {name: tensor.shape for name, tensor in small.items()} == {name: tensor.shape for name, tensor in large.items()}
    assert sum(weight.numel() for weight in ZoomResNet(43, 40).parameters()) == 895_435


@pytest.mark.parametrize("form", FORMATS)
def test_it_is_exported_as_it_evaluates(form, tmp_path):
    source = Classifier("net", network(64), Fit(64, "resize"), layout=torch.channels_last)
    file = tmp_path / "net"
    export_network(source, form, file)
    shipped = load_classifier(ModelDeclaration("net", f"{form}:{file}", size=64, fit="resize"), tmp_path)
    images = torch.randint(0, 256, (3, 3, 64, 64), dtype=torch.uint8)
    assert torch.allclose(shipped.logits(images), source.logits(images), atol=1e-4)
