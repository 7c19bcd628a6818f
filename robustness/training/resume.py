"""What an interrupted training needs to go on: one file, written after every epoch."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler

from robustness.errors import RobustnessError, in_one_line
from robustness.files.atomic import PARTIAL, replacing

Parts = Mapping[str, nn.Module | torch.optim.Optimizer | LRScheduler]
"""What has a state of its own."""


def save_state(path: Path, run: dict[str, object], parts: Parts, progress: dict[str, Any]) -> None:
    """run: what tells this training from others. progress: what it has reached, as plain values."""
    state = {"run": run, **{name: part.state_dict() for name, part in parts.items()}, "progress": progress}
    try:
        with replacing(path) as partial:
            torch.save(state, partial)
    except (OSError, RuntimeError) as error:  # the latter from torch, where the disk is full
        raise RobustnessError(
            f"{path}: cannot be written ({in_one_line(error)}); make room, and the same command goes on after its last epoch"
        ) from error


def restore_state(path: Path, run: dict[str, object], parts: Parts) -> dict[str, Any]:
    """Put the parts where the same training left them, and return its progress; nothing of either without a file."""
    for left in path.parent.glob(f"{glob.escape(path.name)}.*{PARTIAL}"):  # by a training that was killed as it saved
        left.unlink()
    if not path.exists():
        return {}
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        former = dict(state["run"])
        others = [key.replace("_", " ") for key in {**former, **run} if former.get(key) != run.get(key)]
        if not others:
            for name, part in parts.items():
                part.load_state_dict(state[name])
        progress = dict(state["progress"])
    except Exception as error:  # torch raises anything on a file that is not its own
        raise RobustnessError(
            f"{path}: not a training to resume ({in_one_line(error)}); name another --out to begin anew"
        ) from error
    if others:
        raise RobustnessError(f"{path}: left by another training (other {' and '.join(others)}); name another --out")
    return progress
