"""What a project adds: fixtures, rules, parametrized noise; and what of it survives the way to the controller."""

from __future__ import annotations

import os

import pytest
import torch
from safetensors.torch import save_file

from robustness.models.baseline_cnn import BaselineCNN
from robustness.process import torch_threads

FAILED = pytest.ExitCode.TESTS_FAILED

FIXTURE_MODEL = """
import pytest

@pytest.fixture(scope="session")
def my_net():
    import toy
    return toy.make()
"""

DECLARED = """
[models.my-net]
load = "fixture"
size = 8
fit = "resize"

[[limits]]
models = ["my-net"]
noise = "clean"
accuracy = 1.0
"""


def test_a_fixture_that_returns_a_module_is_gated_and_ruled(project, mode):
    project.write("conftest.py", FIXTURE_MODEL)
    project.edit("thresholds.toml", "accuracy = [0.9, 0.8]", "accuracy = [0.9, 0.8]" + DECLARED)
    project.write(
        "test_project_rules.py",
        "from robustness import Gaussian\n\n"
        "def test_bright_pictures_survive(my_net, test_set, accuracy):\n"
        "    assert accuracy(my_net, test_set.only('bright'), Gaussian(sigma=25)) >= 0.9\n",
    )
    run = project.gate(*mode, paths=("thresholds.toml", "test_project_rules.py"))
    assert run.ret == 0
    run.assert_outcomes(passed=5)
    (measured,) = next(iter(project.results()["measurements"].values()))
    assert (measured["right"], measured["total"]) == (10, 10)


def test_a_fixtures_module_is_left_as_it_was_and_its_batch_is_halved_once(project):
    """Twice in all: 64 images, 32, then 16 for every limit and rule. Torch has the threads back that it had."""
    project.write(
        "conftest.py",
        FIXTURE_MODEL.replace("return toy.make()", "return Small(toy.make())")
        + """
from torch import nn

class Small(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner, self.refused = inner, 0

    def forward(self, images):
        if len(images) > 16:
            self.refused += 1
            raise MemoryError
        return self.inner(images)
""",
    )
    project.edit("thresholds.toml", "accuracy = [0.9, 0.8]", "accuracy = [0.9, 0.8]" + DECLARED)
    project.write(
        "test_project_rules.py",
        "def test_as_it_was(my_net, test_set, accuracy):\n"
        "    assert accuracy(my_net, test_set) == 1\n"
        "    assert my_net.refused == 2\n"
        "    assert my_net.training and my_net.inner.training\n",
    )
    threads = (os.cpu_count() or 1) + 1
    with torch_threads(threads):
        run = project.gate(paths=("thresholds.toml", "test_project_rules.py"))
        assert torch.get_num_threads() == threads
    run.assert_outcomes(passed=5)


def test_a_broken_fixture_model_says_which_test_repeats_it(project):
    project.write("conftest.py", FIXTURE_MODEL)
    project.edit("thresholds.toml", "accuracy = [0.9, 0.8]", "accuracy = [0.9, 0.8]" + DECLARED)
    project.edit("toy.py", "[excess, -excess]", "[-excess, excess]")
    run = project.gate()
    run.stdout.fnmatch_lines(["  repeat: pytest *test_limit?my-net-clean?*"])


def test_a_missing_fixture_says_where_it_belongs(project):
    project.edit("thresholds.toml", "accuracy = [0.9, 0.8]", "accuracy = [0.9, 0.8]" + DECLARED)
    run = project.gate()
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*needs a pytest fixture 'my_net' in conftest.py*"])


def test_a_broken_rule_fails_the_gate(project):
    project.write(
        "test_project_rules.py", "def test_rule(toy, test_set, accuracy):\n    assert accuracy(toy, test_set) > 1, 'too good'\n"
    )
    run = project.gate(paths=("thresholds.toml", "test_project_rules.py"))
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*FAIL: 1 rule broken*"])


