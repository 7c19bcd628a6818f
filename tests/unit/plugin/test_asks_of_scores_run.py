"""Limits on ranks, classes, probabilities, groups and seeds, from a table to the verdict of a run, and once more by their command."""

from __future__ import annotations

import shlex

import pytest

from robustness.cli import main

FAILED = pytest.ExitCode.TESTS_FAILED
MORE = """
top_k = 0.9
k = 1
balanced_accuracy = 0.9
macro_f1 = 0.9
worst_class = 0.9
calibration_error = 0.6

[[limits]]
models = ["toy"]
noise = "clean"
class = "dark"
recall = 1.0
precision = 1.0

[[limits]]
models = ["toy"]
noise = "clean"
confusion = { from = "dark", to = "bright" }

[[limits]]
models = ["toy"]
noise = "gaussian"
sigma = 30
accuracy = 0.9
seeds = [1, 2, 3]
over_seeds = "mean"
"""


@pytest.fixture
def asking(project):
    project.edit("thresholds.toml", "accuracy = 1.0\n", f"accuracy = 1.0\n{MORE}")
    return project


def test_all_of_them_are_kept_and_shown(asking, mode):
    run = asking.gate(*mode)
    assert run.ret == 0
    limits = {limit["limit"]: limit for limit in asking.results()["limits"]}
    assert {"toy-clean-top_1", "toy-clean-recall-dark", "toy-clean-max_confusion-dark-for-bright"} <= limits.keys()
    assert limits["toy-clean-top_1"]["value"] == limits["toy-clean"]["value"] == 1.0
    assert limits["toy-clean-top_1"]["key"] == limits["toy-clean"]["key"]  # one pass gave both
    assert limits["toy-gaussian(sigma=30)-mean-of-3-seeds"]["seeds"] == [1, 2, 3]
    page = (asking.pytester.path / "robustness-report" / "report.html").read_text()
    for words in ("top-1 accuracy 1.0000: 20 of 20", "expected calibration error", "precision of &#39;dark&#39;"):
        assert words in page
    assert [one["noise"] for one in asking.results()["misclassified"]].count("clean") == 1


def test_what_is_broken_names_the_command_that_says_the_same(asking, monkeypatch, capsys):
    asking.edit("toy.py", "- 0.5", "- 0.9")  # dark is all that it says
    run = asking.gate()
    assert run.ret == FAILED
    results = asking.results()
    assert any("toy says dark of every image under clean" in text for text in results["errors"].values())
    limits = {limit["limit"]: limit for limit in results["limits"] if limit["stops"]}
    assert {"toy-clean-top_1", "toy-clean-macro_f1", "toy-clean-precision-dark", "toy-gaussian(sigma=30)-mean-of-3-seeds"} <= {
        *limits
    }
    monkeypatch.chdir(asking.pytester.path)
    monkeypatch.syspath_prepend(asking.pytester.path)
    capsys.readouterr()
    for name in ("toy-clean-macro_f1", "toy-gaussian(sigma=30)-mean-of-3-seeds"):
        program, *arguments = shlex.split(limits[name]["repeat"])
        assert (program, main(arguments)) == ("robustness", 1)
        assert capsys.readouterr().out.strip() == f"FAIL: {limits[name]['reason']}"


def test_a_limit_by_itself(asking, monkeypatch, capsys):
    monkeypatch.chdir(asking.pytester.path)
    monkeypatch.syspath_prepend(asking.pytester.path)
    assert main(["evaluate", "toy", "--limit", "toy-clean-top_1"]) == 0
    assert capsys.readouterr().out == "PASS: top-1 accuracy 1.0000: 20 of 20, the limit 0.9 asks for 18\n"
    assert main(["evaluate", "toy", "--limit", "toy-clean-top_1", "--json"]) == 0
    assert '"asks": "top_k"' in capsys.readouterr().out
    assert main(["evaluate", "toy", "--limit", "toy-clean-top_1", "--dry-run"]) == 0
    assert "cases           1" in capsys.readouterr().out
    assert main(["evaluate", "toy", "--limit", "toy-clean-top_2"]) == 2
    assert "has no limit 'toy-clean-top_2' on toy: did you mean 'toy-clean-top_1'?" in capsys.readouterr().err
    assert main(["evaluate", "toy", "--limit", "toy-clean-top_1", "--noise", "clean"]) == 2
    assert "--limit says under which noise: leave --noise out" in capsys.readouterr().err


def test_early_stopping_of_the_accuracy_leaves_the_others_every_image(asking):
    asking.edit("thresholds.toml", "[run]\n", '[run]\nmode = "early"\n')
    assert asking.gate().ret == 0
    assert {limit["seen"] for limit in asking.results()["limits"]} == {20}


GROUPED = """
import numpy as np

class Pictures:
    classes = ["bright", "dark"]

    def __len__(self):
        return 12

    def __getitem__(self, place):
        level = [200, 60][place % 2] if place < 8 else 60
        return np.full((8, 8, 3), level, np.uint8), place % 2, "north" if place < 8 else "south"

def pictures():
    return Pictures()
"""


@pytest.mark.parametrize(("group", "code"), [("north", 0), ("south", FAILED), ("west", FAILED)])
def test_one_group_is_judged_by_its_own_images(project, group, code, mode):
    project.write("mine.py", GROUPED)
    text = (project.pytester.path / "thresholds.toml").read_text().partition("[[limits]]")[0]
    text = text.replace("folder:pictures", "python:mine:pictures")
    text += '[[limits]]\nmodels = ["toy"]\nnoise = "clean"\naccuracy = 0.8\n'
    text += f'[[limits]]\nmodels = ["toy"]\nnoise = "clean"\naccuracy = 1.0\ngroup = "{group}"\n'
    project.write("thresholds.toml", text)
    run = project.gate(*mode)
    assert run.ret == code
    limits = {limit["limit"]: limit for limit in project.results()["limits"]}
    assert limits["toy-clean"]["value"] == pytest.approx(10 / 12)
    if group == "west":
        run.stdout.fnmatch_lines(["*has no group 'west'*"])
    else:
        assert (limits[f"toy-clean-group-{group}"]["right"], limits[f"toy-clean-group-{group}"]["total"]) == (
            (8, 8) if group == "north" else (2, 4)
        )
