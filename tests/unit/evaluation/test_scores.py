"""Ranks and probabilities beside the predictions: what they are, where classes tie, and where results are kept."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import top_k_accuracy_score
from toy_classifiers import Answer, classifier, image_set

from robustness.evaluation.batch import score
from robustness.evaluation.evaluate import evaluate, make_case, measure
from robustness.evaluation.jobs import evaluation_job, joined, shards_of
from robustness.evaluation.result import Result, Scores
from robustness.evaluation.rule import NO_CLASS, predicted, ranked
from robustness.evaluation.store import Store
from robustness.models.class_map import OUTSIDE, ClassMap
from robustness.models.outputs import Output
from robustness.noise import Clean, Gaussian

LOGITS = hnp.arrays(np.float32, st.tuples(st.integers(1, 30), st.just(5)), elements=st.floats(-9, 9, width=16))


def ranks(logits, labels):
    values = torch.from_numpy(logits)
    return ranked(values, labels, values.argmax(dim=1).numpy() == labels)


@given(data=st.data(), logits=LOGITS, k=st.integers(1, 4))
def test_without_ties_top_k_is_scikit_learns(data, logits, k):
    logits = np.argsort(np.argsort(logits, axis=1, kind="stable"), axis=1).astype(np.float32)
    labels = data.draw(hnp.arrays(np.int64, len(logits), elements=st.integers(0, 4)))
    share = (ranks(logits, labels) <= k).mean()
    assert share == pytest.approx(top_k_accuracy_score(labels, logits, k=k, labels=range(5)))


@given(
    data=st.data(),
    logits=hnp.arrays(np.float32, st.tuples(st.integers(1, 30), st.just(5)), elements=st.sampled_from([0.0, 1.0, 2.0])),
)
def test_with_ties_the_first_place_is_accuracy_and_no_order_of_classes_gains_more(data, logits):
    labels = data.draw(hnp.arrays(np.int64, len(logits), elements=st.integers(0, 4)))
    found = ranks(logits, labels)
    said = logits.argmax(axis=1)
    flat = (logits == logits[:, :1]).all(axis=1)
    assert ((found == 1) == (said == labels)).all()
    assert (found[flat & (said != labels)] == NO_CLASS).all()
    last = (logits >= logits[np.arange(len(labels)), labels][:, None]).sum(axis=1)
    rest = (said != labels) & ~flat
    assert (found[rest] == last[rest]).all()
    assert (found[rest] >= 2).all()


def test_what_has_no_class_is_in_no_top():
    values = torch.zeros(3, 4)
    values[1:, 2] = 1
    classes, _ = predicted(values, "net")
    labels = np.array([0, 2, 1])
    assert ranked(values, labels, classes == labels).tolist() == [NO_CLASS, 1, 4]


def scored(answer, labels, images=None, **more):
    made = classifier(Answer(lambda batch: answer[: len(batch)]))
    made = replace(made, **more)
    images = images or image_set(len(labels))
    object.__setattr__(images, "labels", np.array(labels))
    made.room.images = max(2, len(labels))
    return score(made, images, np.arange(len(labels)), torch.zeros((len(labels), 3, 4, 4), dtype=torch.uint8))


ROWS = torch.tensor([[9.0, 1.0, 5.0, 3.0, 2.0], [0.0, 2.0, 8.0, 1.0, 3.0], [0.0, 1.0, 2.0, 7.0, 3.0]])


def test_of_a_network_of_more_classes_all_of_them_compete_where_others_are_wrong():
    images = image_set(3, classes=("cat", "owl", "dog"))
    images = replace(images, class_names=("cat", "owl", "dog", OUTSIDE))
    numbers = (("cat", 3), ("dog", 4), ("owl", 1))
    found = scored(ROWS, [0, 1, 0], images, class_map=ClassMap(numbers, open=True))
    assert found.predictions.tolist() == [3, 3, 0]
    assert found.ranks.tolist() == [3, 3, 1]  # behind 9 and 5; behind 8 and 3
    everything = ROWS.double().softmax(dim=1)
    assert found.probabilities == pytest.approx(everything.max(dim=1).values.numpy(), rel=1e-6)


def test_of_a_network_of_more_classes_the_named_ones_compete_where_others_are_ignored():
    images = replace(image_set(3), class_names=("cat", "owl", "dog"))
    numbers = (("cat", 3), ("dog", 4), ("owl", 1))
    found = scored(ROWS, [0, 1, 1], images, class_map=ClassMap(numbers, open=False))
    assert found.ranks.tolist() == [1, 2, 3]
    own = ROWS[:, [3, 1, 4]].double().softmax(dim=1)
    assert found.probabilities == pytest.approx(own.max(dim=1).values.numpy(), rel=1e-6)


@pytest.mark.parametrize(
    ("output", "answer", "expected"),
    [
        (Output(), [[2.0, 0.0], [0.0, 0.0], [0.0, 1.0]], [1 / (1 + np.exp(-2)), 0.5, 1 / (1 + np.exp(-1))]),
        (Output("probabilities"), [[0.75, 0.25], [0.25, 0.75], [0.5, 0.5]], [0.75, 0.75, 0.5]),
        (Output("probabilities"), [[0.5, 0.25], [0.2, 0.6], [0.1, 0.3]], [2 / 3, 0.75, 0.75]),
        (Output("sigmoid"), [[0.9], [0.2], [0.5]], [0.9, 0.8, 0.5]),
        (Output("sigmoid", 0.3), [[0.4], [0.2], [0.9]], [0.4, 0.8, 0.9]),
        (Output("sigmoid"), [[0.9, 0.8], [0.1, 0.3], [0.2, 0.1]], [0.9, 0.3, 0.2]),
        (Output("logits"), [[2.0], [-1.0], [0.5]], [1 / (1 + np.exp(-value)) for value in (2, 1, 0.5)]),
        (Output("logits", 0.8), [[2.0], [1.0], [-1.0]], [1 / (1 + np.exp(-2)), 1 - 1 / (1 + np.exp(-1)), 1 / (1 + np.exp(-1))]),
    ],
)
def test_the_probability_is_the_predicted_classes_however_the_network_answers(output, answer, expected):
    images = replace(image_set(2), class_names=("no", "yes")).take([0, 1, 1])
    found = scored(torch.tensor(answer), [0, 1, 1], images, output=output)
    assert found.probabilities == pytest.approx(np.array(expected), abs=1e-6)
    assert ((found.probabilities >= 0) & (found.probabilities <= 1)).all()


@pytest.mark.parametrize("class_map", [None, ClassMap((("dark", 0), ("grey", 2), ("bright", 1)), open=False)])
def test_probabilities_that_are_not_declared_as_such_are_not_taken_for_logits(class_map):
    """A softmax of them would make a network that is sure of itself look unsure, and so calibrated."""
    answer = torch.tensor([[4.0, 0.0, 1.0, 0.0], [0.0, 3.0, 1.0, 0.5]]).softmax(dim=1)[:, : 4 if class_map else 3]
    answer = answer / answer.sum(dim=1, keepdim=True)
    images = image_set(2)
    found = scored(answer, [0, 1], images, class_map=class_map)
    assert np.isnan(found.probabilities).all()
    assert (found.ranks >= 1).all()
    declared = scored(answer, [0, 1], images, class_map=class_map, output=Output("probabilities"))
    assert (declared.probabilities > 0.7).all()
    assert (declared.ranks == found.ranks).all()


# Kept beside the predictions.


def test_scores_and_predictions_are_results_of_their_own_that_agree(tmp_path):
    net, images, store = classifier(architecture="toy"), image_set(300), Store(tmp_path)
    of_case = partial(measure, net, images, Gaussian(40), 3, store, "run")
    plain, rich = of_case(), of_case(kind=Scores)
    assert plain.case.key != rich.case.key
    assert (plain.result.predictions == rich.result.predictions).all()
    assert isinstance(rich.result, Scores)
    assert ((rich.result.ranks == 1) == (rich.result.predictions == images.labels)).all()
    again = of_case(kind=Scores)
    assert again.stored
    for one in fields(Scores):
        assert (getattr(again.result, one.name) == getattr(rich.result, one.name)).all()
    assert type(store.read(rich.case.key, "run", Result)) is Result  # as the report reads it


def test_what_says_less_is_never_read_as_what_says_more(tmp_path):
    net, images, store = classifier(architecture="toy"), image_set(30), Store(tmp_path)
    plain = measure(net, images, Clean(), 0, store, "run")
    assert store.read(plain.case.key, "run", Scores) is None
    case = make_case(net, images, Clean(), 0, "run", Scores)
    store.get_or_extend(case, Result, lambda known: plain.result)  # a file of the right name that lacks ranks
    found = measure(net, images, Clean(), 0, store, "run", kind=Scores)
    assert not found.stored
    assert isinstance(found.result, Scores)
    assert (found.result.ranks >= 1).all()


def test_a_part_is_completed_and_ranks_say_where_nothing_was_evaluated():
    net, images = classifier(architecture="toy"), image_set(600)
    part = evaluate(net, images, Clean(), 0, enough=lambda right, seen: True, kind=Scores)
    assert isinstance(part, Scores)
    assert not part.is_complete
    assert ((part.ranks == -1) == (part.predictions == -1)).all()
    whole = evaluate(net, images, Clean(), 0, known=part, kind=Scores)
    expected = evaluate(net, images, Clean(), 0, kind=Scores)
    for one in fields(Scores):
        assert (getattr(whole, one.name) == getattr(expected, one.name)).all()


def test_shards_give_the_ranks_of_the_whole():
    net, images = classifier(architecture="toy"), image_set(700)
    job = evaluation_job(net, images, Gaussian(60), 1, "run", Scores)
    parts = [(places, job.compute(net, images.take(places))) for places in shards_of(images, 1)]
    whole = job.compute(net, images)
    together = joined(job.kind, parts)
    assert isinstance(whole, Scores)
    assert len(parts) == 3
    assert (together.ranks == whole.ranks).all()
    assert (together.predictions == whole.predictions).all()


@pytest.mark.parametrize("output", [Output("sigmoid"), Output("sigmoid", 0.8), Output("logits", 0.8)])
def test_one_number_is_as_sure_whichever_way_its_classes_are_named(output):
    answer = torch.tensor([[0.9], [0.1]] if output.declared == "sigmoid" else [[3.0], [-2.0]])
    images = replace(image_set(2), class_names=("a", "b"))
    as_it_is = scored(answer, [1, 0], images, output=output)
    turned = scored(answer, [0, 1], images, output=output, class_map=ClassMap((("a", 1), ("b", 0)), open=False))
    assert (turned.predictions == 1 - as_it_is.predictions).all()
    assert (turned.probabilities == as_it_is.probabilities).all()
