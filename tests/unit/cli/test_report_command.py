"""`robustness report`: a report made again, several runs side by side, and files that are no results."""

from __future__ import annotations

import json

import pytest
from builders import hunt_record, limit_record, results

from robustness.cli import main
from robustness.report.file import results_to_json


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "results.json: no such file; a gate writes robustness-report/results.json"),
        ("{", "results.json: cannot be read as JSON"),
        ("[1]", "results.json: not the results of a gate"),
        ('{"schema": 2}', "results.json: this version reads results of schema 1, not 2"),
        ('{"schema": 1}', "results.json: not as a gate wrote it: verdict: Field required; run the gate again"),
        ('{"schema": 1, "limits": 3}', "results.json: not as a gate wrote it"),
    ],
)
def test_what_is_no_results_is_refused_and_writes_nothing(tmp_path, monkeypatch, capsys, content, said):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "results.json").write_text(content)
    assert main(["report", "results.json", "-o", "out.html"]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out.html").exists()


@pytest.mark.parametrize(
    ("records", "change"),
    [
        ([limit_record(stops=True)], {"verdict": "PASS"}),
        ([hunt_record(stops=True)], {"verdict": "PARTIAL"}),
        ([], {"verdict": "PASS", "gaps": ["1 limit not measured"]}),
        ([], {"verdict": "PASS", "errors": {"test_rule": "broken"}}),
    ],
)
def test_a_verdict_that_the_results_contradict_is_refused(tmp_path, monkeypatch, capsys, records, change):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results.json").write_text(json.dumps(json.loads(results_to_json(results(*records))) | change))
    assert main(["report", "results.json", "-o", "out.html"]) == 2
    assert f"results.json: says {change['verdict']!r}, and what it holds says otherwise" in capsys.readouterr().err
    assert not (tmp_path / "out.html").exists()


def test_a_verdict_that_there_is_not_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results.json").write_text(json.dumps(json.loads(results_to_json(results())) | {"verdict": "GOOD"}))
    assert main(["report", "results.json", "-o", "out.html"]) == 2
    assert "results.json: not as a gate wrote it: verdict: Input should be 'PASS'" in capsys.readouterr().err
