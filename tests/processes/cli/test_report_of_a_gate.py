"""`robustness report` on what a gate wrote."""

from __future__ import annotations

import json

from PIL import Image

from robustness.cli import main

LIMITS = """
schema = 1

[run]
data = "folder:images"

[models.net]
load = "fixture"
size = 8
fit = "resize"

[[limits]]
models = ["net"]
noise = "clean"
accuracy = 0.5
"""


FIXTURE = """
import pytest
import torch


class Bright(torch.nn.Module):
    def forward(self, images):
        excess = images[:, :1].mean(dim=(1, 2, 3)) - 0.5
        return torch.stack([excess, -excess], dim=1)


@pytest.fixture(scope="session")
def net():
    return Bright()
"""


def test_a_report_made_again_is_the_same_and_an_older_one_is_laid_beside_it(pytester, monkeypatch, capsys):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(pytester.path / "cache"))
    for name, level in (("bright", 200), ("dark", 20)):
        (pytester.path / "images" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8), (level,) * 3).save(pytester.path / "images" / name / "1.png")
    pytester.makeconftest(FIXTURE)
    (pytester.path / "thresholds.toml").write_text(LIMITS)
    assert pytester.runpytest_subprocess("thresholds.toml").ret == 0
    folder = pytester.path / "robustness-report"
    assert main(["report", str(folder / "results.json"), "-o", "again.html"]) == 0
    assert (pytester.path / "again.html").read_text() == (folder / "report.html").read_text()
    assert capsys.readouterr().out.endswith("wrote again.html\n")
    results = json.loads((folder / "results.json").read_text())
    older = {key: value for key, value in results.items() if key not in ("generators", "generator_limits")}
    (pytester.path / "v1.json").write_text(json.dumps(older))
    assert main(["report", "v1.json", str(folder / "results.json"), "-o", "two.html"]) == 0
    assert "beside v1.json" in (pytester.path / "two.html").read_text()
