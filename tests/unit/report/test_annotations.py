"""Workflow commands: one for all that stops a release, at its line, in GitHub's spelling."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import claim_record, generator_record, hunt_record, limit_record, noise_warning, results

from robustness.report.ci.annotations import workflow_commands
from robustness.report.results import ThresholdsFile


def limit(**more):
    return limit_record(
        **{"place": "thresholds.toml:14", "stops": True, "reason": "0.8, 100% sure: no", "repeat": "again"} | more
    )


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "gate").mkdir()
    (tmp_path / "gate" / "toy.py").touch()
    return tmp_path


def commands(workspace: Path, *records, **more):
    file = ThresholdsFile(path=str(workspace / "gate" / "thresholds.toml"), sha256="")
    return workflow_commands(results(*records, thresholds=file, **more), workspace)


def test_a_broken_limit_is_told_at_its_line(workspace):
    assert commands(workspace, limit(), limit(stops=False)) == [
        "::error file=gate/thresholds.toml,line=14,title=net under gaussian(sigma=25)%3A FAIL::"
        "0.8, 100%25 sure: no%0Arepeat: again"
    ]


def test_a_warning_is_one_at_its_line(workspace):
    warning = noise_warning(words="it changes 0 % of them")
    assert commands(workspace, limit(stops=False), warnings=(warning,)) == [
        "::warning file=gate/thresholds.toml,line=12,title=next to no noise::it changes 0 %25 of them"
    ]


def test_nothing_ends_a_command_or_starts_another(workspace):
    evil = limit(model="a,b::c\r\n::stop-commands::x", reason="d\r\n::error::e")
    (line,) = commands(workspace, evil)
    assert "title=a%2Cb%3A%3Ac%0D%0A%3A%3Astop-commands%3A%3Ax under" in line
    assert len(line.splitlines()) == 1
    assert line.endswith("::d%0D%0A::error::e%0Arepeat: again")


def test_hunts_claims_and_generator_limits_have_their_lines(workspace):
    hunt = hunt_record(stops=True, words="found", replay="again", place="thresholds.toml:1")
    claim = claim_record(stops=True, models=("net",), words="w", place="thresholds.toml:2")
    mark = generator_record(stops=True, words="poor", place="thresholds.toml:3")
    assert commands(workspace, hunt, claim, mark) == [
        "::error file=gate/thresholds.toml,line=1,title=net%3A a hunt found too many flips::found%0Arepeat: again",
        "::error file=gate/thresholds.toml,line=2,title=net%3A a claim is supported%2C not refuted::"
        "supported, declared refuted: w",
        "::error file=gate/thresholds.toml,line=3,title=signs%3A a limit on the generator is broken::poor",
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
def test_an_error_is_told_at_its_place_in_the_workspace_or_of_the_run(workspace, message, place):
    (line,) = commands(workspace, errors={"test_limit[net-clean]": message.format(gate=workspace / "gate")})
    assert line.startswith(f"::error {place}title=robustness gate::test_limit[net-clean]: ")
