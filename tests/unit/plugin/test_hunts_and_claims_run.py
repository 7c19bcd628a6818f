"""Hunts and claims through pytest itself: what is found is kept and tried first, and what comes out otherwise fails."""

from __future__ import annotations

import pytest

HUNT = """
[[hunts]]
models = ["toy"]
safe = { offset = 150, gaussian = 5 }
budget = 0.2
images = 20
"""
SECOND_HUNT = """
[[hunts]]
models = ["toy"]
safe = { offset = 150 }
budget = 0.2
images = 20
"""
CLAIM = """
[[claims]]
says = "breaks"
models = ["toy"]
noise = "offset"
levels = [40, 120]
of_clean = 0.8
expected = "supported"
"""


@pytest.fixture
def hunted(project):
    """Light makes the dark pictures bright: half of all predictions flip at 68 levels."""
    project.write("thresholds.toml", (project.pytester.path / "thresholds.toml").read_text() + HUNT)
    return project


@pytest.fixture
def claimed(project):
    text = (project.pytester.path / "thresholds.toml").read_text()
    project.write("thresholds.toml", text.replace("[run]", "[run]\nindependent = true") + CLAIM)
    return project


def findings(project):
    return {file.name: file.read_bytes() for file in (project.pytester.path / "findings").iterdir()}


def test_a_hunt_that_finds_too_many_flips_fails_the_gate_and_keeps_what_it_found(hunted, mode):
    run = hunted.gate(*mode)
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(
        [
            "*offset(levels=*flips * of 20 right predictions*; the budget is 0.2*",
            "*replay: robustness flips replay findings/toy-*",
        ]
    )
    run.stdout.fnmatch_lines(["FAIL: 1 of 1 hunt found too many flips (toy-offset+gaussian)"])
    (found,) = hunted.results()["hunts"]
    assert found["stops"]
    assert not found["known"]
    assert {name.rpartition(".")[2] for name in findings(hunted)} == {"json", "png", "gitignore"}
    report = (hunted.pytester.path / "robustness-report" / "report.html").read_text()
    assert "a hunt found too many flips" in report


def test_what_is_found_on_a_model_of_a_fixture_is_replayed_by_its_test(hunted):
    hunted.edit("thresholds.toml", 'load = "python:toy:make"', 'load = "fixture"')
    hunted.write(
        "conftest.py", "import pytest\n@pytest.fixture(scope='session')\ndef toy():\n    return __import__('toy').make()\n"
    )
    run = hunted.gate()
    run.stdout.fnmatch_lines(["*replay: pytest *test_hunt*toy-offset+gaussian*"])
    assert run.ret == pytest.ExitCode.TESTS_FAILED


def test_two_runs_in_the_ci_profile_find_the_same(hunted):
    kept = []
    for _ in range(2):
        hunted.gate("--robustness-profile", "ci")
        kept.append(findings(hunted))
        for file in (hunted.pytester.path / "findings").iterdir():
            file.unlink()
    assert kept[0] == kept[1]
    assert len(kept[0]) == 3


def test_a_finding_is_tried_first_and_when_mended_it_is_said_and_passes(hunted):
    hunted.gate()
    (first,) = hunted.results()["hunts"]
    hunted.gate()
    (again,) = hunted.results()["hunts"]
    assert (again["known"], again["file"], again["stops"]) == (True, first["file"], True)
    hunted.edit("toy.py", "- 0.5", "- 0.62")  # so that it takes 30 grey levels more
    hunted.edit("thresholds.toml", "offset = 150", "offset = 75")
    run = hunted.gate("--robustness-profile", "dev")
    assert run.ret == pytest.ExitCode.OK
    (mended,) = hunted.results()["hunts"]
    assert (mended["mended"], mended["within_budget"], mended["stops"]) == ([first["file"]], [], False)
    run.stdout.fnmatch_lines(
        ["*30 tried (profile dev); mended: findings/toy-*", "PASS: all 3 limits hold, 1 hunt found nothing"]
    )
    assert len(findings(hunted)) == 3  # and stays


def test_where_the_budget_rose_a_finding_is_within_it_and_that_is_said(hunted):
    hunted.gate()
    hunted.edit("thresholds.toml", "budget = 0.2", "budget = 0.9")
    run = hunted.gate()
    assert run.ret == pytest.ExitCode.OK
    run.stdout.fnmatch_lines(["*; within today's budget of 0.9: findings/toy-*"])
    run.stdout.no_fnmatch_line("*; mended: *")


