"""Several workers on a machine with GPUs: no more than have room there, and each on one device.

The driver's own tool is asked, since torch in the controller would take device memory itself, and seconds to import.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass

from robustness.process import environment

ROOM = 4 * 1024
"""MiB of device memory for a worker: CUDA's context, a network, a batch and its noise. A guess, on the large side; where it
is too small, batches are halved."""


@dataclass(frozen=True)
class Gpu:
    """free: MiB."""

    index: str
    uuid: str
    free: int


def visible_gpus() -> list[Gpu]:
    """The GPUs of this machine that `CUDA_VISIBLE_DEVICES` leaves, in its order; none where there is no driver."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return []
    query = [tool, "--query-gpu=index,uuid,memory.free", "--format=csv,noheader,nounits"]
    told = subprocess.run(query, capture_output=True, text=True, check=False, timeout=60)
    rows = [line.split(", ") for line in told.stdout.splitlines()] if told.returncode == 0 else []
    gpus = [Gpu(row[0], row[1], int(row[2])) for row in rows if len(row) == 3 and row[2].isdigit()]
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES")
    if wanted is None:
        return gpus
    return [gpu for name in wanted.split(",") for gpu in gpus if name and (gpu.index == name or gpu.uuid.startswith(name))]


def workers_with_room(gpus: list[Gpu]) -> int:
    """How many workers the devices hold, one at least."""
    return max(1, sum(gpu.free // ROOM for gpu in gpus))


def take_one(worker: str) -> ExitStack:
    """Leave this worker, `gw0` or another, one device until the stack is closed: the workers go round.

    To be called before CUDA begins. A variable, since torch, ONNX Runtime and fixtures of the user's own read it alike.
    """
    stack = ExitStack()
    if len(gpus := visible_gpus()) > 1:
        stack.enter_context(environment({"CUDA_VISIBLE_DEVICES": gpus[int(worker.removeprefix("gw")) % len(gpus)].uuid}))
    return stack
