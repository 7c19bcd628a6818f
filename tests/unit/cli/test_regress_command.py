"""`robustness regress`: new weights for a declared model, its limits, and the last release beside them."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from robustness.cli import main

THRESHOLDS = """\
schema = 1
[run]
data = "folder:pictures"
[models.toy]
load = "python:toy_to_retrain:make"
weights = "declared.safetensors"
size = 8
fit = "resize"
[[limits]]
models = ["toy"]
noise = "clean"
accuracy = 0.6
[[limits]]
models = ["toy"]
noise = "offset"
levels = 2
accuracy = 0.5
"""
DROP = """\
[[limits]]
models = ["toy"]
noise = "offset"
levels = 0
max_drop = ALLOWED
"""
OTHER = """\
[models.held]
load = "fixture"
size = 8
fit = "resize"
[[limits]]
models = ["held"]
noise = "clean"
accuracy = 0.9
"""
TOY = """\
import torch

class Brightness(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.grey = torch.nn.Parameter(torch.tensor(0.0))

    def forward(self, images):
        excess = images[:, :1].mean(dim=(1, 2, 3)) - self.grey
        return torch.stack([excess, -excess], dim=1)

make = Brightness
"""
BASELINE = '[run]\nbaseline = "baselines/v1.safetensors"'


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Twenty dark pictures of 101 to 120, twenty bright ones of 121 to 140; the declared network cuts at 120.5, and is right."""
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    sys.path_importer_cache.pop(".", None)
    project = tmp_path / "project"
    for name, first in (("bright", 121), ("dark", 101)):
        (project / "pictures" / name).mkdir(parents=True)
        for level in range(first, first + 20):
            Image.fromarray(np.full((8, 8, 3), level, np.uint8)).save(project / "pictures" / name / f"{level}.png")
    (project / "toy_to_retrain.py").write_text(TOY)
    (project / "thresholds.toml").write_text(THRESHOLDS)
    monkeypatch.chdir(project)
    weights("declared", 120.5)
    yield project
    sys.modules.pop("toy_to_retrain", None)


def weights(name, cut):
    save_file({"grey": torch.tensor(cut / 255)}, f"{name}.safetensors")
    return f"{name}.safetensors"


def edit(folder, old, new):
    file = folder / "thresholds.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_weights_that_are_no_worse_pass_and_everything_stays_as_it_was(capsys, folder):
    (folder / "robustness-report").mkdir()
    (folder / "robustness-report" / "results.json").write_text("of a gate")
    assert main(["regress", weights("new", 121.5)]) == 0
    out, err = capsys.readouterr()
    row = next(line for line in out.splitlines() if line.startswith("clean "))
    assert " ".join(row.split()) == "clean 100.00 97.50 2.50 -10.61 to 16.50 1 0 0.5 could be chance"
    assert "class, over all noises  newly wrong  newly right  lost most under\nbright" in out
    assert out.endswith("report: robustness-report/regression.html\nPASS: all 2 limits hold\n")
    assert "toy: new.safetensors against the declared weights" in err
    assert "1/2 toy-clean: 0.9750, limit 0.6" in err
    page = (folder / "robustness-report" / "regression.html").read_text()
    assert "new.safetensors beside declared weights" in page
    assert (folder / "robustness-report" / "results.json").read_text() == "of a gate"
    assert (folder / "thresholds.toml").read_text() == THRESHOLDS


def test_a_loss_that_chance_does_not_explain_fails_where_no_limit_allows_it(capsys, folder):
    assert main(["regress", weights("new", 128.5)]) == 1  # eight images newly wrong, p = 1/256
    out, _ = capsys.readouterr()
    assert "FAIL: worse under clean, more than chance explains, and no max_drop there allows it" in out
    (folder / "thresholds.toml").write_text(THRESHOLDS + DROP.replace("ALLOWED", "0.3"))
    edit(folder, "[run]", BASELINE)
    assert main(["baseline", "save", "v1"]) == 0
    assert main(["regress", "new.safetensors"]) == 0
    assert "worse" in capsys.readouterr().out  # said all the same
    edit(folder, "max_drop = 0.3", "max_drop = 0.01")
    assert main(["regress", "new.safetensors"]) == 1
    assert "FAIL: 1 of 3 limits broken or not measured (toy under offset(levels=0)-max_drop)" in capsys.readouterr().out


def test_a_drop_that_is_allowed_under_one_noise_is_not_under_another(capsys, folder):
    (folder / "thresholds.toml").write_text(THRESHOLDS + DROP.replace("levels = 0", "levels = 2").replace("ALLOWED", "0.3"))
    edit(folder, "[run]", BASELINE)
    assert main(["baseline", "save", "v1"]) == 0
    assert main(["regress", weights("new", 128.5)]) == 1
    assert "FAIL: worse under clean, more than chance explains" in capsys.readouterr().out


def test_a_broken_limit_fails(capsys, folder):
    edit(folder, "accuracy = 0.6", "accuracy = 0.98")
    assert main(["regress", weights("new", 121.5)]) == 1
    assert "FAIL: 1 of 2 limits broken or not measured (toy under clean)" in capsys.readouterr().out


def test_a_waived_limit_stops_nothing_and_does_not_hold(capsys, folder):
    waived = 'accuracy = 0.98\nwaived_until = 2099-01-01\nreason = "later"'
    edit(folder, "accuracy = 0.6", waived)
    assert main(["regress", weights("new", 121.5)]) == 0
    assert "PASS: 1 of 2 limits hold, the others stop nothing" in capsys.readouterr().out


def test_a_baseline_under_another_seed_is_refused_though_the_declared_weights_are_those_it_was_made_of(capsys, folder):
    assert main(["baseline", "save", "v1"]) == 0
    edit(folder, "[run]", "[run]\nseed = 5")
    assert main(["regress", weights("new", 120.75), "--against", "v1"]) == 2
    assert "made with noise seed 0, not 5" in capsys.readouterr().err


def test_what_could_not_be_measured_fails(capsys, folder):
    assert main(["regress", weights("new", float("nan"))]) == 1
    out, err = capsys.readouterr()
    assert "1/2 toy-clean: not measured: toy gave NaN" in err
    assert "FAIL: 2 of 2 limits broken or not measured" in out
    assert "newly wrong" not in out


def test_weights_written_over_the_declared_ones_are_held_against_the_baseline(capsys, folder):
    """As a trainer does that writes to the same file each time."""
    edit(folder, "[run]", BASELINE)
    assert main(["baseline", "save", "v1"]) == 0
    weights("declared", 128.5)
    assert main(["regress", "declared.safetensors"]) == 1
    out, err = capsys.readouterr()
    assert "toy: declared.safetensors against" in err
    assert "v1.safetensors" in err
    assert next(line for line in out.splitlines() if line.startswith("clean ")).split()[1:3] == ["100.00", "80.00"]


def test_the_baseline_tells_where_the_declared_weights_are_gone(capsys, folder):
    assert main(["baseline", "save", "v1"]) == 0
    (folder / "declared.safetensors").unlink()
    assert main(["regress", weights("new", 120.75), "--against", "v1"]) == 0
    out, err = capsys.readouterr()
    assert "the declared weights cannot be measured any more, the baseline tells" in err
    assert "no image changed between right and wrong" in out


def test_a_noise_that_the_baseline_lacks_is_measured_of_the_weights_it_was_made_of_alone(capsys, folder):
    edit(folder, "levels = 2", "levels = 3")
    assert main(["baseline", "save", "v1"]) == 0
    edit(folder, "levels = 3", "levels = 2")
    assert main(["regress", weights("new", 120.75), "--against", "v1"]) == 0
    weights("declared", 120.25)  # another release than was frozen: its predictions are not those of v1
    assert main(["regress", "new.safetensors", "--against", "v1"]) == 2
    assert "this baseline was saved before that limit existed" in capsys.readouterr().err


def test_what_can_be_compared_is_shown_though_a_limit_is_not_measured(capsys, folder):
    assert main(["baseline", "save", "v1"]) == 0
    (folder / "thresholds.toml").write_text(THRESHOLDS + DROP.replace("levels = 0", "levels = 7").replace("ALLOWED", "0.3"))
    edit(folder, "[run]", BASELINE)
    assert main(["regress", weights("new", 121.5)]) == 1
    out, _ = capsys.readouterr()
    assert "FAIL: 1 of 3 limits broken or not measured (toy-offset(levels=7)-max_drop)" in out
    assert (
        " ".join(next(line for line in out.splitlines() if line.startswith("clean ")).split()[:4]) == "clean 100.00 97.50 2.50"
    )


def test_a_checkpoint_is_read_as_weights_are(folder):
    torch.save({"model": {"grey": torch.tensor(121.5 / 255)}, "epoch": 3}, folder / "new.pt")
    assert main(["regress", "new.pt"]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.pt"], "none.pt: no such file"),
        (["declared.safetensors"], "declared.safetensors: these are the weights that toy is declared with; name a baseline"),
        (["new.safetensors", "--against", "v9"], "v9.safetensors: no such baseline"),
        (["new.safetensors", "--model", "tyo"], "declares no model 'tyo': did you mean 'toy'?"),
        (["new.safetensors", "--thresholds", "none.toml"], "none.toml: no such file"),
    ],
)
def test_what_has_to_be_mended_first_is_said(capsys, folder, arguments, words):
    weights("new", 121.5)
    assert main(["regress", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (folder / "robustness-report").exists()


def test_of_several_models_one_is_named(capsys, folder):
    (folder / "thresholds.toml").write_text(THRESHOLDS + OTHER)
    weights("new", 121.5)
    assert main(["regress", "new.safetensors"]) == 2
    assert "declares toy, held: say which the weights are of, with --model NAME" in capsys.readouterr().err
    assert main(["regress", "new.safetensors", "--model", "toy"]) == 0
    assert "PASS: all 2 limits hold; 1 promises more are for the gate" in capsys.readouterr().out
    assert main(["regress", "new.safetensors", "--model", "held"]) == 2
    assert "held lives in a pytest fixture, which makes its weights" in capsys.readouterr().err


def test_an_empty_name_of_a_baseline_is_no_other_baseline(capsys, folder):
    weights("new", 121.5)
    assert main(["regress", "new.safetensors", "--against", ""]) == 2
    assert "no such baseline" in capsys.readouterr().err
