"""`robustness calibrate`: limits from what the declared models reach, written whole or not at all."""

from __future__ import annotations

import re
import sys
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from robustness.cli import main
from robustness.gate.workbench import Workbench
from robustness.kinds import read_thresholds
from robustness.limits.asks.accuracy import judge_accuracy
from robustness.limits.limit import Limit
from robustness.statistics.verdict import Verdict

THRESHOLDS = """\
schema = 1
[run]
data = "folder:pictures"
[models.toy]  # mine
load = "python:toy_to_calibrate:make"
size = 8
fit = "resize"
[models.held]
load = "fixture"
size = 8
fit = "resize"
[[limits]]
models = ["toy"]
noise = "clean"
accuracy = 0.95     # all but one
[[limits]]
models = ["toy"]
noise = "offset"
levels = [10, 100]
accuracy = [0.25,   # of forty
  0.9]
[[limits]]
models = ["toy", "held"]
noise = "gaussian"
sigma = 5
accuracy = 0.33
"""
TOY = """\
import torch

class Brightness(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.grey = torch.nn.Parameter(torch.tensor(CUT / 255))

    def forward(self, images):
        excess = images[:, :1].mean(dim=(1, 2, 3)) - self.grey
        return torch.stack([excess, -excess], dim=1)

make = Brightness
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A project in the current folder: twenty pictures of 101 to 120, dark, and of 121 to 140, bright; the model cuts at 122.5."""
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    sys.path_importer_cache.pop(".", None)
    project = tmp_path / "project"
    for name, first in (("bright", 121), ("dark", 101)):
        (project / "pictures" / name).mkdir(parents=True)
        for level in range(first, first + 20):
            Image.fromarray(np.full((8, 8, 3), level, np.uint8)).save(project / "pictures" / name / f"{level}.png")
    (project / "toy_to_calibrate.py").write_text(TOY.replace("CUT", "122.5"))
    (project / "thresholds.toml").write_text(THRESHOLDS)
    monkeypatch.chdir(project)
    yield project
    sys.modules.pop("toy_to_calibrate", None)


def limits(folder):
    return {str(limit): limit.required for limit in read_thresholds(folder / "thresholds.toml").of(Limit)}


def trained(folder, *cuts):
    """Arguments that name weights of networks that cut at these grey levels."""
    for cut in cuts:
        save_file({"grey": torch.tensor(cut / 255)}, folder / f"{cut}.safetensors")
    return [f"--retrained=toy={cut}.safetensors" for cut in cuts]


def test_limits_become_what_was_measured_less_a_point_and_the_rest_stays(capsys, folder):
    assert main(["calibrate"]) == 0
    wanted = THRESHOLDS.replace("0.95 ", "0.940 ").replace("0.25,", "0.790,").replace("0.9]", "0.490]")
    note = f"# accuracy limits: measured less 1 point, fixtures left as they were, by robustness calibrate on {date.today()}\n"
    assert (folder / "thresholds.toml").read_text() == wanted.replace("[models.toy]", f"{note}[models.toy]")
    said = capsys.readouterr()
    assert "left as it is: 0.33 under gaussian(sigma=5); held lives in a pytest fixture" in said.err
    table = [line.split() for line in said.out.splitlines()]
    assert ["toy", "clean", "95.00", "1.00", "0.95", "->", "0.940"] in table
    assert ["toy", "offset(levels=10)", "80.00", "1.00", "0.25", "->", "0.790"] in table
    assert "1 raised, 2 lowered, 0 kept" in said.out
    assert main(["calibrate"]) == 0
    assert "0 raised, 0 lowered, 3 kept" in capsys.readouterr().out


def test_what_was_calibrated_passes_the_gates_judgement(folder):
    assert main(["calibrate", "--margin", "0"]) == 0
    with Workbench(read_thresholds(folder / "thresholds.toml")) as bench:
        limits = [limit for limit in bench.thresholds.of(Limit) if limit.noise.kind != "gaussian"]
        assert limits[0].required == Decimal("0.95")  # exactly what was measured
        for limit in limits:
            measured = bench.measure(bench.load("toy"), limit.noise)
            assert judge_accuracy(measured, bench.images, limit.required, bench.thresholds.scope).verdict is Verdict.PASS


def test_a_ratchet_only_raises(capsys, folder):
    assert main(["calibrate", "--ratchet", "--margin", "0.5"]) == 0
    assert "1 raised, 0 lowered, 2 kept" in capsys.readouterr().out
    found = limits(folder)
    assert [found[name] for name in ("toy-clean", "toy-offset(levels=10)", "toy-offset(levels=100)")] == [
        *map(Decimal, ("0.95", "0.795", "0.9"))
    ]
    assert "measured less 0.5 points, only ever raised," in (folder / "thresholds.toml").read_text()


def test_the_spread_of_retrained_networks_is_the_margin(capsys, folder):
    cuts = (120.5, 121.5, 123.5, 124.5, 119.5)  # clean: 1, 0.975, 0.925, 0.9, 0.975; the declared one 0.95
    assert main(["calibrate", *trained(folder, *cuts)]) == 0
    assert limits(folder)["toy-clean"] == Decimal("0.874")  # 0.9541667 - 2.0150484 * 0.0367990 * 1.0801234 = 0.8740731
    assert "toy by the spread of 6 trainings" in (folder / "thresholds.toml").read_text()


