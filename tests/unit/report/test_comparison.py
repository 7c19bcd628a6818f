"""Several runs side by side: what is compared, in which order, and what is said of it."""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import replace

import pytest
from builders import claim_record, generator_record, hunt_record, images, limit_record, results
from hypothesis import given
from hypothesis import strategies as st

from robustness.errors import RobustnessError
from robustness.report.html.comparison import Run, curves, newly_wrong, side_by_side, what_changed
from robustness.report.html.page import render_comparison
from robustness.report.misclassified import MOST, pack, unpack
from robustness.report.results import Misclassified, Turned, TurnedImage, UnmeasuredPromise


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
    assert [row.name for row in rows] == ["b", "c", "d", "a"]
    assert [row.differs for row in rows] == [True, True, True, False]
    assert [row.change for row in rows] == ["-0.1000", "", "", "+0.0000"]
    assert rows[1].cells[1].words == "not declared"
    assert what_changed(runs, rows) == [
        "FAIL before, FAIL now. Of 4 checks:",
        "stopping the release now and not before: 1",
        "stopping it before and not now: 1",
        "new: 1",
        "gone: 1",
    ]


def test_what_became_undecided_and_stops_the_release_is_counted():
    runs = [run("one", limit("a", 0.9)), run("two", limit("a", 0.81, "INCONCLUSIVE"))]
    (row,) = rows = side_by_side(runs)
    assert row.differs
    assert what_changed(runs, rows)[1:] == [
        "stopping the release now and not before: 1",
        "stopping it before and not now: 0",
        "newly undecided: 1",
    ]


def test_what_was_not_measured_stops_the_release_and_what_was_left_out_does_not():
    def missing(left_out):
        promise = UnmeasuredPromise(kind="limit", id="a", place="t.toml:1", models=("a",), left_out=left_out)
        return Run("two", results(unmeasured=(promise,), verdict="PARTIAL" if left_out else "FAIL"))

    for left_out, stops in ((False, 1), (True, 0)):
        runs = [run("one", limit("a", 0.9)), missing(left_out)]
        (row,) = rows = side_by_side(runs)
        assert row.cells[1].words == ("left out" if left_out else "not measured")
        assert f"stopping the release now and not before: {stops}" in what_changed(runs, rows)
        assert "not measured now: 1" in what_changed(runs, rows)


def test_what_neither_run_was_asked_for_is_counted_and_not_shown():
    both = UnmeasuredPromise(kind="limit", id="other", place="t.toml:1", models=("other",), left_out=True)
    partial = results(limit("a", 0.9), unmeasured=(both,), left_out=("other",), verdict="PARTIAL")
    runs = [Run(name, partial) for name in ("one", "two")]
    page = render_comparison(runs)
    assert "not measured now: 1" in page
    assert ">other<" not in page.split("What was measured")[1]


def test_a_limit_that_changed_is_marked_though_both_are_kept():
    softer = replace(limit("a", 0.7), required="0.6")
    runs = [run("one", limit("a", 0.9)), run("two", softer)]
    (row,) = rows = side_by_side(runs)
    assert (row.differs, row.asked_otherwise) == (False, True)
    assert "asked otherwise than before: 1" in what_changed(runs, rows)
    page = render_comparison(runs)
    assert "a ▲" in page
    assert "limit 0.8" in page
    assert "limit 0.6" in page


def test_a_waived_failure_is_no_pass():
    waived = replace(limit("a", 0.7, "FAIL"), stops=False, waived_until="2026-12-31", waiver="why")
    runs = [run("one", limit("a", 0.9)), run("two", waived)]
    (row,) = side_by_side(runs)
    assert [cell.words for cell in row.cells] == ["PASS", "FAIL, lets pass"]


def test_hunts_claims_and_limits_on_generators_are_rows_too():
    claim = claim_record(claim="net-breaks", expected="refuted", outcome="refuted")
    mark = generator_record(generator_limit="gan-fidelity", value=0.91)
    before = run("one", hunt_record(), claim, mark)
    after = run("two", hunt_record(stops=True), claim, replace(mark, value=0.5, stops=True))
    found, marked, claimed = side_by_side([before, after])
    assert (found.name, [cell.record.measured for cell in found.cells]) == (
        "hunt net-gaussian",
        ["nothing found", "7 of 90 flip"],
    )
    assert (marked.name, marked.change) == ("generator limit gan-fidelity", "-0.4100")
    assert (claimed.differs, claimed.cells[0].verdict, claimed.change) == (False, "PASS", "")


