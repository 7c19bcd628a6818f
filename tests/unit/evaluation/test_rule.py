"""The prediction rule: the largest logit, the lowest class of several, and no class at all where nothing was computed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toy_classifiers import Answer, Brightness, classifier, image_set

from robustness.data.image_set import MOST_CLASSES
from robustness.errors import RobustnessError
from robustness.evaluation.batch import check_classes, predict
from robustness.evaluation.evaluate import measure
from robustness.evaluation.forward import arithmetic
from robustness.evaluation.rule import NO_CLASS, class_name, predicted
from robustness.evaluation.store import Store
from robustness.noise import Clean


def of(rows, dtype=torch.float32):
    return predicted(torch.tensor(rows, dtype=dtype), "net")


@given(st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=1, max_size=40))
def test_the_class_is_what_numpys_argmax_says_and_none_where_all_are_equal(rows):
    grid = np.array(rows)
    flat = (grid == grid[:, :1]).all(axis=1)
    if 2 * flat.sum() > len(grid):
        with pytest.raises(RobustnessError, match="net gave logits that are all equal for"):
            of(rows)
        return
    classes, margins = of(rows)
    assert (classes[~flat] == grid.argmax(axis=1)[~flat]).all()
    assert (classes[flat] == NO_CLASS).all()
    top = np.sort(grid, axis=1)
    assert (margins == top[:, -1] - top[:, -2]).all()


def test_ties_on_a_long_row_go_to_the_lowest_class():
    """`topk` gives another one of them from some length on."""
    rows = torch.zeros(64, 1000)
    rows[:, 300:] = 1
    assert set(predicted(rows, "net")[0].tolist()) == {300}


def test_an_image_without_a_class_counts_as_wrong_whatever_its_label(tmp_path):
    def answer(batch):
        return torch.where(batch.mean(dim=(1, 2, 3))[:, None] > 0.2, torch.eye(3)[1], 0.0)  # nothing for dark images

    measured = measure(classifier(Answer(answer)), image_set(), Clean(), 0, Store(tmp_path), "run")
    assert measured.result.predictions.tolist() == [NO_CLASS, 1, 1, NO_CLASS, 1, 1]
    assert measured.result.is_complete
    assert measured.right == (image_set().labels == measured.result.predictions).sum() == 2
    assert measured.seen == 6
    assert class_name(("dark", "grey", "bright"), NO_CLASS) == "no class"


def test_a_batch_of_equal_logits_stops(tmp_path):
    constant = classifier(Answer(lambda batch: batch.new_ones(len(batch), 3)))
    with pytest.raises(RobustnessError, match="toy gave logits that are all equal for 6 of 6 images of a batch"):
        measure(constant, image_set(), Clean(), 0, Store(tmp_path), "run")


def test_more_classes_than_are_kept_are_refused_before_the_first_forward_pass():
    network = Brightness()
    images = image_set(classes=tuple(map(str, range(MOST_CLASSES + 1))))
    with pytest.raises(RobustnessError, match="toy has 32,768 classes, and predictions are kept of 32,767 at most"):
        check_classes(classifier(network), images)
    assert not network.calls


def test_the_last_class_that_is_kept_is_told_from_no_class():
    row = torch.zeros(1, MOST_CLASSES)
    row[0, -1] = 1
    assert predicted(row, "net")[0].tolist() == [MOST_CLASSES - 1]
    assert MOST_CLASSES - 1 != NO_CLASS


def test_complex_logits_are_refused():
    network = classifier(Answer(lambda batch: torch.ones(len(batch), 3, dtype=torch.complex64)))
    with pytest.raises(RobustnessError, match="toy gave complex numbers, which have no largest; return real logits"):
        predict(network, image_set(), torch.zeros(2, 3, 4, 4, dtype=torch.uint8))


@pytest.mark.parametrize("dtype", [torch.float64, torch.int64])
def test_logits_that_differ_by_less_than_float32_holds_stay_apart(dtype):
    network = classifier(Answer(lambda batch: torch.tensor([[2**40, 2**40 + 1, 0]], dtype=dtype).expand(len(batch), 3)))
    assert predict(network, image_set(), torch.zeros(2, 3, 4, 4, dtype=torch.uint8))[0].tolist() == [1, 1]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float16, torch.bfloat16])
def test_logits_of_few_bits_are_read(dtype):
    network = classifier(Answer(lambda batch: torch.tensor([[1, 3, 2]], dtype=dtype).expand(len(batch), 3)))
    classes, margins = predict(network, image_set(), torch.zeros(2, 3, 4, 4, dtype=torch.uint8))
    assert (classes.tolist(), margins.tolist()) == ([1, 1], [1, 1])
    assert margins.dtype == np.float32


def test_fewer_bits_in_products_are_another_case():
    network = classifier()
    before = arithmetic(network)
    former = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        assert arithmetic(network) != before
    finally:
        torch.set_float32_matmul_precision(former)
    assert arithmetic(network) == before
