"""Several runs side by side: what is compared, in which order, and what is said of it."""

from __future__ import annotations

from robustness.report.comparison import Run, side_by_side, what_changed
from robustness.report.html import render_comparison


def limit(name, value, verdict="PASS"):
    return {
        "limit": name,
        "value": value,
        "verdict": verdict,
        "required": "0.8",
        "model": name,
        "subject": "clean",
        "stops": verdict == "FAIL",
    }


def run(name, *limits, content="abc", **more):
    stops = any(one["stops"] for one in limits)
    results = {
        "verdict": "FAIL" if stops else "PASS",
        "limits": list(limits),
        "hunts": [],
        "claims": [],
        "generator_limits": [],
        "left_out": [],
        "errors": {},
        "gaps": [],
        "data": "signs",
        "images": {"images": 100, "name": "signs-test", "content_hash": content},
        "run": {"started": "2026-11-23T01:02:03+00:00"},
    }
    return Run(name, results | more)


def test_each_limit_is_a_row_and_those_that_came_out_otherwise_come_first():
    runs = [
        run("one", limit("a", 0.9), limit("b", 0.85), limit("c", 0.7, "FAIL")),
        run("two", limit("a", 0.9), limit("b", 0.75, "FAIL"), limit("d", 0.95)),
    ]
    rows = side_by_side(runs)
    assert [row.name for row in rows] == ["b", "a", "c", "d"]
    assert [row.differs for row in rows] == [True, False, False, False]
    assert [row.change for row in rows] == ["-0.1000", "+0.0000", "", ""]
    assert rows[2].cells[1] is None
    assert what_changed(runs, rows) == "Kept before and broken now: 1. Broken before and kept now: 0. In all: 4."


def test_hunts_claims_and_limits_on_generators_are_rows_too():
    hunt = {"hunt": "net-gaussian", "stops": True, "flipped": 7, "right": 90, "budget": "0.05"}
    claim = {"claim": "net-breaks", "stops": False, "outcome": "refuted", "expected": "refuted"}
    mark = {"generator_limit": "gan-fidelity", "stops": False, "value": 0.91, "required": "0.9"}
    before = run("one", hunts=[hunt | {"stops": False}], claims=[claim], generator_limits=[mark])
    after = run("two", hunts=[hunt], claims=[claim], generator_limits=[mark | {"value": 0.5, "stops": True}])
    found, marked, claimed = side_by_side([before, after])
    assert (found.name, [cell.text for cell in found.cells]) == ("hunt net-gaussian", ["nothing found", "7 of 90 flip"])
    assert (marked.name, marked.change) == ("generator gan-fidelity", "-0.4100")
    assert (claimed.differs, claimed.cells[0].verdict, claimed.change) == (False, "PASS", "")


def test_runs_on_other_images_are_said_not_to_compare():
    runs = [run("one", limit("a", 0.9)), run("two", limit("a", 0.9), content="other")]
    assert "not on the same images" in what_changed(runs, side_by_side(runs))


def test_names_are_shown_as_text():
    name = "<script>alert(1)</script>"
    page = render_comparison([run(name, limit(name, 0.9)), run("two", limit(name, 0.7, "FAIL"))])
    assert page.count("<script") == 1
    assert page.count("&lt;script&gt;") >= 4