def test_runs_on_other_images_are_said_not_to_compare():
    runs = [run("one", limit("a", 0.9)), run("two", limit("a", 0.9), content="other")]
    assert any("not on the same images" in words for words in what_changed(runs, side_by_side(runs)))


PICTURE = TurnedImage(index=5, before="stop", after="go", clean="data:,", noisy="data:,")


def of_images(name, wrong, content="abc", pictures=()):
    noise = "gaussian(sigma=25)"
    return Run(
        name,
        results(
            limit_record(noise),
            images=images(content_hash=content),
            misclassified=(Misclassified(model="net", noise=noise, images=pack(wrong)),),
            turned=(Turned(model="net", noise=noise, turned=len(wrong), pictures=pictures),),
        ),
    )


def test_newly_misclassified_images_are_named_with_the_pictures_there_are():
    old = replace(PICTURE, index=3)
    runs = [of_images("one", [1, 3]), of_images("two", [3, 5, *range(100, 120)], pictures=(old, PICTURE))]
    (found,) = newly_wrong(runs)
    assert (found.wrong, found.right, found.indices[:2], found.more) == (21, 1, (5, 100), 9)
    assert found.pictures == (PICTURE,)
    page = render_comparison(runs)
    assert "21 newly wrong, 1 newly right" in page
    assert "and 9 more" in page


def test_images_of_other_sets_and_of_files_that_did_not_keep_them_are_not_compared():
    assert newly_wrong([of_images("one", [1]), of_images("two", [2], content="other")]) == []
    assert newly_wrong([run("one", limit("net", 0.9)), of_images("two", [2])]) == []
    assert newly_wrong([of_images("one", [1, 2]), of_images("two", [2])]) == []
    assert "Not known: the runs" in render_comparison([run("one", limit("net", 0.9)), of_images("two", [2])])
    assert "<p>None.</p>" in render_comparison([of_images("one", [1, 2]), of_images("two", [2])])


@given(st.frozensets(st.integers(0, 5000)))
def test_indices_come_back_as_they_were(indices):
    assert unpack(pack(sorted(indices))) == indices


@pytest.mark.parametrize("text", ["?", "AAAA", pack([1])[:-4], base64.b64encode(zlib.compress(bytes(MOST + 1))).decode()])
def test_what_is_no_list_of_images_is_refused(text):
    with pytest.raises(RobustnessError, match="list of misclassified images cannot be read.*run the gate again"):
        unpack(text)


def test_both_runs_are_lines_of_one_chart_for_each_model():
    runs = [
        Run(name, results(limit_record("gaussian(sigma=25)", accuracy=share))) for name, share in (("one", 0.9), ("two", 0.8))
    ]
    ((model, charts, drawn),) = curves(runs)
    assert (model, [line.model for line in charts[0].lines], drawn) == ("net", ["one", "two"], {"one": 0, "two": 1})
    assert [point.text for line in charts[0].lines for point in line.points] == [
        "one, gaussian(sigma=25): 90.00 %, limit 75 %",
        "two, gaussian(sigma=25): 80.00 %, limit 75 %",
    ]


def test_verdicts_and_hashes_come_first():
    before = Run("one", results(limit_record(), model_hashes={"net": "ab" * 32}))
    page = render_comparison([before, Run("two", results(limit_record(stops=True), model_hashes={"net": "cd" * 32}))])
    first = page.partition('id="runs"')[2].partition("</section>")[0]
    for word in ("PASS: net may be released.", "FAIL: no model may be released; net is stopped.", "abababababab", "changed"):
        assert word in first
    assert re.findall(r'<h2 id="(\w+)"', page)[:2] == ["runs", "rows"]


def test_names_are_shown_as_text():
    name = "<script>alert(1)</script>"
    page = render_comparison([run(name, limit(name, 0.9)), run("two", limit(name, 0.7, "FAIL"))])
    assert page.count("<script") == 1
    assert page.count("&lt;script&gt;") >= 4
