"""The frozen predictions of a release: written whole, read back, refused where they speak of something else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from robustness.errors import RobustnessError
from robustness.evaluation import baseline as module
from robustness.evaluation.baseline import RIGHT, measured_case, read_baseline, save_baseline
from robustness.evaluation.case import Case
from robustness.evaluation.result import Result
from robustness.noise import Clean, Gaussian, declare_noise, parse_noise

CLEAN = Case("net", "set", Clean(), 3, "aa", "bb", "cpu")
NOISY = replace(CLEAN, noise=Gaussian(25))


LABELS = np.array([0, 1, 2])


def save(file, *measured):
    case = measured[0][0]
    save_baseline(file, case.data, case.data_hash, case.seed, [measured_case(*one) for one in measured])


def right(file, case):
    return read_baseline(file).right(case, LABELS).tolist()


def result(*predictions):
    return Result(np.array(predictions, dtype=np.int16), np.zeros(len(predictions), np.float32))


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "not" / "there" / "yet" / "v1.safetensors"
    save(file, (CLEAN, result(0, 1, 2)), (NOISY, result(0, 1, 1000)))
    return file


def test_what_was_right_comes_back_by_model_and_noise(file):
    assert right(file, CLEAN) == [True, True, True]
    assert right(file, NOISY) == [True, True, False]
    assert read_baseline(file).cases["net", "gaussian(sigma=25)"].values.tolist() == [0, 1, 1000]


def test_weights_may_differ_for_that_is_what_is_compared(file):
    assert right(file, replace(CLEAN, model_hash="new", arithmetic="cuda")) == [True, True, True]


@pytest.mark.parametrize(
    "noise", ["gaussian(sigma=0)", "salt-and-pepper(amount=0)", "offset(levels=0)", "resolution(factor=1)"]
)
def test_a_level_that_changes_nothing_is_answered_by_what_was_right_without_noise(file, noise):
    """Whatever the contract of that noise is."""
    assert right(file, replace(CLEAN, noise=parse_noise(noise))) == [True, True, True]


def test_such_a_level_is_kept_as_no_noise(tmp_path):
    save(tmp_path / "b", (replace(CLEAN, noise=Gaussian(0)), result(0, 1, 1)))
    assert right(tmp_path / "b", CLEAN) == right(tmp_path / "b", replace(CLEAN, noise=Gaussian(0))) == [True, True, False]


def test_what_is_only_known_to_be_right_or_wrong_is_kept_as_that(tmp_path):
    case = replace(measured_case(NOISY, result(0, 1, 2)), values=np.array([1, 0, 1], np.uint8), holds=RIGHT)
    save_baseline(tmp_path / "b", "set", "bb", 3, [case])
    assert right(tmp_path / "b", NOISY) == [True, False, True]


def test_other_labels_than_were_frozen_are_refused(file):
    with pytest.raises(RobustnessError, match="of 3 images, not of 4"):
        read_baseline(file).right(CLEAN, np.zeros(4, np.int64))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data_hash": "cc"}, "made with other data, set bb, not set cc"),
        ({"seed": 4}, "made with noise seed 3, not 4"),
        (
            {"noise": Gaussian(5)},
            r"holds no net under gaussian\(sigma=5\): this baseline was saved before that limit existed. Save one again from "
            r"the former release, `robustness baseline save NAME --noise 'gaussian\(sigma=5\)'`, or from the results.json",
        ),
        ({"model": "other"}, "holds no model 'other', only net"),
    ],
)
def test_a_baseline_of_something_else_is_refused_with_the_reason(file, change, message):
    with pytest.raises(RobustnessError, match=message):
        right(file, replace(CLEAN, **change))


def test_another_noise_contract_is_refused(file, monkeypatch):
    monkeypatch.setattr(Gaussian, "contract", Gaussian.contract + 1)
    with pytest.raises(RobustnessError, match="was made under noise contract"):
        right(file, NOISY)


def test_incomplete_results_are_not_saved(tmp_path):
    with pytest.raises(RobustnessError, match="complete results"):
        save(tmp_path / "b", (CLEAN, result(0, -1)))
    assert not (tmp_path / "b").exists()


def test_a_transform_of_ones_own_is_not_saved(tmp_path):
    kind: Any = declare_noise("blur", "torchvision:GaussianBlur", "sigma", {}, tmp_path)
    with pytest.raises(RobustnessError, match="may make other bytes"):
        save(tmp_path / "b", (replace(CLEAN, noise=kind(1.0)), result(0)))


def test_a_missing_file_says_what_makes_one(tmp_path):
    with pytest.raises(RobustnessError, match="no such baseline; `robustness baseline save` makes one"):
        read_baseline(tmp_path / "none")


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_no_damage_goes_unseen(data, tmp_path_factory):
    file = tmp_path_factory.mktemp("damaged") / "v1.safetensors"
    save(file, (CLEAN, result(0, 1, 2)), (NOISY, result(2, 1, 0)))
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.sampled_from([len(content), place]))
    file.write_bytes(bytes(content[:cut]))
    try:
        assert right(file, CLEAN) == [True, True, True]
        assert right(file, NOISY) == [False, True, False]
    except RobustnessError:
        pass


WHOLE = {"model": "net", "noise": "clean", "contract": 2, "model_hash": "aa"}


@pytest.mark.parametrize(
    ("cases", "arrays"),
    [
        ([], []),
        ([WHOLE, WHOLE], [np.zeros(3, np.uint8)] * 2),
        ([{**WHOLE, "noise": 3}], [np.zeros(3, np.uint8)]),
        ([{**WHOLE, "contract": True}], [np.zeros(3, np.uint8)]),
        ([{key: value for key, value in WHOLE.items() if key != "contract"}], [np.zeros(3, np.uint8)]),
        ([{**WHOLE, "holds": "margins"}], [np.zeros(3, np.uint8)]),
        ([{**WHOLE, "holds": "right"}], [np.array([0, 1, 2], np.uint8)]),
        ([{**WHOLE, "holds": "right"}], [np.array([0, 1, 1], np.int16)]),
        ([{**WHOLE, "rule": "2"}], [np.zeros(3, np.uint8)]),
        ([WHOLE], [np.zeros(3, np.float32)]),
        ([WHOLE], [np.full(3, 40_000, np.uint16)]),
        ([WHOLE], [np.full(3, -1, np.int16)]),
        ([WHOLE], [np.zeros((1, 3), np.uint8)]),
        ([WHOLE], [np.zeros((), np.uint8)]),
        ([WHOLE, {**WHOLE, "model": "b"}], [np.zeros(3, np.uint8), np.zeros(4, np.uint8)]),
    ],
)
def test_content_that_was_never_saved_is_refused_though_its_digest_fits(tmp_path, cases, arrays):
    about = {"schema": 1, "data": "set", "data_hash": "bb", "seed": 3, "cases": cases}
    named = {str(number): array for number, array in enumerate(arrays)}
    save_file(named, tmp_path / "b", {"baseline": json.dumps(about), "sha256": module._digest(about, named)})
    with pytest.raises(RobustnessError, match="b: not a baseline"):
        read_baseline(tmp_path / "b")


def test_json_without_end_is_refused(tmp_path):
    save_file({"0": np.zeros(3, np.uint8)}, tmp_path / "b", {"baseline": "[" * 9000, "sha256": ""})
    with pytest.raises(RobustnessError, match="b: not a baseline"):
        read_baseline(tmp_path / "b")
