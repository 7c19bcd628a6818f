"""Which images a generator was trained on, beside the test images that it is judged on."""

from __future__ import annotations

import pytest

from robustness.errors import RobustnessError
from robustness.gan.judge import training_data


def test_a_set_with_a_training_split_is_taken_itself_and_others_are_named():
    assert training_data("gtsrb", None) == "gtsrb"
    assert training_data("folder:tests", "folder:train") == "folder:train"


@pytest.mark.parametrize(
    ("data", "training", "said"),
    [("signs", "folder:train", "signs has a training split of its own"), ("folder:tests", None, "has no training split: name")],
)
def test_what_does_not_go_together_is_refused(data, training, said):
    with pytest.raises(RobustnessError, match=said):
        training_data(data, training)
