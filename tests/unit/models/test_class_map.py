from __future__ import annotations

import json

import pytest
import torch

from robustness.errors import RobustnessError
from robustness.models.class_map import OUTSIDE, ClassMap, read_class_map

LOGITS = torch.tensor([[9.0, 1.0, 5.0, 3.0], [0.0, 2.0, 8.0, 1.0]])
NAMES = ("cat", "owl")


def test_the_named_logits_alone_decide_where_others_are_ignored():
    mapped = ClassMap((("cat", 3), ("dog", 0), ("owl", 1)), open=False)
    assert mapped.apply(LOGITS, NAMES).tolist() == [[3, 1], [1, 2]]
    assert mapped.apply(LOGITS, (*NAMES, OUTSIDE)).argmax(1).tolist() == [0, 1]


def test_another_class_may_win_where_others_are_wrong():
    mapped = ClassMap((("cat", 3), ("owl", 1)), open=True)
    assert mapped.apply(LOGITS, (*NAMES, OUTSIDE)).tolist() == [[3, 1, 9], [1, 2, 8]]
    assert mapped.apply(LOGITS, NAMES).argmax(1).tolist() == [2, 2]


def test_of_equal_logits_the_lowest_of_all_wins():
    mapped = ClassMap((("cat", 1), ("owl", 3)), open=True)
    logits = torch.tensor([[5.0, 5.0, 0.0, 0.0], [0.0, 5.0, 5.0, 0.0], [0.0, 0.0, 5.0, 5.0], [0.0, 5.0, 0.0, 5.0]])
    assert mapped.apply(logits, (*NAMES, OUTSIDE)).argmax(1).tolist() == [2, 0, 2, 0]
    assert logits.argmax(1).tolist() == [0, 1, 2, 1]


def test_where_there_are_no_others_none_can_win():
    mapped = ClassMap((("a", 3), ("b", 2), ("c", 1), ("d", 0)), open=True)
    assert mapped.apply(LOGITS, ("a", "b", "c", "d", OUTSIDE)).argmax(1).tolist() == [3, 1]


def test_a_class_without_a_logit_and_a_logit_that_is_not_there_are_named():
    with pytest.raises(RobustnessError, match="the class 'owl' of the data has no logit"):
        ClassMap((("cat", 3),), open=True).numbers(NAMES)
    with pytest.raises(RobustnessError, match="the network has 4 logits, and `classes` names number 7"):
        ClassMap((("cat", 3), ("owl", 7)), open=True).apply(LOGITS, NAMES)


def test_a_map_may_be_a_file(tmp_path):
    (tmp_path / "classes.json").write_text(json.dumps({"owl": 1, "cat": 3}))
    assert read_class_map("classes.json", "wrong", tmp_path) == ClassMap((("cat", 3), ("owl", 1)), open=True)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("none.json", "none.json: not a JSON object"),
        ({}, "an object of class names"),
        ({"cat": -1}, "'cat' has -1, not the number of a logit"),
        ({"cat": True}, "'cat' has True"),
        ({"cat": 1, "owl": 1}, "'cat' and 'owl' have the same logit"),
    ],
)
def test_what_is_no_map_is_refused(tmp_path, written, said):
    with pytest.raises(RobustnessError, match=said):
        read_class_map(written, "ignored", tmp_path)
