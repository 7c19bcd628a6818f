"""The command line: what it prints, what it exits with, and that asking for help is quick."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from robustness.cli import main
from robustness.kinds import read_thresholds

GATE = (
    'schema = 1\n[run]\ndata = "signs"\n[models.cnn]\nload = "baseline-cnn"\nweights = "signs"\n'
    '[[limits]]\nmodels = ["cnn"]\nnoise = "clean"\naccuracy = 0.9\n'
)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ROBUSTNESS_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "command",
    [
        *([], ["gate"], ["init"], ["calibrate"], ["evaluate"], ["sweep"], ["compare"], ["baseline", "save"]),
        *(["corruptions"], ["study"], ["noise"], ["train"], ["bench"], ["data", "fetch"], ["models"], ["export"]),
        *(["gan", "train"], ["gan", "sample"]),
    ],
)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([*command, "--help"])
    assert end.value.code == 0
    assert len(capsys.readouterr().out) > 200


def test_a_folder_that_cannot_be_written_to_is_said_in_one_line(tmp_path, capsys):
    (tmp_path / "thresholds.toml").write_text(GATE)
    assert main(["gate", "--robustness-report", "thresholds.toml"]) == 2
    assert capsys.readouterr().err == "robustness: thresholds.toml/results.json: Not a directory\n"


@pytest.mark.slow
def test_evaluate_prints_a_table_and_the_same_as_json(capsys):
    arguments = ["evaluate", "baseline-cnn", "--data", "signs", "--noise", "clean", "--noise", "salt-and-pepper(amount=0.004)"]
    assert main(arguments) == 0
    table = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"baseline-cnn +clean +1,1\d\d +1,290 +9\d\.\d\d", table[1])
    assert main([*arguments, "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first["noise"] == "clean"
    assert first["stored"]
    assert f"{100 * second['accuracy']:.2f}" in table[2]


@pytest.mark.slow
def test_sweep_goes_from_nothing_to_the_highest_level(capsys):
    main(["sweep", "baseline-cnn", "--data", "signs", "--noise", "gaussian(sigma=50)", "--steps", "2", "--json"])
    levels = json.loads(capsys.readouterr().out)
    assert [level["noise"] for level in levels] == ["gaussian(sigma=0)", "gaussian(sigma=25)", "gaussian(sigma=50)"]
    assert levels[0]["accuracy"] > levels[1]["accuracy"] > levels[2]["accuracy"]


def test_init_writes_a_file_that_can_be_read_and_overwrites_none(tmp_path, capsys):
    assert main(["init"]) == 0
    assert read_thresholds(tmp_path / "thresholds.toml").models.keys() == {"my-model"}
    (tmp_path / "thresholds.toml").write_text("mine")
    assert main(["init"]) == 2
    assert (tmp_path / "thresholds.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gate"], "thresholds.toml: no such file; `robustness init`"),
        (["sweep", "baseline-cnn", "--data", "signs", "--noise", "jpeg(quality=30)"], "so none to rise from: name levels"),
        (["evaluate", "baseline-cnn", "--data", "sings"], "unknown data 'sings': did you mean 'signs'?"),
        (["evaluate", "baselin-cnn", "--data", "signs"], "unknown load 'baselin-cnn': did you mean 'baseline-cnn'?"),
        (["evaluate", "baseline-cnn"], "name the images with --data"),
        (["evaluate", "baseline-cnn", "--data", "signs", "--noise", "gausian(sigma=1)"], "did you mean 'gaussian'?"),
        (["evaluate", "baseline-cnn", "--data", "gtsrb"], "no GTSRB test split here"),
        (["sweep", "baseline-cnn", "--data", "signs", "--noise", "clean"], "a noise with a magnitude"),
    ],
)
def test_what_can_be_mended_is_said_in_one_line_and_exits_with_2(arguments, message, capfd, monkeypatch, tmp_path):
    monkeypatch.setenv("ROBUSTNESS_DATA", str(tmp_path))
    assert main(arguments) == 2
    said = capfd.readouterr().err
    assert said.startswith("robustness: ")
    assert message in said


@pytest.mark.slow
def test_a_model_of_the_thresholds_file_in_this_folder_is_found_by_its_name(tmp_path, capsys):
    (tmp_path / "thresholds.toml").write_text(
        'schema = 1\n[run]\ndata = "signs"\n[models.mine]\nload = "baseline-cnn"\nweights = "signs"\n'
        '[[limits]]\nmodels = ["mine"]\nnoise = "clean"\naccuracy = 0.9\n'
    )
    assert main(["evaluate", "mine"]) == 0
    assert "mine" in capsys.readouterr().out


def test_the_gate_says_what_can_be_mended_before_pytest_starts(tmp_path, capfd):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "thresholds.toml").write_text(
        'schema = 1\n[run]\ndata = "pictures"\n[models.mine]\nload = "baseline-cnn"\nweights = "signs"\n'
        '[[limits]]\nmodels = ["mine"]\nnoise = "clean"\naccuracy = 0.9\n'
    )
    assert main(["gate"]) == 2
    assert capfd.readouterr().err == "robustness: unknown data 'pictures': did you mean 'folder:pictures'?\n"


@pytest.mark.slow
def test_the_gates_root_is_known_to_the_run_and_to_nobody_after_it(tmp_path, monkeypatch):
    monkeypatch.delenv("ROBUSTNESS_DATA", raising=False)
    (tmp_path / "thresholds.toml").write_text(GATE)
    known = []
    monkeypatch.setattr(pytest, "main", lambda arguments: known.append(os.environ["ROBUSTNESS_DATA"]) or 1)
    monkeypatch.setattr("robustness.cli.gate.end_with_parent", lambda: None)
    monkeypatch.setattr("sys.argv", [])
    assert main(["gate", "--robustness-run", "in the child", "--root", "images"]) == 1
    assert known == [str(Path.cwd() / "images")]
    assert "ROBUSTNESS_DATA" not in os.environ
