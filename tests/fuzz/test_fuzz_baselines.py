"""Baselines: predictions of a release in safetensors, with JSON in its header."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hostile import attempt, many
from hypothesis import given
from hypothesis import strategies as st
from mutations import VALUES, damaged, mutated
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from robustness.evaluation import baseline as module
from robustness.evaluation.baseline import measured_case, read_baseline, save_baseline
from robustness.evaluation.case import Case
from robustness.evaluation.result import Result
from robustness.noise import Clean, Gaussian

CLEAN = Case("net", "set", Clean(), 3, "aa", "bb", "cpu")
NOISY = replace(CLEAN, noise=Gaussian(25))
PREDICTIONS = {CLEAN: [0, 1, 2, 3], NOISY: [0, 1, 1000, 3]}
SHAPES = ((4,), (3,), (0,), (), (1, 4), (4, 1), (2, 2))
DTYPES = ("uint8", "int16", "int16", "int8", "uint16", "int64", "float32", "float64", "bool")


@pytest.fixture(scope="module")
def file(folder):
    return folder / "v1.safetensors"


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    file = tmp_path_factory.mktemp("whole") / "v1.safetensors"
    results = {case: Result(np.array(named, np.int16), np.zeros(4, np.float32)) for case, named in PREDICTIONS.items()}
    first = next(iter(results))
    save_baseline(file, first.data, first.data_hash, first.seed, [measured_case(*one) for one in results.items()])
    return file.read_bytes()


def tried(file, content):
    file.write_bytes(content)
    try:
        with safe_open(file, "np") as stored:
            past = "baseline" in (stored.metadata() or {})
    except (SafetensorError, OSError):
        past = False
    baseline, _ = attempt("baseline", lambda: read_baseline(file), "v1.safetensors", past, file.parent)
    if baseline is None:
        return None
    assert past
    lengths = {len(case.values) for case in baseline.cases.values()}
    assert len(lengths) == 1
    for case in baseline.cases.values():
        assert case.values.dtype in (np.uint8, np.int16)
        assert case.values.ndim == 1
        assert (case.values >= 0).all()
    for case in PREDICTIONS:
        found, _ = attempt("baseline, compared", partial(baseline.right, case, np.arange(4)), "v1.safetensors", True)
        assert found is None or len(found)
    return baseline


def test_the_baseline_that_is_made_wrong_is_right(file, content):
    assert tried(file, content).right(NOISY, np.array(PREDICTIONS[NOISY])).all()


@many(300)
@given(data=st.data())
def test_a_damaged_baseline_is_refused(file, content, data):
    baseline = tried(file, data.draw(damaged(content, early=600)))
    assert baseline is None or baseline.right(NOISY, np.array(PREDICTIONS[NOISY])).all()


@many(700)
@given(data=st.data())
def test_a_baseline_of_wrong_content_is_refused(file, content, data):
    """With the digest that belongs to it, so that the content decides."""
    arrays = {str(number): np.array(named, np.int16) for number, named in enumerate(PREDICTIONS.values())}
    about = {"schema": 1, "data": "set", "data_hash": "bb", "seed": 3, "cases": []}
    about["cases"] = [
        {"model": case.model, "noise": str(case.noise), "contract": case.noise.contract, "model_hash": "aa"}
        for case in PREDICTIONS
    ]
    if data.draw(st.booleans()):
        about = data.draw(mutated(about) | VALUES)
    else:
        place, shape = data.draw(st.sampled_from(["0", "1"])), data.draw(st.sampled_from(SHAPES))
        values = data.draw(st.sampled_from([0, 1, -1, 7, 200, 40000]))
        arrays[place] = np.full(shape, values).astype(data.draw(st.sampled_from(DTYPES)))
    metadata = {"baseline": json.dumps(about), "sha256": module._digest(about, arrays)}
    if data.draw(st.integers(0, 9)) == 0:
        metadata = {key: value for key, value in metadata.items() if key != data.draw(st.sampled_from(["baseline", "sha256"]))}
    tried(file, save(arrays, metadata))


@many(50)
@given(text=st.sampled_from(["[" * 5000, "null", "9" * 5000, "{", '{"schema": 1}', "NaN"]) | st.text(max_size=9))
def test_what_is_no_json_is_refused(file, text):
    tried(file, save({"0": np.zeros(4, np.uint8)}, {"baseline": text, "sha256": "0"}))
