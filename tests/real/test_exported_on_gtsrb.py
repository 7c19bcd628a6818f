"""A network shipped as a file says of every GTSRB test image what it said before, unless two classes are as good as equal."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from robustness import Clean, Gaussian, Periodic, SaltAndPepper, load_image_set
from robustness.evaluation.evaluate import evaluate, measure
from robustness.evaluation.store import Store
from robustness.models.declaration import ModelDeclaration
from robustness.models.export import FORMATS, export_network
from robustness.models.load import load_classifier

NOISES = [Clean(), Gaussian(25), Periodic(0.25), SaltAndPepper(0.004)]
TIE = 1e-4


@pytest.fixture(scope="module")
def baseline_cnn():
    return load_classifier(ModelDeclaration("baseline-cnn", "baseline-cnn", "gtsrb"), Path())


@pytest.fixture(scope="module", params=FORMATS)
def shipped(request, baseline_cnn, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shipped")
    export_network(baseline_cnn, request.param, folder / "net")
    return load_classifier(ModelDeclaration(request.param, f"{request.param}:net", size=40), folder)


@pytest.mark.parametrize("noise", NOISES, ids=str)
def test_predictions_flip_only_where_the_first_two_classes_are_tied(noise, shipped, baseline_cnn):
    images = load_image_set("gtsrb")
    before = measure(baseline_cnn, images, noise, 0, Store(), "run").result
    started = time.perf_counter()
    after = evaluate(shipped, images, noise, 0)
    flipped = before.predictions != after.predictions
    moved = np.abs(before.margins - after.margins).max()
    print(
        f"{shipped.name} {noise}: {flipped.sum()} of {len(images):,} flipped, {(before.margins < TIE).sum()} tied, "
        f"margins move by up to {moved:.1e}, {time.perf_counter() - started:.1f} s"
    )
    assert len(images) == 12630
    assert (before.margins[flipped] < TIE).all()
    if noise == Clean():
        assert not flipped.any()
