"""Images with several workers: read and prepared by one of them."""

from __future__ import annotations

import sys

import pytest

DATA = """
from pathlib import Path

import numpy as np
from PIL import Image


class Pictures:
    classes = ("bright", "dark")
    files = sorted(Path(__file__).parent.glob("pictures/*/*.png"))

    def __len__(self):
        return len(self.files)

    def __getitem__(self, place):
        file = self.files[place]
        return np.asarray(Image.open(file)), self.classes.index(file.parent.name)


def make():
    with open(Path(__file__).parent / "calls", "a") as calls:
        calls.write("x")
    return Pictures()
"""


@pytest.mark.parametrize("workers", ["2", "0"])
def test_a_dataset_of_code_is_read_by_one_process_of_a_run(project, workers):
    project.write("mine.py", DATA)
    project.edit("thresholds.toml", '"folder:pictures"', '"python:mine:make"')
    assert project.gate("-n", workers).ret == 0
    assert (project.pytester.path / "calls").read_text() == "xx"  # read, and read again to compare
    assert project.results()["images"]["images"] == 20
    assert not list((project.pytester.path / "cache").glob("results/runs/*"))


def test_files_are_prepared_once_for_all_workers(project):
    assert project.gate("-n", "2").ret == 0
    kept = sorted((project.pytester.path / "cache" / "images").glob("*.safetensors"))
    assert len(kept) == 2
    times = [file.stat().st_ctime_ns for file in kept]
    before = [file.read_bytes() for file in kept]
    assert project.gate("-n", "2").ret == 0
    assert [file.read_bytes() for file in kept] == before
    assert len(times) == 2


def test_what_a_configuration_says_is_printed_before_the_gate_starts(project):
    pytest.importorskip("timm")
    project.edit("thresholds.toml", 'size = 8\nfit = "resize"', 'prepare = "timm:resnet18.a1_in1k"')
    run = project.pytester.run(sys.executable, "-m", "robustness.cli", "gate", "-n", "0")
    run.stderr.fnmatch_lines(
        [
            'toy: prepare = "timm:resnet18.a1_in1k" is resize the shorter side to 235, crop 224, interpolation bicubic, mean [[]0.485*'
        ]
    )
    seen = project.results()["seen"]["toy"]
    assert (seen["height"], seen["mean"], seen["std"]) == (224, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
