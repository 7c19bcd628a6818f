"""Workers on GPUs, as far as a machine without one can tell: a stand-in for the driver's tool says what there is."""

from __future__ import annotations

import os

import pytest
from gpu_driver import driver

from robustness.pytest_plugin import gpus

__all__ = ["driver"]

TWO = "0, GPU-aaaa, 9000\n1, GPU-bbbb, 81000\n"


def test_no_driver_no_gpus(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpus.visible_gpus() == []


@pytest.mark.parametrize(("said", "code"), [("No devices were found\n", 6), ("", 0), ("0, GPU-aaaa, [N/A]\n", 0), (TWO, 6)])
def test_a_driver_without_gpus_or_without_figures(driver, said, code):
    driver(said, code)
    assert gpus.visible_gpus() == []


@pytest.mark.parametrize(
    ("visible", "indices"), [(None, "01"), ("", ""), ("1", "1"), ("1,0", "10"), ("GPU-bbbb", "1"), ("GPU-b", "1"), ("-1", "")]
)
def test_which_are_visible(driver, monkeypatch, visible, indices):
    driver(TWO)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert "".join(gpu.index for gpu in gpus.visible_gpus()) == indices


def test_workers_have_room_and_go_round(driver, monkeypatch):
    driver(TWO)
    assert gpus.workers_with_room(gpus.visible_gpus()) == 2 + 19
    assert gpus.workers_with_room([gpus.Gpu("0", "GPU-a", 100)]) == 1
    taken = []
    for worker in ("gw0", "gw1", "gw2"):
        with gpus.take_one(worker):
            taken.append(os.environ["CUDA_VISIBLE_DEVICES"])
        assert "CUDA_VISIBLE_DEVICES" not in os.environ
    assert taken == ["GPU-aaaa", "GPU-bbbb", "GPU-aaaa"]