def test_the_suite_can_be_imported_into_a_projects_own_tests(project):
    project.write("tests/test_gate.py", "from robustness.suite.test_limits import *\n")
    run = project.gate(paths=("tests",))
    run.assert_outcomes(passed=3)
    run.stdout.fnmatch_lines(["*PASS: all 3 limits hold*"])


def test_noise_in_parametrized_tests_has_readable_ids(project):
    project.write(
        "test_project_rules.py",
        "import pytest\nfrom robustness import Gaussian, Periodic\n\n"
        "@pytest.mark.parametrize('noise', [Gaussian(5), Periodic(0.5, phase=90)])\n"
        "def test_rule(noise):\n    pass\n",
    )
    run = project.gate("--collect-only", "-q", paths=("test_project_rules.py",))
    run.stdout.fnmatch_lines(["*test_rule?gaussian(sigma=5)?", "*test_rule?periodic(amplitude=0.5, phase=90)?"])


@pytest.mark.parametrize("value", ["{'a': [np.float64(1)], 'b': np.float32(0.5), 'c': np.int64(3)}"])
def test_numpy_values_survive_the_way_to_the_controller(project, value, mode):
    project.write(
        "test_project_rules.py",
        "import numpy as np\n\n"
        f"def test_rule(toy, test_set, accuracy, record_property):\n    record_property('x', {value})\n    accuracy(toy, test_set)\n",
    )
    run = project.gate(*mode, paths=("thresholds.toml", "test_project_rules.py"))
    assert run.ret == 0
    run.assert_outcomes(passed=4)


def test_a_value_that_cannot_be_reported_fails_its_test(project, mode):
    project.write(
        "test_project_rules.py",
        "def test_rule(toy, test_set, accuracy, record_property):\n    record_property('model', toy)\n    accuracy(toy, test_set)\n",
    )
    run = project.gate(*mode, paths=("thresholds.toml", "test_project_rules.py"))
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*the recorded property 'model' is a Classifier, which cannot be reported*"])


@pytest.mark.slow
def test_a_gate_that_changed_nothing_runs_no_forward_pass(project):
    torch.manual_seed(0)
    save_file(BaselineCNN(2, 8).state_dict(), project.pytester.path / "net.safetensors")
    project.edit("thresholds.toml", 'load = "python:toy:make"', 'load = "baseline-cnn"\nweights = "net.safetensors"')
    for accuracy in ("accuracy = 1.0", "accuracy = [0.9, 0.8]"):
        project.edit("thresholds.toml", accuracy, "accuracy = 0")
    assert project.gate().ret == 0
    assert not any(limit["stored"] for limit in project.results()["limits"])
    project.edit("thresholds.toml", "accuracy = 0", "accuracy = 1")
    assert project.gate().ret == FAILED  # limits are no part of a case: the stored predictions serve the new ones
    assert all(limit["stored"] for limit in project.results()["limits"])


PREDICTING = """
import numpy as np
from robustness import Gaussian

def test_dark_pictures_are_surely_dark(toy, test_set, predictions, record_property):
    found = predictions(toy, test_set, Gaussian(sigma=5), probabilities=True)
    dark = found.class_names.index("dark")
    assert len(found) == 20 and found.right.all()
    assert (found.ranks == 1).all() and (found.labels == test_set.labels).all()
    assert found.probabilities.shape == (20, 2)
    assert np.allclose(found.probabilities.max(axis=1), found.probability, atol=1e-6)
    assert [name.split("/")[-2] for name in found.names] == [found.class_names[label] for label in found.labels]
    record_property("surest of dark", found.probability[found.labels == dark].max())
    record_property("camera", "left")
    assert predictions(toy, test_set.only("dark")).probabilities is None
"""


