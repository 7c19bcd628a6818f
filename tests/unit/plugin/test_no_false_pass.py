"""Ways in which an honest project could have been told PASS for what was broken or not measured."""

from __future__ import annotations

import json
import os

import pytest

FAILED = pytest.ExitCode.TESTS_FAILED
GOOD = "[excess, -excess]"
BAD = "[-excess, excess]"


def broken(project):
    project.edit("toy.py", GOOD, BAD)


def test_a_projects_fixture_does_not_replace_a_declared_model(project):
    broken(project)
    project.write("good.py", (project.pytester.path / "toy.py").read_text().replace(BAD, GOOD))
    project.write(
        "conftest.py",
        "import pytest, good\nfrom robustness import Classifier, Fit\n\n"
        "@pytest.fixture(scope='session')\ndef toy():\n    return Classifier('toy', good.make(), Fit(8, 'resize'))\n",
    )
    assert project.gate().ret == FAILED


def test_a_projects_fixture_does_not_replace_the_declared_images(project):
    project.edit("toy.py", GOOD, "[excess * 0, excess * 0 + 1]")  # always dark
    project.write(
        "conftest.py",
        "import pytest\nfrom robustness import load_image_set\n\n"
        "@pytest.fixture(scope='session')\ndef test_set():\n    return load_image_set('folder:pictures').only('dark')\n",
    )
    assert project.gate().ret == FAILED


def test_a_rule_that_changes_its_model_does_not_change_the_measured_one(project):
    broken(project)
    project.write(
        "test_project_rules.py",
        "def test_rule(toy, test_set, accuracy):\n"
        "    toy.module.register_forward_hook(lambda module, images, logits: -logits)\n"
        "    assert accuracy(toy, test_set) == 1\n",
    )
    run = project.gate(paths=("test_project_rules.py", "thresholds.toml"))
    run.assert_outcomes(passed=1, failed=3)


def test_a_hook_on_a_built_in_network_does_not_reach_the_store(project):
    project.write(
        "test_project_rules.py",
        "from robustness.evaluation.identity import identify\nfrom robustness.models.declaration import ModelDeclaration\n"
        "from robustness.models.load import load_classifier\n\n"
        "def test_rule():\n"
        "    net = load_classifier(ModelDeclaration('net', 'baseline-cnn', 'signs'))\n"
        "    assert identify(net).is_hashable\n"
        "    handle = net.module[0].register_forward_hook(lambda *arguments: None)\n"
        "    assert not identify(net).is_hashable\n"
        "    handle.remove()\n"
        "    assert identify(net).is_hashable\n"
        "    net.module[0].forward = lambda images: images\n"
        "    assert not identify(net).is_hashable\n",
    )
    project.gate(paths=("test_project_rules.py",)).assert_outcomes(passed=1)


def test_two_declarations_of_one_module_are_each_measured_as_declared(project):
    project.write(
        "conftest.py",
        "import pytest, toy as t\nNET = t.make()\n\n@pytest.fixture(scope='session')\ndef one():\n    return NET\n\n@pytest.fixture(scope='session')\ndef two():\n    return NET\n",
    )
    declared = "".join(
        f'[models.{name}]\nload = "fixture"\nsize = 8\nfit = "resize"\nmean = [{mean}, {mean}, {mean}]\n'
        f'[[limits]]\nmodels = ["{name}"]\nnoise = "clean"\naccuracy = 1.0\n'
        for name, mean in (("one", 0.0), ("two", 1.0))  # with mean 1 everything is dark
    )
    project.write("thresholds.toml", (project.pytester.path / "thresholds.toml").read_text() + declared)
    run = project.gate()
    run.assert_outcomes(passed=4, failed=1)
    assert {limit["model"]: limit["right"] for limit in project.results()["limits"]}["two"] == 10


def test_pictures_that_swap_places_with_their_times_kept_are_decoded_again(project):
    files = [project.pytester.path / "pictures" / name / "0.ppm" for name in ("bright", "dark")]
    from PIL import Image

    for file in files:
        Image.open(file.with_suffix(".png")).save(file)
        file.with_suffix(".png").unlink()
        os.utime(file, (10**9, 10**9))
    assert project.gate().ret == 0
    aside = files[0].with_name("aside")
    files[0].rename(aside)
    files[1].rename(files[0])
    aside.rename(files[1])
    assert project.gate().ret == FAILED


def test_a_module_of_the_same_name_from_elsewhere_is_not_gated(project):
    project.write("tests/toy.py", (project.pytester.path / "toy.py").read_text())
    project.write("tests/conftest.py", "import toy\n")
    broken(project)
    run = project.gate(paths=("thresholds.toml", "tests"))
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*was imported before*rename one of them*"])


