from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

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


def test_of_equal_logits_of_two_classes_the_lowest_logit_wins_whatever_the_names():
    logits = torch.tensor([[0.0, 0.0, 7.0, 0.0, 0.0, 7.0]])
    for is_open in (True, False):
        mapped = ClassMap((("dark", 5), ("grey", 0), ("light", 2)), open=is_open)
        for names in (("dark", "grey", "light"), ("dark", "grey", "light", OUTSIDE)):
            assert mapped.apply(logits, names).argmax(1).tolist() == [2]


@given(
    logits=hnp.arrays(np.float32, (4, 5), elements=st.sampled_from([0.0, 1.0, 2.0])),
    numbers=st.lists(st.integers(0, 4), min_size=2, max_size=4, unique=True),
    is_open=st.booleans(),
)
def test_the_class_is_that_of_the_network_s_own_answer(logits, numbers, is_open):
    names = [f"c{number}" for number in range(len(numbers))]
    mapped = ClassMap(tuple(sorted(zip(names, numbers, strict=True))), open=is_open).apply(
        torch.from_numpy(logits), [*names, OUTSIDE]
    )
    for own, row in zip(mapped, logits, strict=True):
        asked = range(5) if is_open else sorted(numbers)
        if len({row[number] for number in asked}) == 1:
            assert len(set(own.tolist())) == 1  # equal logits stay equal, and count as wrong
            continue
        winner = max(asked, key=lambda number: (row[number], -number))
        assert int(own.argmax()) == (numbers.index(winner) if winner in numbers else len(numbers))


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
        ("twice.json", "'cat' stands twice"),
        ({}, "an object of class names"),
        ({"cat": -1}, "'cat' has -1, not the number of a logit"),
        ({"cat": True}, "'cat' has True"),
        ({"cat": 1, "owl": 1}, "'cat' and 'owl' have the same logit"),
    ],
)
def test_what_is_no_map_is_refused(tmp_path, written, said):
    (tmp_path / "twice.json").write_text('{"cat": 1, "cat": 2}')
    with pytest.raises(RobustnessError, match=said):
        read_class_map(written, "ignored", tmp_path)
