"""A case done in parts: whatever the parts, the whole is the same to the bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from toy_classifiers import classifier, image_set

from robustness.data import Fit, ImageSet
from robustness.evaluation.batch import BATCH
from robustness.evaluation.evaluate import evaluate
from robustness.evaluation.jobs import evaluation_job, joined, missing, shards_of
from robustness.evaluation.result import Result
from robustness.evaluation.store import Store
from robustness.models.classifier import Classifier
from robustness.noise import Gaussian
from robustness.search.critical import Flips, search_flips, search_job

NOISE = Gaussian(sigma=80)


@pytest.fixture(scope="module")
def many():
    """A thousand pictures of noise, in an index with holes."""
    generator = np.random.default_rng(0)
    images = ImageSet.from_images(
        "many",
        generator.integers(0, 256, (1100, 6, 6, 3), dtype=np.uint8),
        generator.integers(0, 3, 1100).tolist(),
        list("abc"),
    )
    return images.take(np.flatnonzero(generator.random(1100) < 0.9))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Classifier("random", nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(128, 3)), Fit(6))


def in_shards(job, batches):
    parts = [(places, job.compute(job.classifier, job.image_set.take(places))) for places in shards_of(job.image_set, batches)]
    return joined(job.kind, reversed(parts))  # they come in any order


@pytest.mark.parametrize("batches", [1, 2, 3, 4, 5])
def test_predictions_and_margins_do_not_depend_on_the_sharding(many, network, batches, exact_arithmetic):
    whole = evaluate(network, many, NOISE, seed=3)
    parts = in_shards(evaluation_job(network, many, NOISE, 3, "run"), batches)
    np.testing.assert_array_equal(parts.predictions, whole.predictions)
    np.testing.assert_array_equal(parts.margins, whole.margins)
    assert len(set(whole.predictions)) == 3


@pytest.mark.parametrize("batches", [1, 3])
def test_critical_magnitudes_do_not_depend_on_the_sharding(many, network, batches, tmp_path, exact_arithmetic):
    whole = search_flips(network, many, NOISE, 3, Store(tmp_path), "run").flips
    parts = in_shards(search_job(network, many, NOISE, 3, "run"), batches)
    for name in ("clean", "critical", "after", "tries"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
    assert isinstance(parts, Flips)
    assert np.isfinite(whole.critical).any()


@settings(deadline=None)
@given(st.integers(1, 5 * BATCH), st.integers(1, 7))
def test_every_image_is_in_one_shard_of_whole_batches(count, batches):
    shards = shards_of(image_set(count), batches)
    np.testing.assert_array_equal(np.sort(np.concatenate(shards)), np.arange(count))
    assert all(len(places) == batches * BATCH for places in shards[:-1])


def test_what_is_stored_whole_is_not_missing_and_nothing_is_asked_for_twice(tmp_path):
    images, toy = image_set(600), classifier(architecture="toy")
    job = evaluation_job(toy, images, NOISE, 0, "run")
    store = Store(tmp_path)
    assert missing([job, job], store, "run") == [job]
    partly = Result(np.where(np.arange(600) < 300, 0, -1).astype(np.int16), np.zeros(600, np.float32))
    store.get_or_extend(job.case(), Result, lambda known: partly)
    assert missing([job], store, "run") == [job]
    store.get_or_extend(job.case(), Result, lambda known: evaluate(toy, images, NOISE, 0, known))
    assert missing([job], store, "run") == []