def test_a_factory_that_makes_a_classifier_agrees_with_its_declaration(project):
    project.edit(
        "toy.py",
        "return Brightness()",
        "from robustness import Classifier, Fit\n    return Classifier('toy', Brightness(), Fit(8))",
    )
    run = project.gate()
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*declare the same size, fit or prepare, mean, std, precision and output*"])


def test_an_explicit_thresholds_option_asks_for_the_gate(project):
    project.write("test_unit.py", "def test_unit():\n    pass\n")
    run = project.gate("--thresholds", "thresholds.toml", paths=("test_unit.py",))
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*FAIL: 3 limits not measured*"])


def test_the_images_of_a_rule_cannot_be_changed_in_place(project):
    project.write(
        "test_project_rules.py",
        "import pytest\n\ndef test_rule(test_set):\n    with pytest.raises(ValueError):\n        test_set[0][0] = 1\n",
    )
    project.gate(paths=("test_project_rules.py",)).assert_outcomes(passed=1)


def test_a_skipped_rule_is_no_release_verdict(project):
    project.write("test_project_rules.py", "import pytest\n\ndef test_rule(accuracy):\n    pytest.skip('no gpu')\n")
    run = project.gate(paths=("thresholds.toml", "test_project_rules.py"))
    assert (run.ret, project.results()["gaps"]) == (FAILED, ["1 rule skipped: test_project_rules.py::test_rule"])
    run = project.gate("--allow-partial", paths=("thresholds.toml", "test_project_rules.py"))
    assert (run.ret, project.results()["verdict"]) == (0, "PARTIAL")


def test_a_rule_file_that_cannot_be_imported_is_a_gap(project):
    project.write("test_project_rules.py", "import no_such_module\n")
    run = project.gate("--continue-on-collection-errors", paths=("thresholds.toml", "test_project_rules.py"))
    assert run.ret == FAILED
    assert project.results()["verdict"] == "FAIL"


def test_leaving_early_with_code_0_is_no_pass(project):
    project.write("test_project_rules.py", "import pytest\n\ndef test_rule():\n    pytest.exit('done', returncode=0)\n")
    run = project.gate(paths=("test_project_rules.py", "thresholds.toml"))
    assert run.ret == FAILED
    assert project.results()["verdict"] == "FAIL"


def test_the_hash_is_of_the_limits_that_were_measured(project):
    import hashlib

    before = hashlib.sha256((project.pytester.path / "thresholds.toml").read_bytes()).hexdigest()
    project.write("test_project_rules.py", "def test_rule():\n    open('thresholds.toml', 'a').write('# later')\n")
    project.gate(paths=("thresholds.toml", "test_project_rules.py"))
    assert (
        json.loads((project.pytester.path / "robustness-report" / "results.json").read_text())["thresholds"]["sha256"] == before
    )


AGAIN = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        if report.failed:
            report.outcome = "rerun"
        item.ihook.pytest_runtest_logreport(report=report)
    if any(report.outcome == "rerun" for report in reports):
        item._initrequest()
        runtestprotocol(item, nextitem=nextitem)
    return True
"""


def test_what_failed_once_does_not_pass_by_another_try(project):
    """As pytest-rerunfailures does it: the second try meets a factory that makes the same network twice in a row."""
    project.write("conftest.py", AGAIN)
    project.edit(
        "toy.py",
        "return Brightness()",
        "with open('made', 'a') as made:\n        made.write('x')\n        count = made.tell()\n"
        "    net = Brightness()\n    net.register_buffer('which', torch.tensor(float(count == 2)))\n    return net",
    )
    assert project.gate().ret == FAILED
    assert project.results()["verdict"] == "FAIL"


@pytest.mark.parametrize("skips", ["pytest.skip('no gpu', allow_module_level=True)", "pytest.importorskip('no_such_module')"])
def test_the_gate_s_own_marker_leaves_nothing_out(project, skips):
    project.write("tests/test_gate.py", f"import pytest\n{skips}\nfrom robustness.suite.test_limits import *\n")
    project.write("tests/test_rules.py", "def test_rule(test_set):\n    pass\n")
    assert project.gate("-m", "robustness", paths=("tests",)).ret == FAILED
    assert project.results()["verdict"] == "FAIL"


def test_the_gate_s_own_marker_is_no_partial_run(project):
    project.write("tests/test_gate.py", "from robustness.suite.test_limits import *\n")
    project.write("tests/test_unit.py", "def test_unit():\n    pass\n")
    assert project.gate("-m", "robustness", paths=("tests",)).ret == 0
    assert project.results()["verdict"] == "PASS"
