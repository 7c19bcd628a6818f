"""An unknown key suggests what means the same, where it belongs, or a slip of the pen; never a word that only looks like it."""

from __future__ import annotations

import pytest

from robustness.declaration.keys import SAME, unknown_key
from robustness.declaration.tables import ModelTable, RunTable
from robustness.limits.declare import CommonTable

LIMIT = {"models", "noise", "accuracy", "reason", "same_as", "max_differences"}


@pytest.mark.parametrize(
    ("word", "valid", "said"),
    [
        ("acuracy", LIMIT, "unknown key: did you mean 'accuracy'?"),
        ("model", LIMIT, "unknown key: did you mean 'models'?"),
        ("dtype", {"size", "precision", "load"}, "unknown key: did you mean 'precision'?"),
        ("image_size", {"size", "precision"}, "unknown key: did you mean 'size'?"),
        ("precision", LIMIT, "unknown key here: it belongs under [models.NAME]"),
        ("preciscion", LIMIT, "unknown key; there are accuracy, max_differences, models, noise, reason, same_as"),
        ("zzz", {"size"}, "unknown key; there are size"),
    ],
)
def test_what_is_said(word, valid, said):
    assert unknown_key(word, valid, {"[models.NAME]": ModelTable.model_fields}) == said


def test_what_others_call_a_key_is_a_key_of_ours():
    ours = {*ModelTable.model_fields, *RunTable.model_fields, *CommonTable.model_fields, "accuracy", "max_differences"}
    assert set(SAME.values()) <= ours
    assert not set(SAME) & ours
