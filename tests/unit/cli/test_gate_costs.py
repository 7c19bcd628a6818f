"""`robustness gate --dry-run`: what is not measured yet, and what the sentinels take."""

from __future__ import annotations

import pytest

from robustness.cli import main
from robustness.gate.sentinels import PASSES

LIMITS = """
schema = 1
[run]
data = "signs"
[models.cnn]
load = "baseline-cnn"
weights = "signs"
[models.held]
load = "fixture"
size = 40
fit = "resize"
[[limits]]
models = ["cnn"]
noise = "clean"
accuracy = 0.9
[[limits]]
models = ["cnn"]
noise = "gaussian"
sigma = 5
max_flips = 0.5
[[limits]]
models = ["held"]
noise = "clean"
accuracy = 0.9
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "thresholds.toml").write_text(LIMITS)
    return tmp_path


def test_limits_and_sentinels_are_counted_and_nothing_is_measured(project, capsys):
    assert main(["gate", "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["cases", "4,", "of", "which", "0", "are", "stored"]
    assert f"sentinels       at most {PASSES} images through each network: 1, of which 0 known already" in lines
    assert lines[-1] == "not counted     limits on fixtures, hunts, claims and limits on generators: 1"
    assert not (project / "robustness-report").exists()
    assert not list((project / "cache" / "results").rglob("*.safetensors"))


def test_what_is_measured_is_no_cost_any_more(project, capsys):
    main(["evaluate", "cnn", "--noise", "clean"])
    capsys.readouterr()
    assert main(["gate", "--dry-run"]) == 0
    assert "cases           4, of which 1 are stored" in capsys.readouterr().out
