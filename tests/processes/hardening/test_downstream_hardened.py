"""examples/downstream: a release that fails stricter limits, hardened by one command, passes them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples" / "downstream"
HARDEN = ("harden", "blob-network", "--thresholds", "stricter.toml", "--data", "python:blob_classifier.images:training_images")


@pytest.fixture
def downstream(tmp_path):
    def ignored(folder, names):
        return [name for name in names if name.startswith(("__pycache__", ".")) or name in ("robustness-report", "runs")]

    return Path(shutil.copytree(EXAMPLE, tmp_path / "downstream", ignore=ignored))


def start(folder, *arguments):
    own = {"ROBUSTNESS_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "robustness.cli", *arguments]
    return subprocess.Popen(command, cwd=folder, env=os.environ | own, text=True, stdout=-1, stderr=subprocess.STDOUT)


def run(folder, *arguments):
    process = start(folder, *arguments)
    said, _ = process.communicate(timeout=300)
    return process.returncode, said


def test_a_release_that_fails_is_hardened_past_an_interruption_and_passes(downstream):
    resume = downstream / "runs" / "harden-blob-network-seed0.resume"
    process = start(downstream, *HARDEN)
    while not resume.exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "interrupted; what is finished is kept" in said

    code, said = run(downstream, *HARDEN)
    assert code == 0, said
    assert "going on after epoch" in said
    assert re.search(r"periodic\(amplitude=0\.5\) +0\.9 +0\.6810 breaks .* holds$", said, re.MULTILINE)  # before, on the gate's
    (line,) = [line for line in said.splitlines() if line.startswith("weights = ")]
    thresholds = downstream / "stricter.toml"
    thresholds.write_text(thresholds.read_text().replace("size = 16\n", f"{line}\nsize = 16\n"))

    code, said = run(downstream, "gate", "stricter.toml")
    assert code == 0, said
    assert "PASS: all 4 limits hold" in said
