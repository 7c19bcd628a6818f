"""Notes and records as text: exact, in one line, and nothing that has no such form. Values of anybody's as plain ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from builders import claim_record, finding, generator_record, hunt_record, limit_record, marks
from hypothesis import given
from hypothesis import strategies as st

from robustness.claims.record import (
    Distortion,
    GainCell,
    GainEvidence,
    LevelPair,
    LevelsEvidence,
    OrderEvidence,
    OrderPair,
    PatternPair,
    PatternsEvidence,
)
from robustness.errors import RobustnessError
from robustness.gate.notes import NOTES, GateTest, ModelUsed, RuleMeasured, from_text, plain, to_text
from robustness.generators.record import GeneratorJudged
from robustness.kinds import KINDS
from robustness.limits.record import DifferencesFound, DifferentImage, DropFound, WaveMap

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
    assert same(ModelUsed(model=text, hash="h"))
    assert same(GateTest())


PAIR = {"noises": ("clean", "gaussian(sigma=5)"), "interval": (-0.1, 0.1), "p_value": 1e-300, "alarm": False}
DROP = DropFound(
    baseline="v1", right_before=9, broken=3, mended=1, allowed=1, drop=0.2, low=0.1, high=1 / 3, p_value=0.01, broken_images=(4,)
)
DIFFERENT = DifferentImage(index=4, label="stop", says="yield", source_says="stop", margin=0.1)
WAVES = WaveMap(frequencies=(0.1,), orientations=(0.0,), accuracies=((0.5,),), clean=1.0, band="low", words="accuracy")
CONFIDENT = {"confidence": 0.95, "negligible": 0.01}
EVIDENCE = [
    PatternsEvidence(
        **CONFIDENT,
        pairs=(PatternPair(**PAIR, accuracies=(0.9, 0.8), difference=0.1),),
        distortions=(Distortion(noise="gaussian(sigma=5)", psnr=20.0, ssim=None),),
    ),
    OrderEvidence(
        confidence=0.95,
        pairs=(
            OrderPair(noises=("a", "b"), accuracies={"one": (1.0, 0.0)}, p_values={"one": (1.0, 0.5)}, disrupts_more=((), ("one",))),
        ),
    ),
    LevelsEvidence(
        **CONFIDENT,
        pairs=(LevelPair(levels=("a", "b"), accuracies=(1.0, 0.5), rise=-0.5, at_most=0.1, p_value=1.0, alarm=False),),
    ),
    GainEvidence(
        **CONFIDENT,
        gain=0.1,
        interval=(0.0, 0.2),
        cells=(GainCell(noise="clean", accuracies=(0.9,), accuracies_of_others=(0.8,), gain=0.1, interval=(0.0, 0.2)),),
    ),
]


@pytest.mark.parametrize(
    "record",
    [
        limit_record(),
        limit_record(verdict="INCONCLUSIVE", waived_until="2030-01-01", waiver="known", words="ü, \u2028 and \n", low=0.1),
        limit_record(change=DROP),
        limit_record(details=WAVES),
        limit_record(details=DifferencesFound(source="net", differences=1, ties=0, images=(DIFFERENT,))),
        hunt_record(),
        hunt_record(finding=finding()),
        claim_record(),
        *(claim_record(evidence=evidence) for evidence in EVIDENCE),
        generator_record(value=1 / 3),
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
    assert from_text(to_text(measured(right=right)), CLASSES).right == int(right)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -np.inf, np.float32("nan"), torch.tensor(torch.nan)], ids=repr)
def test_a_record_holds_no_nan_and_no_infinity(value):
    with pytest.raises(RobustnessError, match="limit: cannot be reported"):
        to_text(limit_record(value=value))


@pytest.mark.parametrize("value", ["3", 3.5, None, [3], object(), b"3"], ids=repr)
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
    with pytest.raises(TypeError):
        plain(value)


def test_what_contains_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(ValueError, match="Circular"):
        plain(value)
