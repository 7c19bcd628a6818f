"""Several runs side by side: what is compared, in which order, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

from builders import claim_record, generator_record, hunt_record, images, limit_record, results

from robustness.report.html.comparison import Run, side_by_side, what_changed
from robustness.report.html.page import render_comparison


def limit(name, value, verdict="PASS"):
    return limit_record("clean", limit=name, model=name, value=value, verdict=verdict, required="0.8")


def run(name, *records, content="abc"):
    return Run(name, results(*records, images=images(content_hash=content)))


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
    claim = claim_record(claim="net-breaks", expected="refuted", outcome="refuted")
    mark = generator_record(generator_limit="gan-fidelity", value=0.91)
    before = run("one", hunt_record(), claim, mark)
    after = run("two", hunt_record(stops=True), claim, replace(mark, value=0.5, stops=True))
    found, marked, claimed = side_by_side([before, after])
    assert (found.name, [cell.measured for cell in found.cells]) == ("hunt net-gaussian", ["nothing found", "7 of 90 flip"])
    assert (marked.name, marked.change) == ("generator limit gan-fidelity", "-0.4100")
    assert (claimed.differs, claimed.cells[0].verdict, claimed.change) == (False, "PASS", "")


def test_runs_on_other_images_are_said_not_to_compare():
    runs = [run("one", limit("a", 0.9)), run("two", limit("a", 0.9), content="other")]
    assert "not on the same images" in what_changed(runs, side_by_side(runs))


def test_names_are_shown_as_text():
    name = "<script>alert(1)</script>"
    page = render_comparison([run(name, limit(name, 0.9)), run("two", limit(name, 0.7, "FAIL"))])
    assert page.count("<script") == 1
    assert page.count("&lt;script&gt;") >= 4
