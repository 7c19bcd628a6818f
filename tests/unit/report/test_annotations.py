"""Workflow commands: one for all that stops a release, at its line, in GitHub's spelling."""

from __future__ import annotations

import pytest

from robustness.report.annotations import workflow_commands


def limit(**more):
    return {
        "model": "net", "subject": "gaussian(sigma=25)", "place": "thresholds.toml:14", "verdict": "FAIL", "stops": True,
        "reason": "0.8, 100% sure: no", "repeat": "again",
    } | more  # fmt: skip


@pytest.fixture
def results(tmp_path):
    (tmp_path / "gate").mkdir()
    (tmp_path / "gate" / "toy.py").touch()
    thresholds = {"path": str(tmp_path / "gate" / "thresholds.toml")}
    return {"thresholds": thresholds, "limits": [], "hunts": [], "claims": [], "generator_limits": [], "errors": {}}


def test_a_broken_limit_is_told_at_its_line(results, tmp_path):
    results["limits"] = [limit(), limit(stops=False)]
    assert workflow_commands(results, tmp_path) == [
        "::error file=gate/thresholds.toml,line=14,title=net under gaussian(sigma=25)%3A FAIL::"
        "0.8, 100%25 sure: no%0Arepeat: again"
    ]


def test_nothing_ends_a_command_or_starts_another(results, tmp_path):
    results["limits"] = [limit(model="a,b::c\r\n::stop-commands::x", reason="d\r\n::error::e")]
    (line,) = workflow_commands(results, tmp_path)
    assert "title=a%2Cb%3A%3Ac%0D%0A%3A%3Astop-commands%3A%3Ax under" in line
    assert len(line.splitlines()) == 1
    assert line.endswith("::d%0D%0A::error::e%0Arepeat: again")


def test_hunts_claims_and_generator_limits_have_their_lines(results, tmp_path):
    results["hunts"] = [{"hunt": "h", "words": "found", "replay": "again", "place": "thresholds.toml:1", "stops": True}]
    results["claims"] = [
        {"claim": "c", "words": "w", "outcome": "refuted", "expected": "supported", "place": "thresholds.toml:2", "stops": True}
    ]
    results["generator_limits"] = [{"generator_limit": "g", "words": "poor", "place": "thresholds.toml:3", "stops": True}]
    assert workflow_commands(results, tmp_path) == [
        "::error file=gate/thresholds.toml,line=1,title=hunt h::found%0Areplay: again",
        "::error file=gate/thresholds.toml,line=2,title=claim c::refuted, declared supported: w",
        "::error file=gate/thresholds.toml,line=3,title=generator limit g::poor",
    ]


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ("OSError: disk ({gate}/toy.py:7)", "file=gate/toy.py,line=7,"),
        ("thresholds.toml:3: toy.py:9: both", "file=gate/toy.py,line=9,"),
        ("OSError: elsewhere (/usr/lib/python3/os.py:7)", ""),
        ("no place at 12:30", ""),
    ],
)
def test_an_error_is_told_at_its_place_in_the_workspace_or_of_the_run(results, tmp_path, message, place):
    results["errors"] = {"test_limit[net-clean]": message.format(gate=tmp_path / "gate")}
    (line,) = workflow_commands(results, tmp_path)
    assert line.startswith(f"::error {place}title=robustness gate::test_limit[net-clean]: ")