def test_a_finding_beyond_what_is_declared_safe_now_is_named_as_not_tried(hunted):
    hunted.gate()
    hunted.edit("thresholds.toml", "offset = 150, gaussian = 5", "gaussian = 5")
    run = hunted.gate()
    assert run.ret == pytest.ExitCode.OK
    run.stdout.fnmatch_lines(["*; beyond what is declared safe today, so not tried: findings/toy-*"])
    assert "so not tried: findings/toy-" in (hunted.pytester.path / "robustness-report" / "report.html").read_text()


def test_a_finding_on_a_model_that_was_renamed_is_no_pass(hunted):
    hunted.gate()
    for old, new in (("[models.toy]", "[models.new]"), ('models = ["toy"]', 'models = ["new"]')):
        text = (hunted.pytester.path / "thresholds.toml").read_text()
        hunted.write("thresholds.toml", text.replace(old, new).replace("budget = 0.2", "budget = 0.9"))
    run = hunted.gate()
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["*: findings/toy-*.json: a finding on the model 'toy', which no hunt here covers*"])
    run.stdout.fnmatch_lines(["FAIL: 1 hunt not measured: new-offset+gaussian"])
    assert "which no hunt here covers" in (hunted.pytester.path / "robustness-report" / "report.html").read_text()
    (file,) = (hunted.pytester.path / "findings").glob("*.json")
    file.write_text(file.read_text().replace('"model": "toy"', '"model": "new"'))
    assert hunted.gate().ret == pytest.ExitCode.OK


def test_findings_that_cannot_be_listed_are_no_pass(hunted):
    hunted.write("findings", "no folder")
    run = hunted.gate()
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["*findings: Not a directory; the findings of former hunts cannot be tried"])
    run.stdout.fnmatch_lines(["FAIL: 1 hunt not measured: toy-offset+gaussian"])


def test_a_finding_that_cannot_be_kept_is_no_pass(hunted):
    (hunted.pytester.path / "findings").symlink_to(hunted.pytester.path / "nowhere")
    run = hunted.gate()
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["*findings: *, so what a hunt found cannot be kept: *offset(levels=*"])
    run.stdout.no_fnmatch_line("*.py:[0-9]*: *")  # where it was raised


def test_a_damaged_finding_fails_the_gate_by_name(hunted):
    hunted.gate()
    (file,) = (hunted.pytester.path / "findings").glob("*.json")
    file.write_text(file.read_text()[:-40])
    run = hunted.gate()
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines([f"*findings/{file.name}: not a finding*"])


def test_a_claim_that_comes_out_as_declared_passes_and_otherwise_fails(claimed):
    run = claimed.gate()
    assert run.ret == pytest.ExitCode.OK
    run.stdout.fnmatch_lines(["claim toy-breaks-offset: supported, as declared", "PASS: all 3 limits hold, 1 claim came out*"])
    claimed.edit("thresholds.toml", 'expected = "supported"', 'expected = "refuted"')
    run = claimed.gate()
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["*supported, declared refuted: *", "FAIL: 1 of 1 claim not as declared (toy-breaks-offset)"])


def test_a_model_that_only_a_claim_speaks_of_has_its_hash_in_the_results(claimed):
    claimed.gate("-k", "test_claim")
    results = claimed.results()
    assert [claim["claim"] for claim in results["claims"]] == ["toy-breaks-offset"]
    assert list(results["model_hashes"]) == ["toy"]
    report = (claimed.pytester.path / "robustness-report" / "report.html").read_text()
    assert f"<code>{results['model_hashes']['toy']}</code>" in report


def test_a_claim_about_images_of_unknown_dependence_is_no_pass(claimed):
    claimed.edit("thresholds.toml", "independent = true", "")
    run = claimed.gate()
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["*whether the images of * are independent is not known; give a design_effect in *run*"])
    run.stdout.fnmatch_lines(["FAIL: 1 claim not measured: toy-breaks-offset"])


def test_hunts_and_claims_that_no_test_measured_are_gaps(hunted):
    text = (hunted.pytester.path / "thresholds.toml").read_text()
    hunted.write("thresholds.toml", text + CLAIM)
    hunted.write("test_mine.py", "from robustness.suite.test_limits import *")
    run = hunted.gate(paths=("test_mine.py",))
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["FAIL: 1 hunt not measured: toy-offset+gaussian; 1 claim not measured: toy-breaks-offset"])


def test_a_run_narrowed_to_limits_is_partial(hunted):
    run = hunted.gate("-k", "test_limit")
    run.stdout.fnmatch_lines(["PARTIAL: 3 of 4 limits measured and kept; no release verdict"])
    assert hunted.results()["left_out"] == ["toy-offset+gaussian"]
