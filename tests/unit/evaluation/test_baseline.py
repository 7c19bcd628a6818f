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
from robustness.evaluation.baseline import read_baseline, save_baseline
from robustness.evaluation.case import Case
from robustness.evaluation.result import Result
from robustness.noise import Clean, Gaussian, declare_noise

CLEAN = Case("net", "set", Clean(), 3, "aa", "bb", "cpu")
NOISY = replace(CLEAN, noise=Gaussian(25))


def result(*predictions):
    return Result(np.array(predictions, dtype=np.int16), np.zeros(len(predictions), np.float32))


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "not" / "there" / "yet" / "v1.safetensors"
    save_baseline(file, [(CLEAN, result(0, 1, 2)), (NOISY, result(0, 1, 1000))])
    return file


def test_predictions_come_back_by_model_and_noise(file):
    assert read_baseline(file).predictions(CLEAN).tolist() == [0, 1, 2]
    assert read_baseline(file).predictions(NOISY).tolist() == [0, 1, 1000]


def test_weights_may_differ_for_that_is_what_is_compared(file):
    assert read_baseline(file).predictions(replace(CLEAN, model_hash="new", arithmetic="cuda")).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data_hash": "cc"}, "made with other data, set bb, not set cc"),
        ({"seed": 4}, "made with noise seed 3, not 4"),
        ({"noise": Gaussian(5)}, r"holds no net under gaussian\(sigma=5\)"),
        ({"model": "other"}, "holds no other under clean: it holds net"),
    ],
)
def test_a_baseline_of_something_else_is_refused_with_the_reason(file, change, message):
    with pytest.raises(RobustnessError, match=message):
        read_baseline(file).predictions(replace(CLEAN, **change))


def test_another_noise_contract_is_refused(file, monkeypatch):
    monkeypatch.setattr(Gaussian, "contract", Gaussian.contract + 1)
    with pytest.raises(RobustnessError, match="was made under noise contract"):
        read_baseline(file).predictions(NOISY)


def test_incomplete_results_are_not_saved(tmp_path):
    with pytest.raises(RobustnessError, match="complete results"):
        save_baseline(tmp_path / "b", [(CLEAN, result(0, -1))])
    assert not (tmp_path / "b").exists()


def test_a_transform_of_ones_own_is_not_saved(tmp_path):
    kind: Any = declare_noise("blur", "torchvision:GaussianBlur", "sigma", {}, tmp_path)
    with pytest.raises(RobustnessError, match="may make other bytes"):
        save_baseline(tmp_path / "b", [(replace(CLEAN, noise=kind(1.0)), result(0))])


def test_a_missing_file_says_what_makes_one(tmp_path):
    with pytest.raises(RobustnessError, match="no such baseline; `robustness baseline save` makes one"):
        read_baseline(tmp_path / "none")


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_no_damage_goes_unseen(data, tmp_path_factory):
    file = tmp_path_factory.mktemp("damaged") / "v1.safetensors"
    save_baseline(file, [(CLEAN, result(0, 1, 2)), (NOISY, result(2, 1, 0))])
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.sampled_from([len(content), place]))
    file.write_bytes(bytes(content[:cut]))
    try:
        baseline = read_baseline(file)
        assert baseline.predictions(CLEAN).tolist() == [0, 1, 2]
        assert baseline.predictions(NOISY).tolist() == [2, 1, 0]
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
