"""Templates read typed values and nothing else: a field that is renamed stops the page instead of leaving a gap in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from builders import limit_record, results, rich_results
from jinja2 import StrictUndefined, UndefinedError, meta

from robustness.noise import PRESETS
from robustness.report.html import page as report_page
from robustness.report.html.comparison import Run
from robustness.report.html.page import render_comparison, render_report

TEMPLATES = Path(report_page.__file__).parent / "templates"
SECTIONS = sorted(file.name.partition(".")[0] for file in (TEMPLATES / "sections").iterdir())


def test_every_section_is_rendered_and_nothing_in_it_is_undefined():
    benchmark = results(*(limit_record(noise) for noise in PRESETS["cifar-c"]))
    page = render_report(rich_results()) + render_report(benchmark)
    assert len(set(re.findall(r'<h2 id="(\w+)">', page))) == len(SECTIONS)
    assert "Undefined" not in page
    assert "None" not in re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.DOTALL)


def test_a_name_that_is_not_there_stops_the_page():
    environment = report_page._environment()
    assert environment.undefined is StrictUndefined
    with pytest.raises(UndefinedError):
        environment.from_string("{{ results.no_such_field }}").render(results=rich_results())
    with pytest.raises(UndefinedError):
        environment.from_string("{% if results.no_such_field %}{% endif %}").render(results=rich_results())


def test_no_template_excuses_a_missing_name():
    """`is defined`, `default` and `.get("name")` would hide a renamed field."""
    for file in TEMPLATES.rglob("*.jinja"):
        assert not re.search(r"is (not )?defined|\| *default|\.get\([\"']|\w\[[\"']", file.read_text()), file.name


def test_every_name_in_a_template_is_handed_to_it():
    """Also those in branches that no page of the tests takes."""
    environment, names = report_page._environment(), set()
    for file in TEMPLATES.rglob("*.html.jinja"):
        text = file.read_text()
        own = re.findall(r"{% set (\w+)", text)  # in a branch, which Jinja takes for another's
        names |= meta.find_undeclared_variables(environment.parse(text)) - {*own, *environment.globals}
    source = Path(report_page.__file__).read_text()
    assert not [name for name in names if not re.search(rf"\b{name}=", source)]


def test_two_runs_are_rendered_side_by_side():
    page = render_comparison([Run("one", rich_results()), Run("two", rich_results())])
    assert "two beside one" in page
    assert "Undefined" not in page
