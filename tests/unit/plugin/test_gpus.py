"""Workers on GPUs, as far as a machine without one can tell: a stand-in for the driver's tool says what there is."""

from __future__ import annotations

import os
import stat

import pytest

from robustness.pytest_plugin import gpus

pytest_plugins = ["pytester"]

TWO = "0, GPU-aaaa, 9000\n1, GPU-bbbb, 81000\n"


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """Puts a tool on the path that says what it is told to."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def install(said, code=0):
        folder = tmp_path / "bin"
        folder.mkdir()
        tool = folder / "nvidia-smi"
        tool.write_text(f"#!/bin/sh\ncat <<'EOF'\n{said}EOF\nexit {code}\n")
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return install


def test_no_driver_no_gpus(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpus.visible_gpus() == []


@pytest.mark.parametrize(("said", "code"), [("No devices were found\n", 6), ("", 0), ("0, GPU-aaaa, [N/A]\n", 0)])
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


@pytest.mark.slow
def test_auto_starts_no_more_workers_than_have_room(driver, pytester, monkeypatch):
    """Through pytest itself: eight cores, room for two."""
    driver("0, GPU-aaaa, 9000\n")
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "8")
    pytester.makefile(".toml", thresholds="not read here")
    pytester.makepyfile("def test_one(): pass\ndef test_two(): pass")
    pytester.runpytest_subprocess("-n", "auto", "-p", "no:cacheprovider").stdout.fnmatch_lines(["*2 workers*"])


@pytest.mark.slow
def test_auto_is_left_alone_where_nothing_is_to_gate_on(driver, pytester, monkeypatch):
    driver("0, GPU-aaaa, 9000\n")
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "3")
    pytester.makepyfile("def test_one(): pass")
    pytester.runpytest_subprocess("-n", "auto", "-p", "no:cacheprovider").stdout.fnmatch_lines(["*3 workers*"])
