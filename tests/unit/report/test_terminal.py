"""The end of a gate on the terminal."""

from __future__ import annotations

from dataclasses import replace

import builders
import pytest
from builders import claim_record, generator_record, hunt_record, limit_record

from robustness.report.text.terminal import error_lines, limit_rows, promise_lines, verdict_sentence


def limit(noise="clean", verdict="PASS", right=1234, **more):
    subject = {"model": "cnn", "subject": noise, "limit": f"cnn-{noise}"}
    return limit_record("clean", **subject | {"right": right, "seen": 12630, "required": "0.29", "verdict": verdict} | more)


def hunt(stops=False):
    return hunt_record(stops, model="cnn", words="what was found")


def claim(stops=False):
    return claim_record(
        stops, claim="cnn-breaks-gaussian", words="why", outcome="refuted" if stops else "supported", expected="supported"
    )


def mark(stops=False):
    return generator_record(stops, words="fidelity 0.4")


def results(verdict, limits=(), left_out=(), errors=None, gaps=(), hunts=(), claims=(), marks=()):
    more = {"left_out": tuple(left_out), "errors": errors or {}, "gaps": tuple(gaps)}
    return builders.results(*limits, *hunts, *claims, *marks, verdict=verdict, **more)


LIMIT_TEST = "suite/test_limits.py::test_limit[cnn-clean]"
RULE = "test_rules.py::test_mine"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (results("PASS", [limit(), limit()]), "PASS: all 2 limits hold"),
        (
            results("PARTIAL", [limit()], ["b", "c"]),
            "PARTIAL: 1 of 3 limits measured and kept; no release verdict",
        ),
        (results("FAIL", [limit(), limit(verdict="FAIL")]), "FAIL: 1 of 2 measured limits broken (cnn under clean)"),
        (results("FAIL", [limit()], errors={RULE: "x"}), "FAIL: 1 rule broken"),
        (results("FAIL", [limit()], errors={RULE: "x", RULE + "2": "y"}), "FAIL: 2 rules broken"),
        (
            results("FAIL", [], errors={LIMIT_TEST: "x"}, gaps=["1 limit not measured: cnn-clean"]),
            "FAIL: 1 limit not measured: cnn-clean",
        ),
        (
            results("FAIL", [limit(verdict="FAIL")], errors={RULE: "x"}, gaps=["one", "two"]),
            "FAIL: 1 of 1 measured limits broken (cnn under clean); 1 rule broken; one; two",
        ),
        (
            results("FAIL", [limit(verdict="INCONCLUSIVE"), limit(verdict="FAIL")]),
            "FAIL: 1 of 2 measured limits broken (cnn under clean); 1 of 2 undecided (cnn under clean)",
        ),
        (
            results("PASS", [limit(verdict="INCONCLUSIVE", stops=False), limit()]),
            "PASS: 1 of 2 limits hold; not stopping the release: cnn under clean: INCONCLUSIVE",
        ),
        (
            results("PASS", [limit(), limit()], hunts=[hunt(), hunt()], claims=[claim()]),
            "PASS: all 2 limits hold, 2 hunts found nothing, 1 claim came out as declared",
        ),
        (
            results("FAIL", [limit()], hunts=[hunt(stops=True), hunt()], claims=[claim(stops=True)]),
            "FAIL: 1 of 2 hunts found too many flips (cnn-gaussian); 1 of 1 claim not as declared (cnn-breaks-gaussian)",
        ),
        (
            results("PARTIAL", [], ["b", "c"], hunts=[hunt()]),
            "PARTIAL: 1 of 3 hunts measured and kept; no release verdict",
        ),
        (results("PASS", [limit(), limit()], marks=[mark()]), "PASS: all 2 limits hold, 1 generator limit kept"),
        (
            results("FAIL", [limit()], claims=[claim()], marks=[mark(), mark(stops=True)]),
            "FAIL: 1 of 2 generator limits broken (signs-fidelity)",
        ),
        (
            results("PARTIAL", [limit()], ["b"], marks=[mark()]),
            "PARTIAL: 2 of 3 promises measured and kept; no release verdict",
        ),
    ],
)
def test_the_verdict_is_one_sentence_with_its_reasons(content, sentence):
    assert verdict_sentence(content) == sentence


