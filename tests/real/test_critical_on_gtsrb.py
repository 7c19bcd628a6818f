"""The search on all of GTSRB: within its budget of forward passes, and where a brute force finds the changes too."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from robustness.data import fit_images, load_image_set
from robustness.evaluation.evaluate import evaluate
from robustness.evaluation.store import Store
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
from robustness.noise import Gaussian, apply
from robustness.search.critical import LEVELS, search_flips

HIGHEST = Gaussian(50)
BRUTE = 500
STEP = 20  # levels


@pytest.fixture
def test_set():
    return load_image_set("gtsrb")


@cache
def baseline_cnn():
    return load_classifier(ModelDeclaration("baseline-cnn", "baseline-cnn", "gtsrb"), Path())


@pytest.fixture
def search(test_set, tmp_path_factory):
    store = Store(tmp_path_factory.getbasetemp() / "critical")
    return search_flips(baseline_cnn(), test_set, HIGHEST, 0, store, "run")


@cache
def brute_force():
    """Places of images, and their classes at all 201 levels, shape (201, 500): a loop that shares nothing with the search."""
    test_set = load_image_set("gtsrb")
    places = np.linspace(0, len(test_set) - 1, BRUTE).astype(int)
    images = torch.from_numpy(fit_images(test_set.take(places), baseline_cnn().fit).copy()).permute(0, 3, 1, 2)
    named = []
    with torch.inference_mode():
        for level in range(201):
            noisy = apply(Gaussian(float(f"{level / 4:.6g}")), images, test_set.index[places], 0)
            named.append(baseline_cnn().module(noisy.float() / 255).argmax(dim=1).numpy())
    return places, np.array(named)


def test_every_image_is_searched_in_fourteen_forward_passes(search, test_set):
    print(f"{search.passes:.2f} forward passes over {len(test_set):,} images in {search.seconds:.1f} s")
    assert len(search.flips.critical) == 12630
    assert (search.flips.tries >= 1).all()
    assert search.passes <= 14


def test_a_brute_force_over_201_levels_finds_the_same_wherever_a_change_stays(search):
    places, named = brute_force()
    changed = named != named[0]
    stays = (np.diff(changed.astype(int), axis=0) >= 0).all(axis=0)
    first = np.where(changed.any(axis=0), changed.argmax(axis=0), LEVELS + 1)
    levels = search.levels[places]
    missed = levels[~stays] != first[~stays]
    print(f"{(~stays).mean():.1%} of {BRUTE} images change back; of their first flips {missed.mean():.1%} are missed")
    assert np.array_equal(levels[stays], first[stays])
    assert (levels[~stays] >= first[~stays]).all()
    assert stays.mean() > 0.8


def test_the_accuracy_curve_is_the_direct_one_within_the_share_of_images_that_change_back(search, test_set):
    _, named = brute_force()
    changes_back = (np.diff((named != named[0]).astype(int), axis=0) < 0).any(axis=0).mean()
    direct = [
        (evaluate(baseline_cnn(), test_set, HIGHEST.ladder(LEVELS)[level], 0).predictions == test_set.labels).mean()
        for level in range(0, LEVELS + 1, STEP)
    ]
    derived = search.rights()[::STEP] / len(test_set)
    apart = np.abs(derived - direct)
    print(f"apart by {apart.max():.4f} at most; {changes_back:.1%} of {BRUTE} images change back")
    assert apart[0] == 0
    assert apart.max() <= changes_back
