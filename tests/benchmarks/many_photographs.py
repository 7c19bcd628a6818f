"""A gate over many photographs: its memory and time. `python tests/benchmarks/many_photographs.py 1000 5000 20000`.

Options after `--` go to the gate: `... 20000 -- -n 2`. The photographs are made in a folder of their own, once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(tempfile.gettempdir()) / "many-photographs"
CLASSES = 10
NETWORK = """
import torch
from torch import nn


def make():
    torch.manual_seed(0)
    first, second = nn.Conv2d(3, 16, 8, 8), nn.Conv2d(16, 32, 4, 4)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))
"""
THRESHOLDS = """
schema = 1
[run]
data = "folder:{images}"
[models.net]
load = "python:net:make"
prepare = {{ resize = 256, crop = 224 }}
[[limits]]
models = ["net"]
noise = "gaussian"
sigma = [0, 25]
accuracy = [0.0, 0.0]
"""


def make(number: int) -> None:
    """A photograph of 500 x 375 pixels: something smooth, and grain."""
    file = FOLDER / "all" / f"{number % CLASSES:02d}" / f"{number:06d}.jpg"
    if file.exists():
        return
    random = np.random.default_rng(number)
    smooth = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize((500, 375), Image.Resampling.BICUBIC)
    grain = random.integers(-8, 9, (375, 500, 3))
    Image.fromarray((np.asarray(smooth).astype(int) + grain).clip(0, 255).astype(np.uint8)).save(file, quality=85)


def chosen(count: int) -> Path:
    """A folder of so many of them."""
    folder = FOLDER / str(count)
    for number in range(count):
        name = Path(f"{number % CLASSES:02d}") / f"{number:06d}.jpg"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if not (folder / name).exists():
            (folder / name).hardlink_to(FOLDER / "all" / name)
    return folder


def anonymous(process: int) -> int:
    """Bytes of private memory of a process and all that it started."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        own = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon")), 0)
        children = [
            child for task in Path(f"/proc/{process}/task").iterdir() for child in (task / "children").read_text().split()
        ]
    except OSError:  # it has ended
        return 0
    return own + sum(anonymous(int(child)) for child in children)


def gate(count: int, options: list[str]) -> str:
    project = FOLDER / "project"
    project.mkdir(exist_ok=True)
    (project / "net.py").write_text(NETWORK)
    (project / "thresholds.toml").write_text(THRESHOLDS.format(images=chosen(count)))
    cache = FOLDER / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    started, peak = time.perf_counter(), 0
    command = [sys.executable, "-m", "robustness.cli", "gate", *options]
    with subprocess.Popen(command, cwd=project, env={**os.environ, "ROBUSTNESS_CACHE": str(cache)}) as process:
        while process.poll() is None:
            peak = max(peak, anonymous(process.pid))
            time.sleep(0.1)
    seconds = time.perf_counter() - started
    return (
        f"{count:,} images {' '.join(options)}: {peak / 2**20:,.0f} MiB at the peak, {seconds:.0f} s, exit {process.returncode}"
    )


if __name__ == "__main__":
    arguments = sys.argv[1:]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    counts = [int(text) for text in arguments[:end]]
    for label in range(CLASSES):
        (FOLDER / "all" / f"{label:02d}").mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        list(pool.map(make, range(max(counts)), chunksize=50))
    for line in [gate(count, arguments[end + 1 :]) for count in counts]:
        print(line)
