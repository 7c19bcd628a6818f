"""Commands as the shell starts them: what they import, print and exit with."""

from __future__ import annotations

import subprocess
import sys

import pytest

GATE = (
    'schema = 1\n[run]\ndata = "signs"\n[models.cnn]\nload = "baseline-cnn"\nweights = "signs"\n'
    '[[limits]]\nmodels = ["cnn"]\nnoise = "clean"\naccuracy = 0.9\n'
)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ROBUSTNESS_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


def test_help_imports_nothing_heavy():
    code = "import sys, robustness.cli as c\ntry: c.main(['--help'])\nexcept SystemExit: pass\nprint([m for m in ('torch', 'numpy', 'pytest', 'pydantic') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["evaluate", "baseline-cnn", "--data", "signs"], ["gate"], ["gate", "-n", "1"]], ids=" ".join
)
def test_a_reader_that_goes_away_ends_a_command_without_a_word_and_not_as_passed(arguments, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    (tmp_path / "thresholds.toml").write_text(GATE)
    command = [sys.executable, "-m", "robustness.cli", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_the_gate_exits_with_0_or_1_and_names_the_report(tmp_path, capfd):
    (tmp_path / "thresholds.toml").write_text(GATE)
    command = [sys.executable, "-m", "robustness.cli", "gate", "-p", "no:cacheprovider"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[-3:-1] == ["report: robustness-report/report.html", "PASS: the one limit holds"]
    (tmp_path / "thresholds.toml").write_text(GATE.replace("0.9", "0.99"))
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "FAIL: 1 of 1 measured limits broken (cnn under clean)" in run.stdout


def test_what_is_declared_is_read_without_torch():
    """So a noise that is written wrong is said at once."""
    code = "import sys, argparse, robustness.cli.arguments as a\nargs = argparse.Namespace(model='baseline-cnn', data='signs', weights=None, thresholds=None, size=None, fit='resize')\na.declared_by(args)\nprint('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
