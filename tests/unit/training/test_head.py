"""The last layer by itself: fitted on features that are computed once, and as good as features allow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from robustness.data import Fit
from robustness.errors import RobustnessError
from robustness.models.baseline_cnn import BaselineCNN
from robustness.models.classifier import Classifier
from robustness.training import head as module
from robustness.training.fit import accuracy
from robustness.training.head import features_of, fit_head
from robustness.training.split import split_by_track

HEAD = BaselineCNN.OUTPUT


@pytest.fixture
def classifier():
    torch.manual_seed(0)
    return Classifier("net", BaselineCNN(3, 8), Fit(8), mean=(0.5, 0.5, 0.5))


def test_the_layer_fitted_is_the_one_that_names_the_images(classifier, colours):
    before = {name: tensor.clone() for name, tensor in classifier.module.state_dict().items()}
    training, validation = split_by_track(colours, 0.25, 0)
    reached = fit_head(classifier, HEAD, colours, training, validation)
    assert reached == accuracy(classifier, colours.take(validation)) == 1
    after = classifier.module.state_dict()
    assert {name for name in after if not torch.equal(after[name], before[name])} == {f"{HEAD}.weight", f"{HEAD}.bias"}


def test_without_validation_images_nothing_is_chosen(classifier, colours):
    assert fit_head(classifier, HEAD, colours, np.arange(len(colours)), np.empty(0, dtype=np.int64)) is None
    assert accuracy(classifier, colours) == 1


def test_features_are_what_the_layer_gets_and_are_computed_once(classifier, colours, monkeypatch):
    features = features_of(classifier, HEAD, colours)
    assert features.shape == (len(colours), 128)
    seen = []
    classifier.module.get_submodule(HEAD).register_forward_pre_hook(lambda layer, given: seen.append(given[0]))
    accuracy(classifier, colours)
    assert torch.equal(torch.cat(seen).cpu(), features)
    monkeypatch.setattr(module, "_compute", lambda *given: pytest.fail("computed twice"))
    classifier.module.get_submodule(HEAD)._forward_pre_hooks.clear()
    assert torch.equal(features_of(classifier, HEAD, colours), features)


def test_features_of_other_weights_images_or_preprocessing_are_others(classifier, colours, monkeypatch):
    features_of(classifier, HEAD, colours)
    computed = []
    monkeypatch.setattr(module, "_compute", lambda below, images: computed.append(below) or torch.zeros(len(images), 128))
    features_of(replace(classifier, std=(0.5, 0.5, 0.5)), HEAD, colours)
    features_of(classifier, HEAD, colours.take(range(40)))
    features_of(Classifier("net", BaselineCNN(3, 8), Fit(8), mean=(0.5, 0.5, 0.5)), HEAD, colours)
    assert len(computed) == 3


def test_damaged_features_are_computed_again(classifier, colours, tmp_path):
    features = features_of(classifier, HEAD, colours)
    (kept,) = (tmp_path / "cache" / "features").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    assert torch.equal(features_of(classifier, HEAD, colours), features)


def test_a_last_layer_that_is_not_linear_is_refused(colours):
    network = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Flatten())
    with pytest.raises(RobustnessError, match="its last layer 0 is Conv2d, not linear; fine-tune all"):
        fit_head(Classifier("net", network, Fit(8)), "0", colours, np.arange(40), np.arange(40, 48))
