"""What a gate leaves where people look in CI: a job's summary, annotations, JUnit XML."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest


def properties(project):
    """Of the tests in junit.xml, by name."""
    cases = ElementTree.parse(project.pytester.path / "junit.xml").iter("testcase")
    return {case.get("name"): [(one.get("name"), one.get("value")) for one in case.iter("property")] for case in cases}


def test_a_broken_limit_is_seen_everywhere(project, monkeypatch, mode):
    summary = project.pytester.path / "summary.md"
    summary.write_text("of a former step\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.pytester.path.parent))
    project.edit("toy.py", "- 0.5", "- 0.5\n        excess = torch.where(images.amax(dim=(1, 2, 3)) == 1, -excess, excess)")
    project.write(
        "test_a_rule_of_their_own.py",
        "def test_rule(toy, test_set, accuracy, request):\n    request.node.user_properties.append(('own', 1))\n    accuracy(toy, test_set)\n",
    )
    run = project.gate(*mode, "--junit-xml=junit.xml", paths=("thresholds.toml", "test_a_rule_of_their_own.py"))
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    (command,) = [line for line in run.outlines if line.startswith("::")]
    file = f"{project.pytester.path.name}/thresholds.toml"
    assert command.startswith(f"::error file={file},line=20,title=toy under gaussian(sigma=25)%3A FAIL::accuracy 0.")
    assert summary.read_text().startswith("of a former step\n## FAIL: 1 of 3 measured limits broken")
    told = properties(project)
    broken = dict(told["test_limit[toy-gaussian(sigma=25)]"])
    assert (broken["verdict"], broken["model"], broken["noise"]) == ("FAIL", "toy", "gaussian(sigma=25)")
    assert (broken["limit"], broken["images"], float(broken["measured"]) < 0.8) == ("0.8", "20", True)
    assert broken["repeat"].startswith("robustness evaluate toy ")
    assert dict(told["test_limit[toy-clean]"])["verdict"] == "PASS"
    assert [name for name, _ in told["test_rule"]] == ["own", "measured"]


def test_a_summary_that_cannot_be_written_changes_no_verdict(project, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.pytester.path / "no such folder" / "summary.md"))
    run = project.gate()
    assert run.ret == pytest.ExitCode.OK
    run.stdout.fnmatch_lines(
        ["no summary in GITHUB_STEP_SUMMARY: */summary.md: No such file or directory", "PASS: all 3 limits hold"]
    )


def test_elsewhere_than_on_github_nothing_is_annotated(project):
    project.edit("toy.py", "[excess, -excess]", "[-excess, excess]")
    run = project.gate()
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.no_fnmatch_line("::*")
