"""The size of the run, at its end: this file comes last. It counts what one process tried, so it goes with `-n 0`."""

from __future__ import annotations

from hostile import COUNTS

INPUTS = 10_000
PARSERS = {
    *("archive", "baseline", "checkpoint", "checkpoint with card", "finding", "generator", "image", "image folder"),
    *("mixture of noises", "noise text", "report", "results.json", "thresholds.toml"),
}


def test_as_many_inputs_as_promised_were_tried_and_most_were_well_formed():
    assert set(COUNTS) >= PARSERS
    assert sum(count.inputs for count in COUNTS.values()) >= INPUTS
    assert sum(count.past for count in COUNTS.values()) >= INPUTS / 2
    assert all(count.inputs == count.accepted + count.refused for count in COUNTS.values())
    assert all(count.accepted and count.refused for name, count in COUNTS.items() if name in PARSERS)
