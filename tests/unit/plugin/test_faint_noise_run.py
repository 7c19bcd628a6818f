"""A level that is next to no noise is warned of through the gate: once, wherever its tests run, and measured before or not."""

from __future__ import annotations

import json

import pytest

FAINT = """
[[limits]]
models = ["toy"]
noise = "salt-and-pepper"
amount = [0.001, 0.0001]
accuracy = 0

[[limits]]
models = ["toy"]
noise = "gaussian"
sigma = 0.13
accuracy = 0
worst_class = 0

[[hunts]]
models = ["toy"]
safe = { gaussian = 0.13 }
budget = 0.5
images = 5

[[claims]]
says = "more-noise-never-helps"
models = ["toy"]
noise = "gaussian"
sigma = [0.13, 25]
expected = "supported"
negligible = 0.9
"""


@pytest.fixture
def faint(project):
    project.write("thresholds.toml", (project.pytester.path / "thresholds.toml").read_text() + FAINT)
    project.edit("thresholds.toml", "[run]", "[run]\nindependent = true")
    return project


def warned(run):
    return [line for line in run.outlines if line.startswith("warning: ")]


def test_each_level_is_warned_of_once_at_its_first_line(faint, mode):
    run = faint.gate(*mode)
    lines = (faint.pytester.path / "thresholds.toml").read_text().splitlines()
    places = [lines.index("amount = [0.001, 0.0001]") + 1, lines.index("sigma = 0.13") - 2]
    salt, gaussian = warned(run)
    assert salt.startswith(f"warning: thresholds.toml:{places[0]}: salt-and-pepper(amount=0.0001) is to change less than one ")
    assert gaussian.startswith(f"warning: thresholds.toml:{places[1]}: gaussian(sigma=0.13) changes ")
    assert " of 3,072 values of 16 images of 8 x 8 x 3: next to no noise (sigma counts grey levels of 255)" in gaussian
    results = faint.results()
    assert [f"warning: {one['place']}: {one['words']}" for one in results["warnings"]] == [salt, gaussian]
    assert results["verdict"] == "PASS"  # it warns, and stops nothing
    page = (faint.pytester.path / "robustness-report" / "report.html").read_text()
    assert page.partition('<h2 id="warnings">')[2].partition("</section>")[0].count("<li>") == 2


def test_it_is_said_again_of_what_was_measured_before(faint, mode):
    first, again = faint.gate(*mode), faint.gate(*mode)
    assert warned(first) == warned(again) != []


def test_a_narrowed_run_warns_of_what_it_measured(faint):
    assert warned(faint.gate("-k", "sigma=25")) == []


def test_nothing_is_warned_of_without_need(project):
    assert warned(project.gate()) == []
    assert project.results()["warnings"] == []
    assert '<h2 id="warnings">' not in (project.pytester.path / "robustness-report" / "report.html").read_text()


def test_github_shows_it_beside_the_line(faint, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    run = faint.gate()
    assert sum(line.startswith("::warning file=thresholds.toml,line=") for line in run.outlines) == 2
    assert json.dumps(faint.results()["warnings"]).count("next to no noise") == 2
