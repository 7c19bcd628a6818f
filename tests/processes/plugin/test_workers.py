"""What several workers do together, and what becomes of a run that loses one."""

from __future__ import annotations

from collections import Counter

import pytest

FAILED = pytest.ExitCode.TESTS_FAILED

HUNT = """
[[hunts]]
models = ["toy"]
safe = {{ {safe} }}
budget = 0.2
images = 20
"""
FOG = """
[noises.mist]
load = "python:weather:mist"
magnitude = "share"

[[limits]]
models = ["toy"]
noise = "mist"
share = [0.1, 0.3]
accuracy = 0.9
"""
SEEN = """
def mist(images, share):
    if images.shape[1] == 8:  # as the model sees them; the report's pictures are larger
        with open("seen", "a") as file:
            file.write(f"{share}\\n" * len(images))
    return images ^ 1
"""


def declare(project, more):
    project.write("thresholds.toml", (project.pytester.path / "thresholds.toml").read_text() + more)


def test_limits_that_hold_pass(project):
    run = project.gate("-n", "2")
    assert run.ret == 0
    run.stdout.fnmatch_lines(["*PASS: all 3 limits hold*"])
    names = [limit["limit"] for limit in project.results()["limits"]]
    assert names == ["toy-clean", "toy-gaussian(sigma=5)", "toy-gaussian(sigma=25)"]
    assert {limit["total"] for limit in project.results()["limits"]} == {20}


def test_a_killed_worker_fails_the_run(project):
    project.edit(
        "toy.py",
        "excess = ",
        "import os, signal\n        if images.max() == 1: os.kill(os.getpid(), signal.SIGKILL)\n        excess = ",
    )
    run = project.gate("-n", "2")
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*worker * crashed while running*", "*FAIL: *not measured*toy-gaussian(sigma=25)*"])


def test_a_worker_killed_after_its_last_test_fails_the_run(project):
    project.write(
        "conftest.py",
        "import os, signal\n\ndef pytest_sessionfinish(session):\n"
        "    if getattr(session.config, 'workerinput', {}).get('workerid') == 'gw1':\n        os.kill(os.getpid(), signal.SIGKILL)\n",
    )
    run = project.gate("-n", "2")
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*FAIL: *1 worker died: gw1*"])
    assert len(project.results()["limits"]) == 3


def test_torch_shares_the_cores_among_workers(project):
    project.write(
        "test_threads.py",
        "def test_threads(accuracy, record_property):\n    import torch\n    record_property('threads', torch.get_num_threads())\n"
        "    import os\n    assert torch.get_num_threads() == max(1, os.cpu_count() // 2)\n",
    )
    run = project.gate("-n", "2", paths=("test_threads.py",))
    run.assert_outcomes(passed=1)


def test_a_report_lost_between_worker_and_controller_fails_the_run(project):
    """xdist cannot send a NumPy scalar: the worker stops, and the failing test beside the gate is never reported."""
    project.write(
        "test_other.py",
        "import numpy as np\n\ndef test_other(record_property):\n    record_property('x', np.float32(1))\n    assert False\n",
    )
    run = project.gate("-n", "1", paths=("thresholds.toml", "test_other.py"))
    assert run.ret != 0


def test_each_case_is_evaluated_once_over_all_workers(project):
    project.edit("toy.py", "excess = ", "open('forwards', 'a').write('x')\n        excess = ")
    project.write("tests/test_gate.py", "from robustness.suite.test_limits import *\n")
    project.write("tests/test_gate_again.py", "from robustness.suite.test_limits import *\n")
    run = project.gate("-n", "2", paths=("tests", "thresholds.toml"))
    run.assert_outcomes(passed=9)
    # Twice the same, one by one, in sixteens, under noise twice, 72 images in other colours in batches of 64.
    sentinels, before_each_test, cases = 1 + 1 + 16 + 2 + 2 + 2, 9, 3
    assert (project.pytester.path / "forwards").read_text() == "x" * (sentinels + before_each_test + cases)


def test_a_declared_noise_is_measured_once_over_all_workers(project):
    declare(project, FOG)
    project.write("weather.py", SEEN)
    project.write("tests/test_gate.py", "from robustness.suite.test_limits import *\n")
    run = project.gate("-n", "2", paths=("tests", "thresholds.toml"))
    run.assert_outcomes(passed=10)
    seen = Counter((project.pytester.path / "seen").read_text().split())
    assert set(seen) == {"0.1", "0.3"}
    looked_at, shown = 3 * 16 + 4, 2  # each worker looks at the noise before it measures, and the report shows it
    once = 20 + 16  # to measure, and to see whether it is faint
    for images in seen.values():
        assert images in {once + looked_at + shown, once + 2 * looked_at + shown}
    marked = [limit["noise"] for limit in project.results()["limits"] if not limit["bit_identical"]]
    assert marked == ["mist(share=0.1)", "mist(share=0.3)"]
    assert list((project.pytester.path / "cache" / "results" / "runs").glob("*")) == []


@pytest.mark.parametrize("options", [["-p", "no:xdist"], ["-n", "2"]], ids=["alone", "two workers"])
def test_hunts_of_one_run_do_not_meet_each_other_s_findings(project, options):
    declare(project, HUNT.format(safe="offset = 150, gaussian = 5") + HUNT.format(safe="offset = 150"))
    project.gate(*options)
    assert [hunt["known"] for hunt in project.results()["hunts"]] == [False, False]
    project.gate(*options)
    assert [hunt["known"] for hunt in project.results()["hunts"]] == [True, True]
