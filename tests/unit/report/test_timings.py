"""Timings: every test of the gate counted once, under what it promises."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from builders import hunt_record, limit_record

from robustness.gate.ledger import Ended, Ledger
from robustness.gate.notes import GateTest
from robustness.report.timings import describe_timings


def record(name, asks="accuracy", **more):
    return limit_record("clean", limit=name, asks=asks, **{"seen": 1000, "seconds": 0.5} | more)


def ended(**tests) -> Ended:
    """By kind and name of a test, such as limit_a: the record it leaves, and the seconds of set-up and call."""
    made = Ledger({}, asked=True)
    for test, (left, *seconds) in tests.items():
        kind, _, name = test.rpartition("_")
        node = f"suite/test_it.py::test_{kind}[{name}]" if kind else f"test_own.py::{name}"
        for number, spent in enumerate(seconds):
            notes = [GateTest(), *([left] if left else [])]
            made.report(node, number == len(seconds) - 1, None, notes, seconds=spent)
    return made.close()


def timed(made, early=False):
    return {timing.kind: asdict(timing) for timing in describe_timings(made, early)}


def test_seconds_of_a_kind_are_those_of_all_parts_of_its_tests():
    made = timed(
        ended(
            limit_a=(record("a"), 2.0, 0.5),
            limit_b=(record("b", stored=True, seconds=0.001), 0.25),
            limit_c=(record("c", "max_flips", is_plain=False), 8.0),
            hunt_a=(hunt_record(), 1.5, 1.5),
            mine=(None, 0.125),
        )
    )
    assert {kind: (entry["tests"], entry["seconds"]) for kind, entry in made.items()} == {
        "max_flips": (1, 8.0),
        "hunt": (1, 3.0),
        "accuracy": (2, 2.75),
        "rule": (1, 0.125),
    }
    assert list(made) == ["max_flips", "hunt", "accuracy", "rule"]  # the longest first
    assert (made["accuracy"]["stored"], made["max_flips"]["stored"], made["hunt"]["stored"]) == (1, 0, None)


def test_images_per_second_are_of_what_this_run_measured_and_of_nothing_else():
    limits = ended(
        limit_a=(record("a", seen=1000, seconds=0.5), 3.0),
        limit_b=(record("b", seen=2000, seconds=2.5), 3.0),
        limit_c=(record("c", stored=True, seen=9000, seconds=0.001), 0.1),
        limit_d=(record("d", "worst_band", is_plain=False), 3.0),
    )
    made = timed(limits)
    assert made["accuracy"]["images_per_second"] == pytest.approx(1000)
    assert made["worst_band"]["images_per_second"] is None
    assert timed(limits, early=True)["accuracy"]["images_per_second"] is None
    assert timed(ended(limit_a=(record("a", stored=True), 1.0)))["accuracy"]["images_per_second"] is None


def test_a_test_that_could_not_measure_is_timed_by_its_promise():
    made = timed(ended(limit_a=(None, 1.0), claim_b=(None, 2.0), generator_limit_c=(None, 3.0)))
    assert {kind: entry["tests"] for kind, entry in made.items()} == {"generator_limit": 1, "claim": 1, "limit": 1}


def test_without_tests_there_is_nothing_to_time():
    assert describe_timings(ended(), False) == ()
