"""How many workers `-n auto` starts where there are GPUs, as a stand-in for the driver's tool has it."""

from __future__ import annotations

from gpu_driver import driver

__all__ = ["driver"]


def test_auto_starts_no_more_workers_than_have_room(driver, pytester, monkeypatch):
    """Through pytest itself: eight cores, room for two."""
    driver("0, GPU-aaaa, 9000\n")
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "8")
    pytester.makefile(".toml", thresholds="not read here")
    pytester.makepyfile("def test_one(): pass\ndef test_two(): pass")
    pytester.runpytest_subprocess("-n", "auto", "-p", "no:cacheprovider").stdout.fnmatch_lines(["*2 workers*"])


def test_auto_is_left_alone_where_nothing_is_to_gate_on(driver, pytester, monkeypatch):
    driver("0, GPU-aaaa, 9000\n")
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "3")
    pytester.makepyfile("def test_one(): pass")
    pytester.runpytest_subprocess("-n", "auto", "-p", "no:cacheprovider").stdout.fnmatch_lines(["*3 workers*"])
