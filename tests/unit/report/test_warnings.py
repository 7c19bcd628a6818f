"""A warning of each noise, at its first line, whichever test or worker came first."""

from __future__ import annotations

import itertools

import pytest
from builders import noise_warning

from robustness.report.build import _once_a_noise


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_each_noise_is_warned_of_once_in_the_order_of_the_file(order):
    at_9, at_10, again = (
        noise_warning(noise="b", place="thresholds.toml:9"),
        noise_warning(noise="a", place="thresholds.toml:10"),
        noise_warning(noise="b", place="thresholds.toml:11"),
    )
    of_another_size = noise_warning(noise="b", place="thresholds.toml:9", words="words that come later")
    given = [at_9, at_10, again, of_another_size]
    assert _once_a_noise(given[place] for place in order) == (at_9, at_10)