def test_a_rule_reads_predictions_and_what_it_records_is_in_the_results(project, mode):
    project.write("test_project_rules.py", PREDICTING)
    run = project.gate(*mode, paths=("thresholds.toml", "test_project_rules.py"))
    assert run.ret == 0
    run.assert_outcomes(passed=4)
    (figures,) = project.results()["figures"].values()
    assert figures["camera"] == "left"
    assert 0.5 < figures["surest of dark"] < 1
    (measured,) = project.results()["measurements"].values()
    assert [(one["right"], one["total"]) for one in measured] == [(20, 20), (10, 10)]
    page = (project.pytester.path / "robustness-report" / "report.html").read_text()
    assert f"surest of dark {figures['surest of dark']:.4g}" in page
    assert "camera left" in page


def test_what_a_test_of_nobodys_records_is_no_figure(project):
    project.write(
        "test_project_rules.py",
        "import math\n\n"
        "def test_unit(record_property):\n    record_property('x', 1)\n\n"
        "def test_rule(toy, test_set, accuracy, record_property):\n"
        "    record_property('odd', math.nan)\n    record_property('listed', [1, 2])\n    record_property('held', True)\n"
        "    accuracy(toy, test_set)\n",
    )
    project.gate("-n", "0", paths=("thresholds.toml", "test_project_rules.py"))
    assert list(project.results()["figures"].values()) == [{"odd": "NaN", "listed": "[1, 2]", "held": "true"}]


HYPOTHESIS = """
from hypothesis import given, settings
from robustness import Gaussian
from robustness.search.strategies import noises

@settings(deadline=None, max_examples=5, derandomize=True, database=None)
@given(noise=noises([Gaussian(5)]))
def test_bright_pictures_survive(toy, test_set, accuracy, predictions, noise):
    bright = test_set.only("bright")
    assert accuracy(toy, bright, noise) >= LEAST
    assert predictions(toy, bright, noise).right.all()
"""


def test_strategies_go_with_every_fixture_and_no_health_check_is_suppressed(project, mode):
    project.write("test_project_rules.py", HYPOTHESIS.replace("LEAST", "0.9"))
    run = project.gate(*mode, paths=("thresholds.toml", "test_project_rules.py"))
    assert run.ret == 0
    run.assert_outcomes(passed=4)
    (measured,) = project.results()["measurements"].values()
    assert len(measured) == 10
    assert {one["right"] for one in measured} == {10}


def test_a_rule_that_hypothesis_breaks_fails_the_gate(project):
    project.write("test_project_rules.py", HYPOTHESIS.replace("LEAST", "1.1"))
    run = project.gate(paths=("thresholds.toml", "test_project_rules.py"))
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*FAIL: 1 rule broken*"])


def test_each_test_has_the_measurements_that_it_asked_for(project, mode):
    project.write(
        "test_project_rules.py",
        "import pytest\n\n"
        "@pytest.mark.parametrize('name', ['bright', 'dark'])\n"
        "def test_rule(toy, test_set, accuracy, name):\n    assert accuracy(toy, test_set.only(name)) == 1\n\n"
        "def test_whole(toy, test_set, accuracy):\n    assert accuracy(toy, test_set) == 1\n",
    )
    assert project.gate(*mode, paths=("thresholds.toml", "test_project_rules.py")).ret == 0
    totals = {test.partition("::")[2]: [one["total"] for one in of] for test, of in project.results()["measurements"].items()}
    assert totals == {"test_rule[bright]": [10], "test_rule[dark]": [10], "test_whole": [20]}


def test_outside_of_a_test_nothing_is_measured_for_a_rule(project):
    project.write(
        "test_project_rules.py",
        "import pytest\n\n"
        "@pytest.fixture(scope='session')\ndef of_all(toy, test_set, accuracy):\n"
        "    return accuracy(toy, test_set)\n\n"
        "def test_rule(of_all):\n    assert of_all == 1\n",
    )
    run = project.gate("-n", "0", paths=("thresholds.toml", "test_project_rules.py"))
    assert run.ret == 0  # a fixture is made for the test that first wants it
    assert [len(of) for of in project.results()["measurements"].values()] == [1]
