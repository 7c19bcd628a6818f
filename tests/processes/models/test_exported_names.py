"""Whole sets, named by networks and by the files that they were written to."""

from __future__ import annotations

import pytest
from exports import written

from robustness.data import load_image_set
from robustness.evaluation.evaluate import evaluate
from robustness.models.declaration import ModelDeclaration
from robustness.models.export import FORMATS
from robustness.models.load import load_classifier
from robustness.noise import Clean


@pytest.mark.parametrize("network", ["baseline-cnn", "small-resnet"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_image_is_named_as_before(network, form, tmp_path):
    images = load_image_set("signs")
    source = load_classifier(ModelDeclaration(network, network, "signs"))
    named = evaluate(source, images, Clean(), 0).predictions
    assert (evaluate(written(source, form, tmp_path), images, Clean(), 0).predictions == named).all()
