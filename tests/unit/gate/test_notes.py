"""Notes and records as text: exact, in one line, and nothing that has no such form. Values of anybody's as plain ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from builders import hunt_record, limit_record, marks, rich_results
from hypothesis import given
from hypothesis import strategies as st

from robustness.errors import RobustnessError
from robustness.gate.notes import NOTES, Figure, GateTest, ModelUsed, RuleMeasured, figure, from_text, plain, to_text
from robustness.generators.record import GeneratorJudged
from robustness.kinds import KINDS

CLASSES = (*NOTES, *(cls for kind in KINDS for cls in (kind.record, *kind.notes)))
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def measured(**changes):
    return RuleMeasured(**{"case": "net / set", "key": "k", "right": 3, "total": 5} | changes)


def same(note):
    return from_text(to_text(note), CLASSES) == note


# Notes


@given(TEXTS, st.integers(), st.integers())
def test_a_note_comes_back_as_it_was(text, right, total):
    assert same(measured(case=text, right=right, total=total))
    assert same(ModelUsed(model=text, hash="h", identity="f"))
    assert same(GateTest())


@pytest.mark.parametrize(
    "record",
    [
        *rich_results().records,
        limit_record(verdict="INCONCLUSIVE", words="ü, \u2028 and \n", low=1 / 3),
        hunt_record(),
        GeneratorJudged(generator="signs", marks=marks(losses={"generator": (None, 0.1)}, frechet=None)),
    ],
    ids=lambda record: f"{record.kind} {type(getattr(record, 'evidence', None) or getattr(record, 'details', None)).__name__}",
)
def test_a_record_comes_back_as_it_was(record):
    assert same(record)


def test_every_class_has_a_kind_of_its_own():
    assert len({cls.kind for cls in CLASSES}) == len(CLASSES)


def test_a_note_is_one_line():
    text = to_text(measured(case="ü\n\r\x00"))
    assert len(text.splitlines()) == 1
    assert json.loads(text.partition(" ")[2])["case"] == "ü\n\r\x00"


@pytest.mark.parametrize("right", [np.int64(2**62 + 1), np.uint8(200), torch.tensor(7)], ids=repr)
def test_a_count_may_be_a_numpy_scalar(right):
    came = from_text(to_text(measured(right=right)), CLASSES)
    assert isinstance(came, RuleMeasured)
    assert came.right == int(right)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -np.inf, np.float32("nan"), torch.tensor(torch.nan)], ids=repr)
def test_a_record_holds_no_nan_and_no_infinity(value):
    with pytest.raises(RobustnessError, match="limit: cannot be reported"):
        to_text(limit_record(value=value))


@pytest.mark.parametrize("value", ["3", 3.5, None, [3], object(), b"3"], ids=lambda value: type(value).__name__)
def test_a_value_of_another_type_is_refused(value):
    with pytest.raises(RobustnessError, match="measurement: cannot be reported"):
        to_text(measured(right=value))


def test_half_a_character_is_refused():
    with pytest.raises(RobustnessError, match="measurement: cannot be reported"):
        to_text(measured(case="\ud800"))


# Values of anybody's


@given(PLAIN)
def test_what_is_plain_stays_as_it_is(value):
    assert plain(value) == value


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (np.int64(2**62 + 1), 2**62 + 1),
        (np.uint8(200), 200),
        (np.float32(0.1), 0.10000000149011612),
        (np.float64(0.1), 0.1),
        (np.bool_(True), True),
        (np.str_("text"), "text"),
        (np.array([3]), 3),
        (np.array(0.5), 0.5),
        (torch.tensor(7), 7),
        (torch.tensor([0.5], requires_grad=True), 0.5),
        (torch.tensor([[True]]), True),
        ((1, 2), [1, 2]),
        ({"a": [np.int32(1), {"b": torch.tensor(2)}]}, {"a": [1, {"b": 2}]}),
    ],
    ids=repr,
)
def test_numpy_scalars_and_single_tensors_become_the_python_values_they_hold(value, wanted):
    got = plain(value)
    assert got == wanted
    assert type(got) is type(wanted)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_single_precision_is_kept_exactly(value):
    assert plain(np.float32(value)) == plain(torch.tensor(value, dtype=torch.float32)) == value


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, b"bytes", 1j, np.complex64(1), np.zeros(2), torch.zeros(2), torch.zeros(0), len, [object()]],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_plain_form_is_refused(value):
    with pytest.raises(TypeError, match="has no plain form|can only convert an array of size 1|cannot be converted to Scalar"):
        plain(value)


def test_what_contains_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(ValueError, match="Circular"):
        plain(value)


@pytest.mark.parametrize(
    ("value", "told"),
    [(3, 3), (0.5, 0.5), (10**400, str(10**400)), (True, "true"), (float("nan"), "NaN"), ("\ud800", "\\ud800"), ([1], "[1]")],
)
def test_a_figure_is_what_can_be_written(value, told):
    found = figure("\ud800", value)
    assert found == Figure(name="\\ud800", value=told)
    to_text(found)
