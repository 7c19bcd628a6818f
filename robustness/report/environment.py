"""Where a run took place: the commit, the CI job, the device."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SECONDS = 10
"""That git may take."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """None: unknown."""

    commit: str | None = None
    tree: str | None = None  # "clean", or what differs from the commit
    ci: str | None = None  # the address of the job
    device: str | None = None
    threads: int | None = None  # of one process


def environment(folder: Path) -> Environment:
    """Of this process, and of the repository that the folder is in."""
    import torch

    commit = _git(folder, "rev-parse", "HEAD")
    return Environment(
        commit=commit.strip() if commit else None,
        tree=_tree(folder) if commit else None,
        ci=ci_job(os.environ),
        device=torch.cuda.get_device_name() if torch.cuda.is_available() else _processor(),
        threads=torch.get_num_threads(),
    )


def ci_job(variables: Mapping[str, str]) -> str | None:
    """The address of the job, on the servers that tell it."""
    if "GITHUB_RUN_ID" in variables:
        server, repository = variables.get("GITHUB_SERVER_URL", ""), variables.get("GITHUB_REPOSITORY", "")
        return f"{server}/{repository}/actions/runs/{variables['GITHUB_RUN_ID']}"
    return variables.get("CI_JOB_URL") or variables.get("BUILD_URL") or None


def _tree(folder: Path) -> str | None:
    status = _git(folder, "status", "--porcelain")
    if status is None:
        return None
    lines = status.splitlines()
    untracked = sum(line.startswith("??") for line in lines)
    counts = [(len(lines) - untracked, "changed"), (untracked, "not tracked")]
    return ", ".join(f"{count} {word}" for count, word in counts if count) or "clean"


def _git(folder: Path, *command: str) -> str | None:
    """What git says; None where there is none, or no repository."""
    try:
        done = subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return None
    return done.stdout if done.returncode == 0 else None


def _processor() -> str:
    """The CPU's name, and how many cores there are."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # another system
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor() or platform.machine()}, {os.cpu_count()} cores"
