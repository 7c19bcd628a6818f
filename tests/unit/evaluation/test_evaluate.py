"""From a case to predictions, on toy models."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kept import kept
from toy_classifiers import CLASSES, Answer, Brightness, classifier, image_set

from robustness.errors import RobustnessError
from robustness.evaluation import batch
from robustness.evaluation import evaluate as module_under_test
from robustness.evaluation.batch import BATCH
from robustness.evaluation.evaluate import evaluate, measure
from robustness.evaluation.order import evaluation_order
from robustness.evaluation.store import Store
from robustness.noise import Clean, Gaussian, SaltAndPepper

NOISES = [Clean(), Gaussian(90), SaltAndPepper(0.3)]


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path))
    return Store()


# Predictions


def test_predictions_are_the_classes_the_model_names():
    result = evaluate(classifier(), image_set(6), Clean(), 0)
    assert result.predictions.tolist() == [0, 1, 2, 0, 1, 2]
    assert result.predictions.dtype == np.int16
    assert result.margins == pytest.approx([108 / 255, 107 / 255, 107 / 255] * 2, abs=1e-6)


def test_measure_counts_the_images_named_right(store):
    measurement = measure(classifier(), image_set(8), Clean(), 0, store, "run")
    assert (measurement.right, measurement.total, measurement.accuracy) == (6, 8, 0.75)  # two labels are wrong
    assert (measurement.case.model, measurement.case.data, measurement.case.noise) == ("toy", "toy", Clean())


def test_a_measurement_takes_no_longer_than_its_call(store):
    started = time.perf_counter()
    seconds = measure(classifier(), image_set(8), Clean(), 0, store, "run").seconds
    assert 0 < seconds <= time.perf_counter() - started


def test_margin_is_the_lead_of_the_first_class():
    logits = torch.tensor([1.0, 7.0, 4.5])
    result = evaluate(classifier(Answer(lambda batch: logits.repeat(len(batch), 1))), image_set(2), Clean(), 0)
    assert result.predictions.tolist() == [1, 1]
    assert result.margins.tolist() == [2.5, 2.5]


def test_noise_reaches_the_model_and_the_seed_chooses_it():
    seen = []
    model = classifier(Answer(lambda batch: seen.append(batch[:1].clone()) or batch.mean(dim=(2, 3)) + torch.arange(3)))
    for noise, seed in ((Clean(), 0), (Clean(), 1), (Gaussian(50), 0), (Gaussian(50), 1), (Gaussian(50), 1)):
        evaluate(model, image_set(1), noise, seed)
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[0], seen[2])
    assert not torch.equal(seen[2], seen[3])
    assert torch.equal(seen[3], seen[4])


# Batches


def test_every_batch_is_full_and_every_image_is_evaluated():
    module = Brightness()
    result = evaluate(classifier(module), image_set(BATCH + 44), Clean(), 0)
    assert [shape for shape, _ in module.calls] == [(64, 3, 4, 4)] * 5
    assert result.predictions.tolist() == [number % 3 for number in range(BATCH + 44)]


@pytest.mark.parametrize("noise", NOISES, ids=str)
def test_the_last_batch_is_no_different(noise):
    images = image_set(BATCH + 44)
    together = evaluate(classifier(), images, noise, 5)
    last = evaluate(classifier(), images.take(range(BATCH, BATCH + 44)), noise, 5)
    assert np.array_equal(together.predictions[BATCH:], last.predictions)
    assert np.array_equal(together.margins[BATCH:], last.margins)


@given(places=st.lists(st.integers(0, 19), min_size=1, max_size=20), noise=st.sampled_from(NOISES), seed=st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_a_subset_meets_the_same_noise(places, noise, seed):
    images = image_set(20)
    together = evaluate(classifier(), images, noise, seed)
    assert np.array_equal(evaluate(classifier(), images.take(places), noise, seed).predictions, together.predictions[places])


@pytest.mark.parametrize("size", [1, 7, 20, 64])
def test_batch_size_does_not_change_predictions(size, monkeypatch):
    wanted = evaluate(classifier(), image_set(20), Gaussian(90), 5)
    for module in (module_under_test, batch):
        monkeypatch.setattr(module, "BATCH", size)
    assert np.array_equal(evaluate(classifier(), image_set(20), Gaussian(90), 5).predictions, wanted.predictions)


def test_a_module_in_training_mode_is_evaluated_in_evaluation_mode():
    module = Brightness()
    model = classifier(module)
    module.train()
    evaluate(model, image_set(), Clean(), 0)
    assert [training for _, training in module.calls] == [False]


# Refusals


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda batch: batch, r"gave \(64, 3, 4, 4\) for a batch of 64, not logits"),
        (lambda batch: batch.mean(dim=(1, 2, 3)), r"gave \(64,\) for a batch"),
        (lambda batch: batch.mean(dim=(2, 3))[:6], r"gave \(6, 3\) for a batch"),
        (lambda batch: batch.mean(dim=(2, 3))[:, :1], r"gave \(64, 1\) for a batch"),
        (lambda batch: (batch.mean(dim=(2, 3)),) * 2, "gave tuple for a batch of 64, with 2 tensors: say which"),
        (lambda batch: None, "gave NoneType for a batch"),
        (lambda batch: batch.mean(dim=(2, 3))[:, :2], "tells 2 classes apart, toy has 3"),
        (lambda batch: batch.mean(dim=(2, 3)).repeat(1, 2), "tells 6 classes apart, toy has 3"),
        (lambda batch: batch.mean(dim=(2, 3)) * torch.nan, "NaN or infinite logits for 64 of 64 images"),
        (lambda batch: batch.mean(dim=(2, 3)) / 0, "NaN or infinite logits for 64 of 64"),
    ],
)
def test_what_is_not_logits_is_refused(function, message, store):
    with pytest.raises(RobustnessError, match=f"^toy .*{message}"):
        measure(classifier(Answer(function)), image_set(BATCH), Clean(), 0, store, "run")


def test_one_nan_is_enough_and_nothing_is_stored(store):
    def one_nan(batch):
        logits = batch.mean(dim=(2, 3))
        logits[4, 2] = torch.nan
        return logits

    with pytest.raises(RobustnessError, match=r"NaN or infinite logits for 1 of .*nothing was measured"):
        measure(classifier(Answer(one_nan), architecture="toy"), image_set(), Clean(), 0, store, "run")
    assert kept(store.folder) == []
    measure(classifier(architecture="toy"), image_set(), Clean(), 0, store, "run")
    assert len(kept(store.folder)) == 1


def test_logits_of_the_padding_do_not_matter():
    def nan_without_light(batch):
        return (batch / batch.amax(dim=(1, 2, 3), keepdim=True)).mean(dim=(2, 3)) + torch.arange(3)

    assert len(evaluate(classifier(Answer(nan_without_light)), image_set(), Clean(), 0).predictions) == 6


@pytest.mark.parametrize(
    ("class_names", "message"),
    [
        (("grey", "dark", "bright"), "3 classes that are not the 3 of toy: class 0 is 'grey' there and 'dark' here"),
        (("dark", "grey"), "2 classes that are not the 3 of toy$"),
        (("dark", "grey", "light"), "class 2 is 'light' there and 'bright' here"),
    ],
)
def test_a_model_of_other_classes_is_refused(class_names, message, store):
    module = Brightness()
    with pytest.raises(RobustnessError, match=message):
        measure(classifier(module, class_names=class_names), image_set(), Clean(), 0, store, "run")
    assert not module.calls


def test_a_model_of_the_same_classes_is_measured(store):
    assert measure(classifier(class_names=CLASSES), image_set(3), Clean(), 0, store, "run").accuracy == 1


# Results in the store


def test_a_module_of_unknown_code_is_evaluated_once_in_each_run(store):
    module = Brightness()
    answers = [measure(classifier(module), image_set(), Clean(), 0, store, run) for run in ("one", "one", "two", "two", "one")]
    assert [answer.stored for answer in answers] == [False, True, False, True, True]
    assert len(module.calls) == 2
    assert len({answer.right for answer in answers}) == 1


def test_a_known_architecture_is_evaluated_once_over_all_runs(store):
    module = Brightness()
    for run in ("one", "two"):
        store.end_run(run)
        for name in ("old name", "new name"):
            measure(classifier(module, name, architecture="brightness"), image_set(), Clean(), 0, store, run)
    assert len(module.calls) == 1


def test_changed_weights_noise_seed_or_images_are_evaluated_again(store):
    module = Brightness()
    model = classifier(module, architecture="brightness")
    for images in (image_set(6), image_set(7)):
        for noise, seed in ((Clean(), 0), (Gaussian(5), 0), (Gaussian(5), 1)):
            measure(model, images, noise, seed, store, "run")
    assert len(module.calls) == 6
    with torch.no_grad():
        module.levels.add_(0.001)
    measure(model, image_set(6), Clean(), 0, store, "run")
    assert len(module.calls) == 7


def test_two_codes_with_the_same_weights_do_not_share_a_result(store):
    images = image_set()
    one = classifier(Answer(lambda batch: torch.eye(3)[torch.zeros(len(batch), dtype=torch.int64)]), name="one")
    two = classifier(Answer(lambda batch: torch.eye(3)[torch.ones(len(batch), dtype=torch.int64)]), name="two")
    first, second = (measure(model, images, Clean(), 0, store, "run").result.predictions for model in (one, two))
    assert set(first) == {0}
    assert set(second) == {1}


def test_a_module_that_raises_is_told_with_the_shape_it_was_given():
    with pytest.raises(
        RobustnessError, match=r"toy raised RuntimeError: .*shape \(64, 3, 4, 4\); are its images crop-or-pad 4\?"
    ):
        evaluate(classifier(Answer(lambda batch: batch @ torch.zeros(5, 5))), image_set(), Clean(), 0)


# Stopping early, and going on


def test_stops_when_enough_and_completes_without_repeating():
    batches = []
    model = classifier(Answer(lambda batch: batches.append(len(batch)) or batch.mean(dim=(2, 3))))
    images = image_set(700)
    whole = evaluate(model, images, Gaussian(40), 3)
    batches.clear()
    part = evaluate(model, images, Gaussian(40), 3, enough=lambda right, seen: seen >= 300)
    assert batches == [64] * 8
    assert (part.predictions >= 0).sum() == 512
    assert not part.is_complete
    rest = evaluate(model, images, Gaussian(40), 3, known=part)
    assert len(batches) == 11
    assert np.array_equal(rest.predictions, whole.predictions)
    assert evaluate(model, images, Gaussian(40), 3, known=rest, enough=lambda right, seen: False) is rest
    assert len(batches) == 11


def test_enough_is_told_how_many_of_the_images_seen_are_right():
    images, told = image_set(700), []

    def enough(right, seen):
        told.append((right, seen))
        return False

    result = evaluate(classifier(), images, Gaussian(90), 0, enough=enough)
    hit = (result.predictions == images.labels)[evaluation_order(images.index)]
    assert told == [(int(hit[:seen].sum()), seen) for seen in (256, 512, 700)]


def test_measuring_early_then_in_full_stores_one_result(store):
    early = measure(classifier(), image_set(700), Clean(), 0, store, "run", enough=lambda right, seen: True)
    assert (early.seen, early.total, len(early.looks), early.stored) == (256, 700, 1, False)
    full = measure(classifier(), image_set(700), Clean(), 0, store, "run")
    assert (full.seen, full.stored) == (700, False)
    again = measure(classifier(), image_set(700), Clean(), 0, store, "run", enough=lambda right, seen: True)
    assert (again.seen, again.stored, again.looks) == (700, True, full.looks)


def test_the_order_hangs_on_the_index_alone():
    index = np.random.default_rng(0).permutation(2**40 + np.arange(500))
    order = evaluation_order(index)
    assert sorted(order) == list(range(500))
    half = np.arange(0, 500, 2)
    kept = set(index[half])
    assert list(index[half][evaluation_order(index[half])]) == [place for place in index[order] if place in kept]