FACTORY = """

def make_from_checkpoint():
    network = Brightness()
    checkpoint = torch.load(Path(__file__).with_name("best.pt"), map_location="cpu", weights_only=True)
    network.load_state_dict(checkpoint["model"])
    return network
"""


def test_checkpoints_as_ones_own_trainer_writes_them_are_read(capsys, folder):
    """The factory of docs/your-model.md reads its own file; those that are retrained come as files of the same form."""
    toy = TOY.replace("CUT", "0").replace("import torch", "from pathlib import Path\n\nimport torch") + FACTORY
    (folder / "toy_to_calibrate.py").write_text(toy)
    (folder / "thresholds.toml").write_text(THRESHOLDS.replace("calibrate:make", "calibrate:make_from_checkpoint"))
    cuts = {"best": 122.5, "a": 120.5, "b": 121.5, "c": 123.5, "d": 124.5, "e": 119.5}
    for name, cut in cuts.items():
        state = {"model": {"grey": torch.tensor(cut / 255)}, "optimizer": {"state": {}}, "epoch": 3}
        torch.save(state, folder / f"{name}.pt")
    assert main(["calibrate", *(f"--retrained=toy={name}.pt" for name in "abcde")]) == 0
    assert limits(folder)["toy-clean"] == Decimal("0.874")


def test_a_declared_network_unlike_the_retrained_ones_is_named(capsys, folder):
    cuts = (110.5, 110.75, 111.5, 111.75, 112.5)  # clean: 0.75 to 0.8; the declared one 0.95
    assert main(["calibrate", *trained(folder, *cuts)]) == 0
    said = capsys.readouterr().err
    assert "toy under clean: 95.00 % lies above what 5 trainings like it let expect" in said
    assert said.count("was it trained alike?") == said.count("toy under ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--margin", "-1"], "between 0 and 100 points, not -1"),
        (["--margin", "nan"], "between 0 and 100 points, not nan"),
        (["--thresholds", "none.toml"], "none.toml: no such file"),
        (["--retrained", "toy"], "write MODEL=FILE"),
        (["--retrained", "tyo=a.safetensors"], "did you mean 'toy'?"),
        (["--retrained", "held=a.safetensors"], "no accuracy of 'held' can be measured"),
        (["--retrained", "toy=a"] * 4, "4 of toy; give at least 5: the spread of fewer says too little"),
        (["--retrained", "toy=a"] * 5, "no weights"),
    ],
)
def test_what_cannot_be_calibrated_is_said_and_changes_nothing(capsys, folder, arguments, said):
    assert main(["calibrate", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert (folder / "thresholds.toml").read_text() == THRESHOLDS


def test_the_same_weights_twice_are_no_spread(capsys, folder):
    assert main(["calibrate", *trained(folder, 120.5, 121.5, 123.5, 124.5, 122.5)]) == 2  # the last is the declared one
    assert "two of the networks of toy have the same weights" in capsys.readouterr().err


def test_a_file_of_fixtures_alone_is_refused(capsys, folder):
    text = re.sub(r"\[models.toy\].*?(?=\[models.held)", "", THRESHOLDS, flags=re.DOTALL)
    text = text[: text.index("[[limits]]")] + text[text.rindex("[[limits]]") :].replace('"toy", ', "")
    (folder / "thresholds.toml").write_text(text)
    assert main(["calibrate"]) == 2
    assert "no accuracy in it can be measured by a command" in capsys.readouterr().err


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_or_interrupted_write_leaves_the_old_file(monkeypatch, folder, failure):
    def fail(partial, path):
        if path.name == "thresholds.toml":
            raise failure
        partial.rename(path)

    monkeypatch.setattr("robustness.files.atomic.os.replace", fail)
    assert main(["calibrate"]) == (2 if isinstance(failure, OSError) else 130)
    assert (folder / "thresholds.toml").read_text() == THRESHOLDS
    assert not list(folder.glob("*.partial"))


@pytest.mark.parametrize(
    ("written", "said"),
    [("schema = 1\n", "cannot be used"), (THRESHOLDS + "# mine, meanwhile\n", "changed while it was measured")],
)
def test_an_unreadable_text_or_a_file_changed_meanwhile_is_not_replaced(monkeypatch, capsys, folder, written, said):
    def rewritten(*_):
        if "meanwhile" in written:
            (folder / "thresholds.toml").write_text(written)
        return written

    monkeypatch.setattr("robustness.limits.calibrate.rewritten", rewritten)
    assert main(["calibrate"]) == 2
    assert said in capsys.readouterr().err
    assert (folder / "thresholds.toml").read_text() == (written if "meanwhile" in written else THRESHOLDS)
    assert not list(folder.glob("*.partial"))


def test_only_the_named_classes_count_and_every_seed(capsys, folder):
    text = THRESHOLDS.replace("accuracy = 0.95 ", 'classes = ["bright"]\nseeds = [1, 2]\naccuracy = 0.95 ')
    (folder / "thresholds.toml").write_text(text)
    assert main(["calibrate", "--margin", "0"]) == 0
    assert "accuracy = 0.900" in (folder / "thresholds.toml").read_text()  # 121 and 122 of twenty are called dark
