"""Bars: of one length, and beyond the tick exactly where the value lies beyond the limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.report.bars import CELLS, bar, fits

ASKS = st.sampled_from(["accuracy", "relative", "worst_class", "max_flips", "max_drop", "mean_error", "break_point"])


def limit(value, required, asks="accuracy"):
    return {"asks": asks, "value": value, "required": str(required)}


@given(st.floats(-1, 100), st.decimals(0, 1, places=3), ASKS, st.booleans())
def test_ink_beyond_the_tick_means_a_value_beyond_the_limit(value, required, asks, ascii_only):
    text = bar(limit(value, required, asks), ascii_only)
    below, beyond = text.split("|" if ascii_only else "│")
    assert len(text) == CELLS + 1
    if below:
        assert (set(below) == {"#" if ascii_only else "█"}) == (value >= float(required))
    if beyond:
        assert bool(beyond.strip()) == (value > float(required))


@pytest.mark.parametrize(
    ("value", "required", "asks", "blocks", "ascii_bar"),
    [
        (0.6721, 0.7, "accuracy", "█████▊│  ", "##### |  "),
        (0.9186, 0.9, "accuracy", "███████│▎", "#######|#"),
        (1.0, 1.0, "accuracy", "████████│", "########|"),
        (0.0, 0.04, "accuracy", " │       ", " |       "),
        (0.0076, 0.01, "max_flips", "███ │    ", "### |    "),
        (0.02, 0.0, "max_drop", "│▎       ", "|#       "),
    ],
)
def test_bars_look_so(value, required, asks, blocks, ascii_bar):
    assert bar(limit(value, required, asks)) == blocks
    assert bar(limit(value, required, asks), ascii_only=True) == ascii_bar


def test_blocks_are_for_terminals_that_have_them():
    assert fits("utf-8")
    assert not any(map(fits, ["ascii", "latin-1", "no-such-encoding", None]))
