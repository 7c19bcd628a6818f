"""Bars: of one length, and beyond the tick exactly where the value lies beyond the limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.gate.promise import Row
from robustness.report.text.bars import CELLS, bar, fits


def row(value, required, full):
    return Row("net", "clean", bit_identical=True, images=None, value=value, required=str(required), full=full, note="")


@given(st.floats(-1, 100), st.decimals(0, 1, places=3), st.sampled_from([None, 1.0]), st.booleans())
def test_ink_beyond_the_tick_means_a_value_beyond_the_limit(value, required, full, ascii_only):
    text = bar(row(value, required, full), ascii_only)
    below, beyond = text.split("|" if ascii_only else "│")
    assert len(text) == CELLS + 1
    if below:
        assert (set(below) == {"#" if ascii_only else "█"}) == (value >= float(required))
    if beyond:
        assert bool(beyond.strip()) == (value > float(required))


@pytest.mark.parametrize(
    ("value", "required", "full", "blocks", "ascii_bar"),
    [
        (0.6721, 0.7, 1.0, "█████▊│  ", "##### |  "),
        (0.9186, 0.9, 1.0, "███████│▎", "#######|#"),
        (1.0, 1.0, 1.0, "████████│", "########|"),
        (0.0, 0.04, 1.0, " │       ", " |       "),
        (0.0076, 0.01, None, "███ │    ", "### |    "),
        (0.02, 0.0, None, "│▎       ", "|#       "),
    ],
)
def test_bars_look_so(value, required, full, blocks, ascii_bar):
    assert bar(row(value, required, full)) == blocks
    assert bar(row(value, required, full), ascii_only=True) == ascii_bar


def test_blocks_are_for_terminals_that_have_them():
    assert fits("utf-8")
    assert not any(map(fits, ["ascii", "latin-1", "no-such-encoding", None]))
