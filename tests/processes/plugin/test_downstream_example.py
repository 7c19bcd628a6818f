"""examples/: a project gates its own network, as its workflow does on GitHub."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def downstream(tmp_path):
    def ignored(folder, names):
        return [name for name in names if name.startswith(("__pycache__", ".")) or name == "robustness-report"]

    return Path(shutil.copytree(EXAMPLES / "downstream", tmp_path / "downstream", ignore=ignored))


def run(folder, command, **environment):
    """In a shell, with this Python as `python`."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {"PATH": path, "ROBUSTNESS_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(
        command, shell=True, cwd=folder, env=os.environ | own, capture_output=True, text=True, timeout=300, check=False
    )


def test_the_workflows_own_command_passes(downstream):
    job = yaml.safe_load((EXAMPLES / "github-actions" / "robustness.yml").read_text())["jobs"]["gate"]
    steps = {step.get("name", step.get("uses")): step for step in job["steps"]}
    assert all("@v" in step["uses"] for step in job["steps"] if "uses" in step)
    upload = next(step for step in job["steps"] if "upload-artifact" in step.get("uses", ""))
    (downstream / "summary.md").touch()
    done = run(
        downstream,
        steps["Gate"]["run"],
        PYTEST_XDIST_AUTO_NUM_WORKERS="1",
        GITHUB_STEP_SUMMARY="summary.md",
        GITHUB_ACTIONS="true",
        GITHUB_WORKSPACE=str(downstream),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "::error" not in done.stdout
    assert (downstream / "summary.md").read_text().startswith("## PASS: all 2 limits hold")
    assert {"report.html", "results.json", "junit.xml"} <= {
        file.name for file in (downstream / upload["with"]["path"]).iterdir()
    }


def test_a_spoiled_network_fails(downstream):
    network = downstream / "blob_classifier" / "network.py"
    trained = network.read_text()
    network.write_text(trained.replace("STEPS = 80", "STEPS = 1"))
    assert network.read_text() != trained
    done = run(downstream, "python -m pytest", GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(downstream))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "::error file=thresholds.toml,line=12,title=blob-network under clean%3A FAIL::" in done.stdout