def test_broken_limits_come_first_and_the_others_keep_their_order():
    limits = [limit("a"), limit("b", "FAIL"), limit("c"), limit("d", "FAIL")]
    head, *rows = limit_rows(results("FAIL", limits))
    assert head.split() == ["model", "noise", "right", "images", "measured", "limit", "verdict"]
    assert [row.split()[1] for row in rows] == ["b", "d", "a", "c"]


def test_a_row_says_what_was_measured():
    _, row = limit_rows(results("PASS", [limit("gaussian(sigma=25)")]), ascii_only=True)
    assert row.split() == ["cnn", "gaussian(sigma=25)", "1,234", "12,630", "0.0977", "|", "0.29", "PASS"]


@pytest.mark.parametrize("asks", ["max_flips", "worst_class", "relative", "max_drop"])
def test_images_are_counted_only_where_their_share_is_what_was_measured(asks):
    """Beside the share that flips, those right under the noise would be read as its counts."""
    _, row = limit_rows(results("PASS", [limit("gaussian(sigma=3)", asks=asks, value=0.0073)]))
    assert row.split()[:3] == ["cnn", "gaussian(sigma=3)", "0.0073"]


def test_columns_stand_below_each_other():
    rows = limit_rows(results("PASS", [limit("a"), limit("a much longer noise", right=7)]))
    assert len({len(row) for row in rows}) == 1
    assert len({row.rindex("  ") for row in rows[1:]}) == 1


@pytest.mark.parametrize(
    ("width", "head", "first"),
    [
        (95, ["model", "noise", "right", "images", "measured", "limit", "verdict"], "cnn"),
        (80, ["model", "noise", "measured", "limit", "verdict"], "cnn"),
        (75, ["noise", "measured", "limit", "verdict"], "cnn"),
    ],
)
def test_a_narrow_terminal_loses_counts_first_and_then_models_become_headings(width, head, first):
    limits = [limit("salt-and-pepper(amount=0.002)"), limit("clean"), limit("gaussian(sigma=25)", "FAIL")]
    of_another = [replace(one, model="small-resnet") for one in limits[:2]]
    lines = limit_rows(results("FAIL", [*of_another, *limits]), width)
    assert lines[0].split() == head
    assert lines[1].split()[0] == first
    assert max(map(len, lines)) <= width
    if len(head) == 4:
        assert [line for line in lines if not line.startswith(" ")] == ["cnn", "small-resnet", "cnn"]


def test_a_waiver_stands_behind_its_row():
    waived = limit(verdict="FAIL", stops=False, waived_until="2026-12-31")
    assert limit_rows(results("PASS", [waived, limit()]))[1].endswith("  FAIL, waived until 2026-12-31")


def test_no_limits_make_no_table():
    assert limit_rows(results("FAIL")) == []


def test_an_error_of_many_tests_is_told_once():
    errors = {"one": "no such weights\nand more", "two": "other", "three": "no such weights\n"}
    assert error_lines(results("FAIL", errors=errors)) == ["one and 1 more: no such weights", "two: other"]


def test_an_error_without_words_is_told_too():
    assert error_lines(results("FAIL", errors={"one": " \n"})) == ["one: failed"]


def test_hunts_and_claims_have_a_line_each_and_what_stops_the_release_comes_first():
    assert promise_lines(results("FAIL", hunts=[hunt()], claims=[claim(), claim(stops=True)])) == [
        ("claim cnn-breaks-gaussian: refuted, declared supported: why", True),
        ("hunt cnn-gaussian: what was found", False),
        ("claim cnn-breaks-gaussian: supported, as declared", False),
    ]


def test_a_generator_limit_has_a_line_too():
    assert promise_lines(results("FAIL", hunts=[hunt()], marks=[mark(stops=True)])) == [
        ("generator limit signs-fidelity: fidelity 0.4", True),
        ("hunt cnn-gaussian: what was found", False),
    ]
