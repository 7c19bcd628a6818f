"""A stand-in for the tool of NVIDIA's driver, on machines without one."""

from __future__ import annotations

import os
import stat

import pytest


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
