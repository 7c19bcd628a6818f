"""Records as text: exact, plain, and nothing that has no such form."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from robustness.gate.records import from_property, plain, to_property

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text().filter(lambda name: name != "kind"), PLAIN, max_size=4))
def test_a_record_comes_back_as_it_was(values):
    assert from_property(to_property("limit", values)) == {"kind": "limit", **values}


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
    assert from_property(to_property("measurement", {"value": value}))["value"] == wanted


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_single_precision_is_kept_exactly(value):
    assert plain(np.float32(value)) == plain(torch.tensor(value, dtype=torch.float32)) == value


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, b"bytes", 1j, np.complex64(1), np.zeros(2), torch.zeros(2), torch.zeros(0), len, [object()]],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_plain_form_is_refused(value):
    with pytest.raises(TypeError):
        plain(value)
    with pytest.raises(TypeError):
        to_property("measurement", {"value": value})


def test_what_contains_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(ValueError, match="Circular"):
        plain(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -np.inf, np.float32("nan"), torch.tensor(torch.nan)], ids=repr)
def test_a_record_holds_no_nan_and_no_infinity(value):
    with pytest.raises(ValueError, match="JSON"):
        to_property("measurement", {"value": value})


def test_a_record_is_one_line_of_ascii():
    text = to_property("rule", {"text": "ü\n\ud800"})
    assert text.isascii()
    assert "\n" not in text
    assert json.loads(text)["text"] == "ü\n\ud800"
