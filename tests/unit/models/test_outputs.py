"""What a network answers becomes logits, or is refused with what to declare."""

from __future__ import annotations

import math
import warnings
from collections import namedtuple
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toy_answers import Answers, two_classes

from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import measure
from robustness.evaluation.rule import predicted
from robustness.evaluation.store import Store
from robustness.gate.sentinels import check_model
from robustness.models.outputs import NoLogitsError, Output, looks_like_a_probability
from robustness.noise import Clean

LOGITS = torch.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
OTHER = torch.zeros(2, 5)
Named = namedtuple("Named", ["features", "scores"])


@dataclass
class Held:
    logits: torch.Tensor
    hidden: torch.Tensor
    kind: str = "text"


@pytest.mark.parametrize(
    ("answer", "declared"),
    [
        (LOGITS, None),
        (LOGITS, "logits"),
        (LOGITS.view(2, 3, 1, 1), None),
        (LOGITS.view(2, 1, 1, 3), None),
        (Held(LOGITS, OTHER), None),
        (Held(OTHER, LOGITS), "hidden"),
        ({"logits": LOGITS, "features": OTHER}, None),
        ({"logits": LOGITS, "features": OTHER}, "logits"),
        ({"features": OTHER, "scores": LOGITS}, "scores"),
        ({"scores": LOGITS}, None),
        ((LOGITS,), None),
        ((LOGITS, None), None),
        ((OTHER, LOGITS), "1"),
        ([OTHER, LOGITS], "1"),
        (Named(OTHER, LOGITS), "scores"),
    ],
    ids=repr,
)
def test_logits_are_found(answer, declared):
    assert torch.equal(Output(declared).logits(answer, "net", 2), LOGITS)


@pytest.mark.parametrize(
    ("answer", "output", "said"),
    [
        (
            (LOGITS, OTHER),
            Output(),
            'net gave tuple for a batch of 2, with 2 tensors: say which are the logits, output = "0" or output = "1"',
        ),
        ({"a": LOGITS, "b": OTHER}, Output("c"), "net gives no output 'c': valid: a, b"),
        ({"a": LOGITS, "scores": OTHER}, Output("score"), "net gives no output 'score': did you mean 'scores'?"),
        (LOGITS, Output("scores"), "net gives one tensor, and no output 'scores'"),
        ({}, Output(), "net gave dict for a batch of 2, not logits of shape (N, classes)"),
        ("text", Output(), "net gave str for a batch of 2, not logits of shape (N, classes)"),
        (None, Output(), "net gave NoneType for a batch of 2, not logits of shape (N, classes)"),
        (torch.zeros(2, 3, 4, 1), Output(), "net gave (2, 3, 4, 1) for a batch of 2, not logits of shape (N, classes)"),
        (torch.zeros(2), Output(), "net gave (2,) for a batch of 2, not logits of shape (N, classes)"),
        (
            torch.zeros(2, dtype=torch.int64),
            Output("logits"),
            "net gave (2,) for a batch of 2, not logits of shape (N, classes)",
        ),
        (
            torch.zeros(2, 1, dtype=torch.int64),
            Output("logits"),
            "net gave (2, 1) for a batch of 2, not logits of shape (N, classes); one number an image is declared as output",
        ),
        (
            torch.zeros(2, 1),
            Output(),
            "net gave (2, 1) for a batch of 2, not logits of shape (N, classes); one number an image is declared as output",
        ),
        (
            torch.zeros(2, 1),
            Output("probabilities"),
            "net gave (2, 1) for a batch of 2, not logits of shape (N, classes); one number an image is declared as output",
        ),
        (torch.tensor(1.0), Output("logits"), "net gave () for a batch of 2"),
        (LOGITS, Output(threshold=0.3), "net gives 3 numbers for each image, and a threshold is for one number"),
        (LOGITS, Output("probabilities"), "net gave numbers from 1 to 3, which are no probabilities: say output"),
        (-LOGITS, Output("sigmoid"), "net gave numbers from -3 to -1, which are no probabilities: say output"),
    ],
    ids=repr,
)
def test_what_could_be_read_in_two_ways_or_none_is_refused(answer, output, said):
    with pytest.raises(NoLogitsError) as refused:
        output.logits(answer, "net", 2)
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


@given(st.floats(-20, 20, width=32), st.floats(0.01, 0.99))
def test_one_logit_is_class_1_above_the_threshold(logit, threshold):
    for shape in ((1,), (1, 1), (1, 1, 1, 1)):
        logits = Output("logits", threshold).logits(torch.tensor([logit]).view(shape), "net", 1)
        assert logits.shape == (1, 2)
        edge = float(torch.tensor(math.log(threshold / (1 - threshold))))
        assert predicted(logits, "net")[0].tolist() == [int(logit > edge)]


@given(st.integers(0, 256), st.sampled_from([None, 0.25, 0.5, 0.75]), st.sampled_from([torch.float16, torch.float32]))
def test_one_probability_is_class_1_above_the_threshold_and_class_0_at_it(step, threshold, dtype):
    """As `probability > threshold` says; a grid of eight bits meets the threshold often, and that is no tie."""
    logits = Output("sigmoid", threshold).logits(torch.tensor([[step / 256]], dtype=dtype), "net", 1)
    assert predicted(logits, "net")[0].tolist() == [int(step / 256 > (threshold or 0.5))]


