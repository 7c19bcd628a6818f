"""`robustness harden`: what it prints, and its exit codes."""

from __future__ import annotations

import tomllib

import halves
import pytest

from robustness.cli import main
from robustness.kinds import read_thresholds

DATA = ("--data", "python:halves_to_harden_by_command:training")


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    folder = tmp_path_factory.mktemp("halves")
    halves.write_code(folder)
    return (folder / "halves_to_harden.py").rename(folder / "halves_to_harden_by_command.py").parent


@pytest.fixture(autouse=True)
def project(code, tmp_path, monkeypatch, exact_arithmetic):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(code)
    file = halves.write_thresholds(code / "thresholds.toml")
    file.write_text(file.read_text().replace("halves_to_harden", "halves_to_harden_by_command"))
    return code


def test_the_line_that_it_prints_is_one_that_the_thresholds_file_takes(project, tmp_path, capsys):
    out = tmp_path / "net.safetensors"
    assert main(["harden", "halves", *DATA, "--learning-rate", "0.01", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    (line,) = [line for line in said.splitlines() if line.startswith("weights = ")]
    file = project / "thresholds.toml"
    file.write_text(file.read_text().replace('fit = "resize"\n', f'fit = "resize"\n{line}\n'))
    weights = read_thresholds(file).models["halves"].weights
    assert weights == tomllib.loads(line)["weights"]
    assert (project / weights).resolve() == out.resolve()
    assert "then: robustness gate thresholds.toml" in said
    assert "whether the release passes, the gate alone says" in said

    assert main(["harden", "halves", *DATA]) == 0  # again, with these weights
    assert "nothing to do: the 2 limits on halves that a training can aim for hold" in capsys.readouterr().out


def test_what_remains_is_no_success(tmp_path, capsys):
    out = tmp_path / "net.safetensors"
    assert main(["harden", "halves", *DATA, "--epochs", "1", "--learning-rate", "0.0001", "--out", str(out)]) == 1
    said = capsys.readouterr().out
    assert "remains after 1 epoch: halves-gaussian(sigma=100): accuracy 0." in said
    assert "ask for more --epochs" in said
    assert out.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["halfs"], "declares no model 'halfs': did you mean 'halves'?"),
        (["halves"], "name the images with --data"),
        (["halves", *DATA, "--epochs", "0"], "at least one epoch, not 0"),
        (["halves", *DATA, "--learning-rate", "1e38"], "at most 1, not 1e+38"),
        (["halves", *DATA, "--learning-rate", "nan"], "at most 1, not nan"),
        (["halves", "--data", "python:halves_to_harden_by_command:gate"], "is an image of the gate's own test set"),
        (["halves", *DATA, "--thresholds", "none.toml"], "none.toml: no such file"),
    ],
)
def test_what_is_to_be_mended_is_said_in_one_line(tmp_path, capsys, arguments, said):
    assert main(["harden", *arguments, *(["--out", str(tmp_path / "net.safetensors")])]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.startswith("robustness: ")
    assert list(tmp_path.glob("net.*")) == []


def test_promises_that_are_no_aim_are_told(project, tmp_path, capsys):
    file = project / "thresholds.toml"
    file.write_text(file.read_text() + "max_flips = 0.9\n")
    main(["harden", "halves", *DATA, "--epochs", "1", "--out", str(tmp_path / "net.safetensors")])
    assert "not aimed at, and not measured: halves-gaussian(sigma=100)-max_flips, about max_flips" in capsys.readouterr().out
