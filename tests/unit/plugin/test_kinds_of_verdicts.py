"""Claims about a population, drops from a baseline, waivers and early stopping, through the gate itself."""

from __future__ import annotations

import pytest

FAILED = pytest.ExitCode.TESTS_FAILED
RUN = 'data = "folder:pictures"'
WORSE = "- 0.5\n        excess = torch.where(images.amax(dim=(1, 2, 3)) == 1, -excess, excess)"


def claim(project, more):
    project.edit("thresholds.toml", RUN, f'{RUN}\nclaim = "population"\n{more}')


def test_twenty_right_of_twenty_prove_no_ninety_per_cent(project, mode):
    claim(project, "independent = true")
    project.edit("thresholds.toml", "accuracy = 1.0", "accuracy = 0.8")
    run = project.gate(*mode)
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*does not decide on the limit 0.9; about * images would*", "*1 of 3 undecided*"])
    verdicts = {limit["limit"]: limit["verdict"] for limit in project.results()["limits"]}
    assert verdicts == {"toy-clean": "PASS", "toy-gaussian(sigma=5)": "INCONCLUSIVE", "toy-gaussian(sigma=25)": "PASS"}


def test_what_is_undecided_may_only_warn(project):
    claim(project, 'independent = true\ninconclusive = "warn"')
    project.edit("thresholds.toml", "accuracy = 1.0", "accuracy = 0.8")
    run = project.gate()
    assert run.ret == 0
    run.stdout.fnmatch_lines(["*PASS: 2 of 3 limits hold; not stopping the release: toy under gaussian(sigma=5)*"])


def test_no_claim_is_made_about_a_population_nothing_is_known_of(project):
    claim(project, "confidence = 0.9")
    run = project.gate()
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*say independent = true if they are*", "*FAIL: 3 limits not measured*"])


def test_stopping_early_gives_the_same_verdicts(project):
    project.edit("thresholds.toml", RUN, f'{RUN}\nmode = "early"')
    assert project.gate().ret == 0
    project.edit("toy.py", "- 0.5", WORSE)
    run = project.gate()
    assert run.ret == FAILED
    run.assert_outcomes(passed=2, failed=1)
