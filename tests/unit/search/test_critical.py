"""The critical magnitude of every image."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from toy_classifiers_of_search import banded, by_brightness, grey_images

from robustness.data import fit_images, load_image_set
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import evaluate
from robustness.evaluation.store import Store
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
from robustness.noise import Clean, Gaussian, Offset, Resolution, SaltAndPepper, apply, declare_noise
from robustness.search.critical import COARSE, FINE, LEVELS, search_flips

BLUR: Any = declare_noise("blur", "torchvision:GaussianBlur", "sigma", {"kernel_size": 3}, Path())


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.fixture(scope="module")
def signs():
    return load_image_set("signs").take(np.arange(0, 1290, 26))


@pytest.fixture(scope="module")
def baseline_cnn(tmp_path_factory):
    return load_classifier(ModelDeclaration("baseline-cnn", "baseline-cnn", "signs"), tmp_path_factory.getbasetemp())


@cache
def brute_force(classifier, image_set, highest):
    """The class of every image at every level, by a loop that shares nothing with the search: int of shape (201, N)."""
    top, start = highest.level, highest.identity
    images = torch.from_numpy(fit_images(image_set, classifier.fit).copy()).permute(0, 3, 1, 2)
    named = []
    with torch.inference_mode():
        for step in range(201):
            noise = highest.at(float(f"{start + (top - start) / 200 * step:.6g}") if step < 200 else top)
            noisy = apply(noise, images.contiguous(), image_set.index, 0).float() / 255
            named.append(torch.cat([classifier.module(part) for part in noisy.split(100)]).argmax(dim=1).numpy())
    return np.array(named)


@pytest.mark.slow
@pytest.mark.parametrize("highest", [Gaussian(60), SaltAndPepper(0.05), Offset(-120)], ids=str)
def test_agrees_with_brute_force_wherever_a_change_stays(highest, signs, baseline_cnn, store):
    search = search_flips(baseline_cnn, signs, highest, 0, store, "run")
    changed = (named := brute_force(baseline_cnn, signs, highest)) != named[0]
    stays = (np.diff(changed.astype(int), axis=0) >= 0).all(axis=0)
    assert np.array_equal(search.flips.clean, named[0])
    first = np.where(changed.any(axis=0), changed.argmax(axis=0), LEVELS + 1)
    assert 0.6 < stays.mean() < 1  # both kinds are there
    assert np.array_equal(search.levels[stays], first[stays])
    found = np.flatnonzero(search.levels <= LEVELS)
    assert np.array_equal(search.flips.after[found], named[search.levels[found], found])
    assert search.passes <= 14
    assert (search.flips.tries <= 14).all()


def test_the_accuracy_curve_is_the_direct_one_but_for_images_that_change_more_than_once(signs, baseline_cnn, store):
    search = search_flips(baseline_cnn, signs, Gaussian(60), 0, store, "run")
    named = brute_force(baseline_cnn, signs, Gaussian(60))
    once = (np.diff((named != named[0]).astype(int), axis=0) >= 0).all(axis=0)
    once &= (np.diff(named, axis=0) != 0).sum(axis=0) <= 1
    direct = (named == signs.labels).sum(axis=1)
    assert (np.abs(search.rights() - direct) <= (~once).sum()).all()
    assert search.rights()[0] == direct[0]
    for level in (0, 37, 200):
        assert search.rights()[level] == search.right_at(level).sum()


def test_the_noise_is_the_one_that_is_evaluated(signs, baseline_cnn, store):
    search = search_flips(baseline_cnn, signs, Gaussian(60), 3, store, "run")
    magnitude = float(np.median(search.flips.critical[np.isfinite(search.flips.critical)]))
    here = search.flips.critical == magnitude
    result = evaluate(baseline_cnn, signs, Gaussian(magnitude), 3)
    assert here.any()
    assert np.array_equal(result.predictions[here], search.flips.after[here])


def test_a_narrow_band_is_found_by_the_fine_mode_and_the_coarse_one_does_not_deny_it(store):
    images = grey_images(9, marked=4)
    model = banded(low=14, high=16)
    coarse = search_flips(model, images, Offset(100), 0, store, "run")
    fine = search_flips(model, images, Offset(100), 0, store, "run", FINE)
    assert np.isinf(coarse.flips.critical).all()
    assert "a flip that is undone between two of those is not seen" in coarse.resolution
    assert "every one of 200 magnitudes" in fine.resolution
    assert np.flatnonzero(np.isfinite(fine.flips.critical)).tolist() == [4]
    assert fine.flips.critical[4] == 13.5  # rounds to 14


@pytest.mark.slow
@pytest.mark.parametrize("highest", [SaltAndPepper(0.05), Offset(-120)], ids=str)
def test_the_fine_mode_agrees_with_brute_force_everywhere(highest, signs, baseline_cnn, store):
    fine = search_flips(baseline_cnn, signs, highest, 0, store, "run", FINE)
    changed = (named := brute_force(baseline_cnn, signs, highest)) != named[0]
    first = np.where(changed.any(axis=0), changed.argmax(axis=0), LEVELS + 1)
    assert np.array_equal(fine.levels, first)
    found = np.flatnonzero(first <= LEVELS)
    assert np.array_equal(fine.flips.after[found], named[first[found], found])


def test_the_fine_mode_does_not_ask_again_about_the_same_bytes(store):
    fine = search_flips(by_brightness(threshold=300), grey_images(300), Offset(100), 0, store, "run", FINE)
    assert np.isinf(fine.flips.critical).all()
    assert (fine.flips.tries == 1 + 100).all()  # 200 levels are 100 whole grey levels
    coarser = search_flips(by_brightness(threshold=300), grey_images(2, marked=1), Resolution(2), 0, store, "run", FINE)
    assert coarser.flips.tries.tolist() == [1, 1 + 2]  # of 4 pixels a side, 3 and 2 are left; a plain image stays as it is


def test_a_network_that_never_changes_leaves_after_the_coarse_levels(store):
    search = search_flips(by_brightness(threshold=300), grey_images(300), Gaussian(50), 0, store, "run")
    assert np.isinf(search.flips.critical).all()
    assert search.passes == 1 + LEVELS / COARSE
    assert (search.flips.after == -1).all()


def test_wrong_predictions_that_turn_right_are_kept_too(store):
    images = grey_images(10, labels=[1] * 10)  # all are called dark, and become bright as light is added
    search = search_flips(by_brightness(threshold=128), images, Offset(200), 0, store, "run")
    assert not search.right.any()
    assert search.mended.all()
    assert search.rights()[[0, LEVELS]].tolist() == [0, 10]


def test_magnitudes_may_fall_from_nothing_and_need_not_begin_at_zero(store):
    darker = search_flips(by_brightness(threshold=50), grey_images(10), Offset(-100), 0, store, "run")
    assert ((darker.flips.critical >= -100) & (darker.flips.critical < 0)).all()
    assert (darker.levels <= LEVELS).all()
    coarser = search_flips(by_brightness(threshold=50), grey_images(10), Resolution(4), 0, store, "run")
    assert coarser.magnitudes[0] == 1


def test_a_search_is_stored_by_its_noise_its_range_and_its_stride(store):
    model, images = by_brightness(threshold=128, hashable=True), grey_images(10)

    def stored(noise, seed=0, stride=COARSE):
        return search_flips(model, images, noise, seed, store, "run", stride).stored

    assert [stored(Offset(100)), stored(Offset(100))] == [False, True]
    assert [stored(Offset(90)), stored(Offset(100), seed=1), stored(Offset(100), stride=FINE)] == [False] * 3
    again = search_flips(model, images, Offset(100), 0, store, "run")
    assert again.flips.critical.dtype == np.float64


def test_a_search_is_no_result_of_the_case_it_is_made_of(store):
    from robustness.evaluation.evaluate import measure

    model, images = by_brightness(threshold=128, hashable=True), grey_images(10)
    search_flips(model, images, Offset(100), 0, store, "run")
    assert not measure(model, images, Offset(100), 0, store, "run").stored


@pytest.mark.parametrize(
    "noise",
    [Clean(), Gaussian(0), BLUR(sigma=1.0)],
    ids=str,
)
def test_what_does_not_grow_from_nothing_cannot_be_searched(noise, store):
    with pytest.raises(RobustnessError, match="a search wants a built-in noise at the highest magnitude"):
        search_flips(by_brightness(threshold=128), grey_images(4), noise, 0, store, "run")
