"""The gate as a user runs it: verdicts, messages, exit codes, with and without xdist."""

from __future__ import annotations

import pytest

FAILED = pytest.ExitCode.TESTS_FAILED


def test_limits_that_hold_pass(project, mode):
    run = project.gate(*mode)
    assert run.ret == 0
    run.stdout.fnmatch_lines(["*PASS: all 3 limits hold*"])
    results = project.results()
    assert results["verdict"] == "PASS"
    assert [limit["limit"] for limit in results["limits"]] == ["toy-clean", "toy-gaussian(sigma=5)", "toy-gaussian(sigma=25)"]
    assert {limit["total"] for limit in results["limits"]} == {20}


def test_one_broken_limit_fails_exactly_its_test_and_says_how_to_repeat_it(project, mode):
    project.edit("toy.py", "- 0.5", "- 0.5\n        excess = torch.where(images.amax(dim=(1, 2, 3)) == 1, -excess, excess)")
    run = project.gate(*mode)
    assert run.ret == FAILED
    run.assert_outcomes(passed=2, failed=1)
    run.stdout.fnmatch_lines(
        [
            "thresholds.toml:20 toy gaussian(sigma=25)",
            "  accuracy 0.*: * of 20 right, the limit 0.8 asks for 16",
            '  repeat: robustness evaluate toy --thresholds thresholds.toml --noise "gaussian(sigma=25)"',
            "*FAIL: 1 of 3 measured limits broken*",
        ]
    )


def test_a_model_that_gives_nan_fails(project, mode):
    project.edit("toy.py", "- 0.5", "* float('nan')")
    run = project.gate(*mode)
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*toy gave NaN or infinite logits for 20 of 20 images*", "*FAIL: 3 limits not measured*"])


def test_a_model_that_does_not_load_fails_and_the_others_are_measured(project):
    project.edit(
        "thresholds.toml",
        '[[limits]]\nmodels = ["toy"]\nnoise = "clean"',
        '[models.gone]\nload = "python:toy:gone"\nsize = 8\nfit = "resize"\n[[limits]]\nmodels = ["toy", "gone"]\nnoise = "clean"',
    )
    run = project.gate()
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(
        ["*python:toy:gone: *module 'toy' has no attribute 'gone'*", "*FAIL: 1 limit not measured: gone-clean*"]
    )
    assert len(project.results()["limits"]) == 3


def test_a_factory_that_raises_fails(project):
    project.edit("toy.py", "return Brightness()", "raise OSError('disk on fire')")
    run = project.gate()
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*disk on fire*", "*FAIL: 3 limits not measured*"])


@pytest.mark.parametrize("limits", ["limits = []\n", ""], ids=["an empty list", "none at all"])
def test_a_file_without_limits_fails(project, limits):
    text = (project.pytester.path / "thresholds.toml").read_text()
    project.write("thresholds.toml", limits + text.partition("[[limits]]")[0])
    run = project.gate()
    assert run.ret != 0
    run.stdout.fnmatch_lines(["*thresholds.toml:*: limits: *"])


def test_problems_in_the_file_stop_the_run_all_at_once(project, mode):
    project.edit("thresholds.toml", "sigma = [5, 25]", "sgma = [5, 25]")
    project.edit("thresholds.toml", "accuracy = 1.0", "accuracy = 1.1")
    run = project.gate(*mode)
    assert run.ret != 0
    run.stdout.fnmatch_lines(
        [
            "*thresholds.toml:15: limits?0?.accuracy?0?: 1.1 lies outside 0..1*",
            "*:20: limits?1?.sgma: unknown key: did you mean 'sigma'?*",
        ]
    )


def test_selecting_nothing_is_not_a_pass(project, mode):
    run = project.gate("-k", "nothing", *mode)
    assert run.ret != 0
    run.stdout.fnmatch_lines(["*FAIL: *no test ran*"])


@pytest.mark.parametrize(
    "options", [["-k", "gaussian"], ["--deselect", "thresholds.toml::test_limits.py::test_limit[toy-clean]"]]
)
def test_a_narrowed_run_is_labelled_partial(project, options, mode):
    run = project.gate(*options, *mode)
    assert run.ret == 0
    run.stdout.fnmatch_lines(["*PARTIAL: 2 of 3 limits measured*no release verdict*"])
    assert project.results()["verdict"] == "PARTIAL"
    assert project.results()["left_out"] == ["toy-clean"]


def test_a_single_limit_by_its_node_id_is_partial(project):
    listing = project.gate("--collect-only", "-q")
    node_id = next(line for line in listing.outlines if line.endswith("test_limit[toy-clean]"))
    run = project.gate(paths=(node_id,))
    run.assert_outcomes(passed=1)
    run.stdout.fnmatch_lines(["*PARTIAL: 1 of 3 limits measured*"])


@pytest.mark.parametrize("mark", ["xfail", "skip"])
def test_marks_hide_no_broken_limit(project, mark, mode):
    project.edit(
        "thresholds.toml",
        "accuracy = 1.0",
        "accuracy = 1.0\n[models.wrong]\nload = 'python:toy:make'\nsize = 2\nfit = 'resize'\n",
    )
    project.edit("thresholds.toml", "accuracy = [0.9, 0.8]", "accuracy = [1.0, 1.0]")
    project.edit("toy.py", "[excess, -excess]", "[-excess, excess]")
    project.write(
        "conftest.py",
        "import pytest\n\ndef pytest_collection_modifyitems(items):\n"
        f"    for item in items:\n        item.add_marker(pytest.mark.{mark}(reason='later'))\n",
    )
    run = project.gate(*mode)
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*FAIL: 3 *"])


def test_items_removed_behind_the_gates_back_are_missed(project):
    project.write("conftest.py", "def pytest_collection_modifyitems(items):\n    items[:] = items[:1]\n")
    run = project.gate()
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*FAIL: 2 limits not measured*"])


def test_an_edited_factory_changes_the_verdict_of_the_next_run(project):
    assert project.gate().ret == 0
    project.edit("toy.py", "[excess, -excess]", "[ - excess, +excess]")  # the same weights (none), other code
    run = project.gate()
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*FAIL: 3 of 3 measured limits broken*"])


def test_a_wrong_expression_is_a_usage_error_and_no_verdict(project):
    run = project.gate("-k", "sigma=25")
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    run.stdout.no_fnmatch_line("*robustness gate*")
