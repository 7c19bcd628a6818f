"""A kind of promise that the report has never heard of is seen wherever the four are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from builders import limit_record, results

from robustness.gate.promise import Kind
from robustness.kinds import KINDS
from robustness.report.ci.annotations import workflow_commands
from robustness.report.ci.junit import junit_properties
from robustness.report.ci.markdown import summary
from robustness.report.file import results_from_json, results_to_json
from robustness.report.html.comparison import Run, side_by_side
from robustness.report.html.page import render_report
from robustness.report.text.terminal import promise_lines, verdict_sentence
from robustness.statistics.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class SpeedRecord:
    kind: ClassVar[str] = "speed"
    PROPERTIES: ClassVar = {"model": "model", "seconds": "seconds"}

    speed: str
    model: str
    seconds: float
    stops: bool = False

    about = property(lambda self: (self.model,))
    id = property(lambda self: self.speed)
    name = property(lambda self: f"speed {self.speed}")
    title = property(lambda self: f"{self.model} is too slow")
    verdict = property(lambda self: Verdict.FAIL if self.stops else Verdict.PASS)
    reason = property(lambda self: f"it took {self.seconds:g} s")
    value = property(lambda self: self.seconds)
    measured = property(lambda self: f"{self.seconds:g} s")
    place, again, asked, group = "thresholds.toml:50", "robustness time net", "limit 2 s", "speed"
    row = stored = throughput = None


class Speeds(Kind):
    name, record, kept, broken = "speed", SpeedRecord, "kept", "broken"

    def declare(self, content, declared, problems):
        return ()

    def measure(self, promise, bench):
        raise NotImplementedError


FAST, SLOW = (
    SpeedRecord(speed="net-cpu", model="net", seconds=1.0),
    SpeedRecord(speed="net-cpu", model="net", seconds=3.5, stops=True),
)


@pytest.fixture(autouse=True)
def five_kinds():
    KINDS.append(Speeds())
    yield
    KINDS.pop()


def test_it_is_in_the_sentence():
    assert verdict_sentence(results(limit_record(), FAST)) == "PASS: the one limit holds, 1 speed kept"
    assert verdict_sentence(results(limit_record(), FAST, SLOW)) == "FAIL: 1 of 2 speeds broken (net-cpu)"
    assert verdict_sentence(results(FAST, verdict="PARTIAL", left_out=("x",))).startswith("PARTIAL: 1 of 2 speeds measured")


def test_it_has_a_line_on_the_terminal():
    assert promise_lines(results(limit_record(), SLOW)) == [("speed net-cpu: it took 3.5 s", True)]


def test_it_is_told_where_it_stops_the_release():
    made = results(limit_record(), SLOW)
    assert "- **speed net-cpu**: it took 3.5 s<br><code>robustness time net</code>" in summary(made)
    (command,) = workflow_commands(made, Path.cwd())
    assert command.endswith("line=50,title=net is too slow::it took 3.5 s%0Arepeat: robustness time net")
    stops = render_report(made).partition('id="broken"')[2].partition("</section>")[0]
    assert "net is too slow" in stops
    assert "robustness time net" in stops


def test_it_stands_on_the_page_where_it_is_kept_too():
    page = render_report(results(limit_record(), FAST))
    row = page.partition('data-kind="speed"')[2].partition("</tr>")[0]
    assert "net-cpu" in row
    assert "it took 1 s" in row
    assert "robustness time net" in row
    assert 'id="broken"' not in page


def test_it_is_compared():
    (row,) = side_by_side([Run("one", results(FAST)), Run("two", results(SLOW))])
    assert (row.name, row.differs, row.change) == ("speed net-cpu", True, "+2.5000")


def test_it_has_properties_in_junit_xml():
    assert junit_properties(SLOW) == [("verdict", "FAIL"), ("model", "net"), ("seconds", "3.5")]


def test_it_is_written_and_read_back():
    made = results(limit_record(), FAST, SLOW)
    assert results_from_json(results_to_json(made)) == made
