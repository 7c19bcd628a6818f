"""`robustness report`: a report made again, several runs side by side, and files that are no results."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from builders import hunt_record, limit_record, results

from robustness.cli import main
from robustness.report.file import results_to_json
from robustness.report.results import ThresholdsFile


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
        ([], {"verdict": "PASS", "left_out": ["net-clean"]}),
        (
            [],
            {
                "verdict": "PARTIAL",
                "unmeasured": [{"kind": "limit", "id": "net-x", "place": "t.toml:1", "models": ["net"], "left_out": False}],
            },
        ),
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


THRESHOLDS = "schema = 1  # as measured\r\n"
KEPT = ThresholdsFile(path="t.toml", sha256=hashlib.sha256(THRESHOLDS.encode()).hexdigest(), text=THRESHOLDS)


def bundle(folder, thresholds=KEPT, *more):
    (folder / "results.json").write_text(results_to_json(results(limit_record(), thresholds=thresholds)))
    return main(["report", "results.json", *more, "--bundle", "evidence"])


def test_a_bundle_has_all_that_a_verdict_rests_on_and_the_hashes_of_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert bundle(tmp_path) == 0
    folder = tmp_path / "evidence"
    sums = dict(line.split("  ")[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert {file.name for file in folder.iterdir()} == {*sums, "SHA256SUMS"}
    assert sums.keys() == {"report.html", "results.json", "thresholds.toml", "environment.json"}
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert (folder / "thresholds.toml").read_bytes() == THRESHOLDS.encode()
    assert (folder / "results.json").read_bytes() == (tmp_path / "results.json").read_bytes()
    assert sums["results.json"] in (folder / "report.html").read_text()
    assert json.loads((folder / "environment.json").read_text())["environment"]["tree"] == "clean"


@pytest.mark.parametrize(
    ("thresholds", "said"),
    [
        (replace(KEPT, text=""), "did not keep the thresholds file in them: run the gate again"),
        (replace(KEPT, text="schema = 1"), "is not the one that was measured: run the gate again"),
    ],
)
def test_a_bundle_without_the_thresholds_that_were_measured_is_refused(tmp_path, monkeypatch, capsys, thresholds, said):
    monkeypatch.chdir(tmp_path)
    assert bundle(tmp_path, thresholds) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "evidence").exists()


def test_a_bundle_takes_a_new_folder_and_one_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "notes.txt").write_text("mine")
    assert bundle(tmp_path) == 2
    assert "evidence: not empty" in capsys.readouterr().err
    assert [file.name for file in (tmp_path / "evidence").iterdir()] == ["notes.txt"]
    assert bundle(tmp_path, KEPT, "results.json") == 2
    assert "a bundle is of one results.json, not of 2" in capsys.readouterr().err
