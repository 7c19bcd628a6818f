"""Gates in processes of their own: what a run that dies leaves, and what a fresh one imports and computes again."""

from __future__ import annotations

import json

import pytest

FAILED = pytest.ExitCode.TESTS_FAILED


GOOD = "[excess, -excess]"


BAD = "[-excess, excess]"
DECLARED = """
[noises.mist]
load = "python:weather:mist"
magnitude = "share"
[noises.blur]
load = "torchvision:GaussianBlur"
magnitude = "sigma"
kernel_size = 3

[[limits]]
models = ["toy"]
noise = "mist"
share = 0.1
accuracy = 0.9

[[limits]]
models = ["toy"]
noise = "blur"
sigma = 1
accuracy = 0.9
"""


def broken(project):
    project.edit("toy.py", GOOD, BAD)


def test_a_run_that_dies_leaves_no_former_verdict(project):
    assert project.gate().ret == 0
    project.edit("toy.py", "excess = ", "import os\n        os._exit(0)\n        excess = ")
    project.pytester.runpytest_subprocess("thresholds.toml")
    assert list((project.pytester.path / "robustness-report").iterdir()) == []


def test_results_of_a_dead_run_of_the_same_name_are_not_used(project):
    project.write("test_project_rules.py", "def test_rule():\n    import os\n    os._exit(9)\n")
    options = ("-n", "0", "--testrunuid", "ci7")
    project.pytester.runpytest_subprocess("thresholds.toml", "test_project_rules.py", *options)
    broken(project)
    assert project.gate(*options).ret == FAILED


def test_collecting_declared_noises_imports_no_torch(project):
    project.write("thresholds.toml", (project.pytester.path / "thresholds.toml").read_text() + DECLARED)
    project.write("weather.py", "raise SystemExit('imported')\n")
    project.write(
        "conftest.py",
        "import sys\n\ndef pytest_collection_finish(session):\n"
        "    print('collected', len(session.items), {'torch', 'torchvision', 'weather'} & set(sys.modules))\n",
    )
    run = project.pytester.runpytest_subprocess("thresholds.toml", "--collect-only", "-q", "-s")
    run.stdout.fnmatch_lines(["*test_limit?toy-mist(share=0.1)?", "*test_limit?toy-blur(sigma=1)?", "*collected 5 set()*"])


def test_nothing_is_tried_twice_when_nothing_changed(project):
    project.write(
        "thresholds.toml",
        'schema = 1\n[run]\ndata = "signs"\n[models.net]\nload = "small-resnet"\nweights = "signs"\n[[limits]]\nmodels = ["net"]\n'
        'noise = "clean"\naccuracy = 0.5\n[[hunts]]\nmodels = ["net"]\nsafe = { gaussian = 2 }\nbudget = 0.2\nimages = 8\n',
    )
    passes = "import robustness.models.classifier as c\nreal = c.Classifier.logits\nopen('passes', 'w').close()\n"
    passes += "def logits(self, images):\n    open('passes', 'a').write('x')\n    return real(self, images)\nc.Classifier.logits = logits\n"
    counts = []
    for _ in range(2):
        project.write("conftest.py", passes)
        run = project.pytester.runpytest_subprocess("thresholds.toml")
        assert run.ret == pytest.ExitCode.OK
        counts.append(len((project.pytester.path / "passes").read_text()))
    assert counts[0] > 20
    assert counts[1] == 0
    assert json.dumps(project.results()["hunts"])  # the second run's, whole
