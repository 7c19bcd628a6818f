"""A release frozen from its results.json: which images were right, and what is refused or left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import limit_record, results
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.errors import RobustnessError
from robustness.evaluation.baseline import read_baseline
from robustness.evaluation.case import Case
from robustness.evaluation.rule import RULE
from robustness.noise import Gaussian
from robustness.report.baseline import freeze_results
from robustness.report.misclassified import pack
from robustness.report.results import ImageClass, Images, Misclassified

SOURCE = Path("results.json")
NOISE = Gaussian(25)
N = 20


def of(wrong, kept=None, rule=RULE, in_order=True, **limit):
    """Results of one limit on twenty images, these of them misclassified. kept: the list of them, where it says otherwise."""
    fields = {"contract": NOISE.contract, "right": N - len(wrong), "seen": N, **limit}
    return results(
        limit_record(NOISE, **fields),
        prediction_rule=rule,
        images=Images(
            name="set",
            images=N,
            content_hash="bb",
            classes=(ImageClass(name="a", images=N, picture=None),),
            in_order=in_order,
        ),
        misclassified=(Misclassified(model="net", noise=str(NOISE), images=pack(sorted(kept or wrong))),),
    )


@given(wrong=st.sets(st.integers(0, N - 1)))
@settings(max_examples=50, deadline=None)
def test_what_comes_back_is_what_was_right(wrong, tmp_path_factory):
    file = tmp_path_factory.mktemp("frozen") / "v1.safetensors"
    assert freeze_results(of(wrong), SOURCE, file).cases == 1
    case = Case("net", "set", NOISE, 0, "other weights", "bb", "")
    right = read_baseline(file).right(case, np.zeros(N, np.int64))
    assert set(np.flatnonzero(~right).tolist()) == wrong


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kept": {1, 2, 3}}, "tells of 18 right of 20, its list of images of 3 wrong of 20"),
        ({"kept": {1, N}}, "it was changed after the gate wrote it"),
        ({"rule": RULE - 1}, "its predictions follow prediction rule 1, and now it is 2"),
        ({"bit_identical": False}, "nothing in it can be saved: .*may make other bytes"),
        ({"in_order": False}, "its images are part of another set, and which of it is not told"),
        ({"contract": None}, "nothing in it can be saved: no limit tells of every image"),
    ],
)
def test_what_cannot_be_believed_is_refused(tmp_path, changes, words):
    with pytest.raises(RobustnessError, match=words):
        freeze_results(of({1, 2}, **changes), SOURCE, tmp_path / "v1.safetensors")
    assert not (tmp_path / "v1.safetensors").exists()


def test_more_images_than_there_can_be_are_refused(tmp_path):
    found = of({1, 2}, seen=5)
    many = replace(found, images=replace(found.images, images=10**13))
    with pytest.raises(RobustnessError, match="it was changed after the gate wrote it"):
        freeze_results(many, SOURCE, tmp_path / "v1.safetensors")


def test_what_was_stopped_early_is_left_out(tmp_path):
    found = of({1, 2})
    stopped = limit_record(NOISE, model="other", contract=NOISE.contract, seen=N // 2, total=N)
    frozen = freeze_results(replace(found, records=(*found.records, stopped)), SOURCE, tmp_path / "v1.safetensors")
    assert frozen.left_out == ("other under gaussian(sigma=25) was not evaluated on every image: it was stopped early",)
    assert list(read_baseline(tmp_path / "v1.safetensors").cases) == [("net", "gaussian(sigma=25)")]


def test_a_level_of_none_is_kept_as_no_noise(tmp_path):
    freeze_results(of({1, 2}, level=0.0), SOURCE, tmp_path / "v1.safetensors")
    assert list(read_baseline(tmp_path / "v1.safetensors").cases) == [("net", "clean")]
