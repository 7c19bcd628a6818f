"""What can be said of a library's networks without their weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from robustness.data import Fit
from robustness.models.library import Library, refusal, smallest_size
from robustness.models.torchvision_networks import torchvision_library


@pytest.mark.parametrize(("name", "size"), [("alexnet", 63), ("resnet18", 1), ("vit_b_16", 224)])
def test_the_smallest_size_is_found_by_trying(name, size):
    outline = torchvision_library().outline(name, 10)
    assert smallest_size(outline) == size
    assert refusal(outline, (3, size, size)) is None


def test_none_is_found_where_there_is_none():
    class Never(nn.Module):
        def forward(self, images):
            raise ValueError("never")

    assert smallest_size(Never()) is None


@pytest.mark.parametrize(("name", "head"), [("resnet18", "fc"), ("vgg11", "classifier.6"), ("vit_b_16", "heads.head")])
def test_the_last_layer_is_known_by_its_size(name, head):
    assert torchvision_library().head(name) == head


def test_an_outline_takes_no_memory():
    assert all(tensor.device == torch.device("meta") for tensor in torchvision_library().outline("vgg11", 10).parameters())


def test_the_number_of_classes_is_read_from_whatever_dimension_follows_it():
    class Columns(nn.Module):
        def __init__(self, classes):
            super().__init__()
            self.columns = nn.Parameter(torch.zeros(12, classes))

        def forward(self, images):
            return images.flatten(1) @ self.columns

    library = Library("own", "1", ["columns"], lambda name, classes: Columns(classes))
    module, architecture = library.load("columns", {"columns": torch.ones(12, 7)}, Fit(2))
    assert module(torch.ones(1, 3, 2, 2)).tolist() == [[12.0] * 7]
    assert architecture == "own:columns own 1"
