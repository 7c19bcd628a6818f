"""Where nobody asked for a gate, the plugin has no opinion and costs next to nothing."""

from __future__ import annotations

import subprocess
import sys

UNIT_TEST = "def test_unit():\n    import sys\n    heavy = {'torch', 'numpy', 'pydantic', 'hypothesis'} & set(sys.modules)\n    assert heavy <= {'hypothesis'}, heavy\n"


def test_a_project_without_thresholds_is_left_alone(pytester):
    pytester.makepyfile(UNIT_TEST)
    run = pytester.runpytest_subprocess()
    run.assert_outcomes(passed=1)
    run.stdout.no_fnmatch_line("*robustness gate*")
    assert not (pytester.path / "robustness-report").exists()


def test_unit_tests_beside_a_thresholds_file_import_no_torch_and_make_no_verdict(project):
    project.write("test_unit.py", "def test_unit():\n    import sys\n    assert 'torch' not in sys.modules\n")
    run = project.pytester.runpytest_subprocess("test_unit.py")
    run.assert_outcomes(passed=1)
    run.stdout.no_fnmatch_line("*robustness gate*")
    assert not (project.pytester.path / "robustness-report").exists()


def test_somebody_elses_thresholds_file_breaks_no_unit_test(project):
    project.write("thresholds.toml", "[coverage]\nlines = 80\n")
    project.write("test_unit.py", "def test_unit():\n    pass\n")
    assert project.gate(paths=("test_unit.py",)).ret == 0


def test_collecting_the_limits_imports_no_torch(project):
    project.write(
        "conftest.py",
        "import sys\n\ndef pytest_collection_finish(session):\n    print('collected', len(session.items), 'torch' in sys.modules)\n",
    )
    run = project.pytester.runpytest_subprocess("thresholds.toml", "--collect-only", "-q", "-s")
    run.stdout.fnmatch_lines(["*collected 3 False*"])


def test_a_gate_does_not_import_what_its_limits_do_not_need(project):
    judged = "print('judged', 'torch' in sys.modules, 'scipy.stats' in sys.modules)"
    project.write("conftest.py", f"import sys\n\ndef pytest_sessionfinish(session):\n    {judged}\n")
    run = project.pytester.runpytest_subprocess("thresholds.toml", "-s")
    assert run.ret == 0
    run.stdout.fnmatch_lines(["*judged True False*"])  # a second of each gate's start otherwise


def test_a_users_own_accuracy_fixture_does_not_disturb_the_limits(project):
    project.write("conftest.py", "import pytest\n\n@pytest.fixture\ndef accuracy():\n    return 'mine'\n")
    project.write("test_unit.py", "def test_unit(accuracy):\n    assert accuracy == 'mine'\n")
    project.gate(paths=("thresholds.toml", "test_unit.py")).assert_outcomes(passed=4)


def test_what_kinds_of_promises_there_are_is_known_without_torch():
    code = "import sys, robustness.kinds; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_how_models_see_images_is_known_without_torch(project):
    """A gate's images are prepared by it before its workers start, which is the controller's business alone."""
    project.edit("thresholds.toml", 'size = 8\nfit = "resize"', "prepare = { resize = 10, crop = 8 }")
    code = (
        "import sys\nfrom pathlib import Path\nfrom robustness.cli.arguments import said_preparations\n"
        "from robustness.kinds import read_thresholds\n"
        "(fit,) = said_preparations(read_thresholds(Path('thresholds.toml')))\n"
        "sys.exit('torch' in sys.modules or fit.resize != 10)"
    )
    assert project.pytester.run(sys.executable, "-c", code).ret == 0
