"""The study's tables, as its command makes them on the embedded set."""

from __future__ import annotations

import json

import pytest

from robustness.cli import main
from robustness.data import load_image_set
from robustness.evaluation.evaluate import measure
from robustness.gate import workbench
from robustness.gate.workbench import Workbench
from robustness.kinds import read_thresholds
from robustness.models.declaration import shipped_weights
from robustness.noise import PRESETS
from robustness.study import table
from robustness.study.measure import load_study
from robustness.study.published import PUBLISHED, READINGS

FILE = """
schema = 1
[run]
data = "signs"
[models.baseline-cnn]
load = "baseline-cnn"
weights = "signs"
[models.unfinished]
load = "small-resnet"
weights = "{weights}"
[models.elsewhere]
load = "small-resnet"
weights = "runs/elsewhere.safetensors"
[[limits]]
models = ["baseline-cnn"]
noise = "clean"
accuracy = 0.8
"""


@pytest.fixture
def folder(tmp_path, monkeypatch, signs_of_few):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def signs_of_few(cache_with_signs, monkeypatch):
    """Thirty pictures, a cache of its own, rough magnitudes: enough to see what is written where."""
    monkeypatch.setattr(
        workbench, "load_image_set", lambda *given, **more: load_image_set(*given, **more).take(range(0, 1290, 43))
    )
    monkeypatch.setattr("robustness.search.equivalent.PRECISION", 1 / 8)


def untrained(folder):
    """A residual network before its training."""
    from robustness.models.checkpoint import load_weights, save_checkpoint
    from robustness.models.networks import NETWORKS

    state = {name: tensor * 0 for name, tensor in load_weights(shipped_weights("small-resnet")["signs"]).items()}
    state[f"{NETWORKS['small-resnet'].OUTPUT}.bias"][0] = 1  # one class is named
    save_checkpoint(folder / "zero.safetensors", state, {"losses": [3.7], "start": "from scratch"})
    return FILE.format(weights="zero.safetensors")


def test_published_figures_are_the_study_s():
    assert all(list(row) == [table.CELLS[0], *PRESETS["paper"]] for row in PUBLISHED.values())
    assert sum(PUBLISHED["resnet50"].values()) == pytest.approx(624.21)  # added up on paper
    assert [len(reading.published) for reading in READINGS] == [3] * len(READINGS)


@pytest.mark.slow
def test_the_command_writes_tables_and_the_same_as_json(folder, capsys):
    (folder / "study.toml").write_text(untrained(folder))
    assert main(["study", "study.toml", "--out", "tables.md"]) == 0
    said = capsys.readouterr()
    assert "2 models: about" in said.err
    assert "left out: model elsewhere: no weights 'runs/elsewhere.safetensors'" in said.err
    study = json.loads((folder / "tables.json").read_text())
    finished, unfinished = study["models"]
    assert (finished["model"], finished["finished"], finished["epochs"]) == ("baseline-cnn", True, 10)
    assert len(finished["cells"]) == 13
    assert [cell["published"] for cell in finished["cells"]] == [*PUBLISHED["baseline-cnn"].values(), None, None, None]
    assert all("equivalent" in cell for cell in finished["cells"][1:10])
    assert len(study["readings"]) == len(READINGS)
    page = (folder / "tables.md").read_text()
    assert "Left out, since their weights are not there: elsewhere.\n" in page
    assert f"| baseline-cnn | {finished['clean']:.2f} |" in page
    assert "(60.49)" in page
    assert 'robustness evaluate baseline-cnn --thresholds study.toml --noise "gaussian(sigma=5)"' in page
    assert (unfinished["finished"], "cells" in unfinished) == (False, False)
    assert f"{unfinished['clean']:.2f}, unfinished" in page
    training, results = page.split("## Accuracy")
    assert "| unfinished | " in training
    assert "| unfinished | " not in results


def test_all_cells_are_measured_before_anything_is_searched_for_between_them(folder, monkeypatch):
    """Or the search would go another way in the second run, which knows them from the start."""
    (folder / "study.toml").write_text(untrained(folder))
    measured = []

    def noted(*given):
        measured.append((given[0].name, given[2]))
        return measure(*given)

    monkeypatch.setattr(workbench, "measure", noted)
    assert main(["study", "study.toml"]) == 0
    of_baseline = dict.fromkeys(noise for name, noise in measured if name == "baseline-cnn")
    assert tuple(of_baseline)[: len(table.CELLS)] == table.CELLS
    assert len(of_baseline) > len(table.CELLS)


@pytest.mark.slow
def test_a_study_goes_on_where_it_stopped(folder, monkeypatch, capsys):
    (folder / "study.toml").write_text(untrained(folder))
    measured = []

    def interrupted(*given):
        measured.append((given[0].name, given[2]))
        if len(measured) == 8:
            raise KeyboardInterrupt
        return measure(*given)

    monkeypatch.setattr(workbench, "measure", interrupted)
    assert main(["study", "study.toml"]) != 0
    assert not (folder / "study.md").exists()
    fresh = []

    def counted(*given):
        measurement = measure(*given)
        if not measurement.stored:
            fresh.append((given[0].name, given[2]))
        return measurement

    monkeypatch.setattr(workbench, "measure", counted)
    assert main(["study", "study.toml"]) == 0
    assert fresh
    assert not set(measured[:7]) & set(fresh)
    assert (folder / "study.md").exists()
    before = (folder / "study.json").read_text()
    fresh.clear()
    assert main(["study", "study.toml"]) == 0
    assert (fresh, (folder / "study.json").read_text()) == ([], before)


def test_what_is_there_is_loaded_and_what_is_not_is_named(folder):
    (folder / "study.toml").write_text(untrained(folder))
    with Workbench(read_thresholds(folder / "study.toml")) as bench:
        study = load_study(bench)
    assert [row.classifier.name for row in study.rows] == ["baseline-cnn", "unfinished"]
    assert [row.card["start"] for row in study.rows[1:]] == ["from scratch"]
    assert list(study.left_out) == ["elsewhere"]
    assert len(study.jobs) == 2 * len(table.CELLS) + 3 * len(READINGS)
    assert study.job_seconds > 0
    assert study.search_seconds > 0