def test_probabilities_of_eight_bits_are_read():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        steps = torch.quantize_per_tensor(torch.tensor([[0.1, 0.9]]), 1 / 256, 0, torch.quint8)
    assert Output("probabilities").logits(steps, "net", 1).argmax() == 1


@pytest.mark.parametrize("declared", ["logits", "probabilities", "sigmoid"])
def test_an_output_of_the_declared_name_is_the_one(declared):
    right, wrong = torch.tensor([[0.1, 0.9], [0.8, 0.2]]), torch.tensor([[0.9, 0.1], [0.2, 0.8]])
    others = {name: wrong for name in ("first", "logits", "probabilities", "sigmoid") if name != declared}
    for answer in (
        {**others, declared: right},
        {"other": wrong, declared: right},
        SimpleNamespace(**others, **{declared: right}),
    ):
        assert torch.equal(Output(declared).logits(answer, "net", 2), right)


@pytest.mark.parametrize(
    ("output", "edge"),
    [(Output("logits"), 0.0), (Output("sigmoid"), 0.5), (Output("sigmoid", 0.25), 0.25), (Output("logits", 0.5), -0.0)],
    ids=str,
)
def test_images_that_are_all_at_the_threshold_are_told_apart_by_nothing(output, edge):
    with pytest.raises(RobustnessError, match="net gave logits that are all equal for 4 of 4 images of a batch"):
        predicted(output.logits(torch.full((4, 1), edge), "net", 4), "net")
    assert predicted(output.logits(torch.tensor([edge]), "net", 1), "net")[0].tolist() == [0]
    assert predicted(output.logits(torch.tensor([edge, edge, edge, 1.0]), "net", 4), "net")[0].tolist() == [0, 0, 0, 1]


def test_a_network_of_one_number_that_is_always_0_stops(tmp_path):
    dead = two_classes(lambda excess: 0 * excess, Output("logits"))
    with pytest.raises(RobustnessError, match="toy gave logits that are all equal"):
        measure(dead, Answers.images(every=4), Clean(), 0, Store(tmp_path), "run")


@given(st.lists(st.sampled_from([0.0, 1.0, 0.5, 0.3]), min_size=1), st.sampled_from([None, 0.1, 0.3, 0.9]))
def test_probabilities_of_exactly_0_or_1_are_known_as_such(numbers, threshold):
    output = Output("logits", threshold)
    assert looks_like_a_probability(output, output.logits(torch.tensor(numbers), "net", len(numbers)))
    more = [*numbers, -2.0]
    assert not looks_like_a_probability(output, output.logits(torch.tensor(more), "net", len(more)))


def test_nan_stays_nan():
    assert Output("sigmoid").logits(torch.tensor([[float("nan")]]), "net", 1).isnan().any()


@pytest.mark.parametrize("output", [Output("sigmoid"), Output("logits"), Output("probabilities"), Output("scores")], ids=str)
def test_how_an_answer_is_read_is_part_of_what_a_result_is_kept_under(output):
    plain, other = (two_classes(lambda excess: excess, each).content_hash() for each in (Output(), output))
    assert plain != other
    assert two_classes(lambda excess: excess, Output()).content_hash() == plain


def test_two_classes_by_one_number_are_measured(tmp_path):
    images = Answers.images()
    for answer, output in (
        (lambda excess: excess[:, None], Output("logits")),
        (torch.sigmoid, Output("sigmoid")),
        (lambda excess: torch.sigmoid(excess - 1), Output("sigmoid", 1 / (1 + math.e))),
        (lambda excess: torch.stack([-excess, excess], 1).softmax(1), Output("probabilities")),
        (lambda excess: {"logits": torch.stack([-excess, excess], 1)}, Output()),
    ):
        classifier = two_classes(answer, output)
        check_model(classifier, images, [], 0, Store(tmp_path), repr(output))
        assert measure(classifier, images, Clean(), 0, Store(tmp_path), repr(output)).accuracy == 1
    wrong = two_classes(lambda excess: -excess, Output("logits"))
    assert measure(wrong, images, Clean(), 0, Store(tmp_path), "wrong").accuracy == 0


def test_a_probability_declared_as_a_logit_stops(tmp_path):
    """It says class 1 of every image, which on a lopsided set is a good accuracy."""
    lopsided = Answers.images(every=10)
    network = two_classes(torch.sigmoid, Output("logits"))
    assert measure(network, lopsided, Clean(), 0, Store(tmp_path), "run").accuracy == pytest.approx(0.9)
    with pytest.raises(
        RobustnessError, match="toy gives one number for each image, all in 0..1, as probabilities are: say output"
    ):
        check_model(network, lopsided, [], 0, Store(tmp_path), "run")


def test_a_set_of_three_classes_refuses_one_number(tmp_path):
    images = Answers.images(classes=("a", "b", "c"))
    with pytest.raises(RobustnessError, match="toy tells 2 classes apart, toy has 3"):
        measure(two_classes(torch.sigmoid, Output("sigmoid")), images, Clean(), 0, Store(tmp_path), "run")


def test_answers_are_no_less_exact_for_being_read():
    logits = Output("logits").logits(torch.tensor([[1e-30], [-1e-30]], dtype=torch.float64), "net", 2)
    assert np.array_equal(predicted(logits, "net")[0], [1, 0])
