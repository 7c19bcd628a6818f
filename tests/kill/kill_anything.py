"""Kill gates and Ray runs at random moments; whatever was killed, a plain run afterwards comes to what an undisturbed one does.

    uv run python tests/kill/kill_anything.py --runs 50

Each run is killed after its first case has begun and before its last has ended, by SIGKILL to one process: the gate's own,
xdist's controller or a worker, the command that fills the store through Ray, one of Ray's workers, Ray's node. Then the gate
runs again on what the killed one left. Exit code 1 where predictions or verdicts differ from those of an undisturbed run, or
where a killed run said that all was well. Two exceptions are meant. The shards of a worker of Ray are done by another one, and
the run may end well, with the same predictions. And an xdist worker may be killed when it has handed over all its reports and
ended its session, while another measures the last case; xdist then misses nobody, and nothing is missing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from safetensors import safe_open

THRESHOLDS = """
schema = 1
[run]
data = "signs"
[models.baseline-cnn]
load = "baseline-cnn"
weights = "signs"
[[limits]]
models = ["baseline-cnn"]
noise = "clean"
accuracy = 0.8
[[limits]]
models = ["baseline-cnn"]
noise = "gaussian"
sigma = [2, 4, 6, 8, 10, 12, 14, 16]
accuracy = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
[[limits]]
models = ["baseline-cnn"]
noise = "salt-and-pepper"
amount = [0.001, 0.002, 0.003, 0.004, 0.005, 0.006]
accuracy = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
"""
CASES = 15
ROBUSTNESS = [sys.executable, "-m", "robustness.cli"]
NOISES = [f"gaussian(sigma={sigma})" for sigma in range(2, 18, 2)] + [
    f"salt-and-pepper(amount={n / 1000:g})" for n in range(1, 7)
]
RAY = ["evaluate", "baseline-cnn", "--thresholds", "thresholds.toml", "--engine", "ray", "--workers", "2"]
ON_RAY = [*RAY, *(part for noise in ["clean", *NOISES] for part in ("--noise", noise))]
PATIENCE = 180
"""Seconds until a run that neither dies nor ends counts as hung."""


@dataclass(frozen=True)
class Victim:
    """command: what is run. named: part of the command line of the process to kill, or None for the first process.

    missed: what the run prints where it misses the process; if it does not print that, it may end well.
    """

    name: str
    command: list[str]
    named: str | None = None
    missed: str = ""


VICTIMS = [
    Victim("gate", ["gate", "-n", "0"]),
    Victim("xdist's controller", ["gate", "-n", "2"]),
    Victim("an xdist worker", ["gate", "-n", "2"], "import sys;exec(eval(sys.stdin.readline()))", missed="node down"),
    Victim("a command on Ray", ON_RAY),
    Victim("a worker of Ray", ON_RAY, "ray::_compute", missed="died, and so did"),
    Victim("Ray's node", ON_RAY, "raylet/raylet"),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=50, metavar="N", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: %(default)s)")
    args = parser.parse_args()
    chance = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "thresholds.toml").write_text(THRESHOLDS)
        run(project, ["gate", "-n", "0"]).wait(PATIENCE)
        undisturbed = state(project)
        assert finished(project) == CASES
        good = 0
        for number in range(args.runs):
            victim = VICTIMS[number % len(VICTIMS)]
            shutil.rmtree(project / "cache" / "results", ignore_errors=True)
            shutil.rmtree(project / "robustness-report", ignore_errors=True)
            problem, told = disturb(project, victim, chance, undisturbed)
            good += not problem
            print(f"{number + 1:3}/{args.runs} {victim.name:20} {told}: {problem or 'identical'}", flush=True)
    print(f"{good} of {args.runs} came to the same")
    return 0 if good == args.runs else 1


def disturb(project: Path, victim: Victim, chance: random.Random, undisturbed: dict[str, object]) -> tuple[str, str]:
    """Kill one run and let another follow; returns what is wrong, if anything, and what happened."""
    after = chance.randrange(CASES)
    running = run(project, victim.command)
    try:
        killed = kill_when(lambda: began(project) and finished(project) >= after, running, victim, chance)
        done = finished(project)
        code = running.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        return "it hung", f"killed after {after} cases"
    finally:
        end(running)
    told = f"killed after {done:2} of {CASES} cases, exit {code:4}"
    if not killed:
        return "it ended before it could be killed", told
    if code == 0 and victim.missed in (project / "output.txt").read_text(errors="replace"):
        return "a killed run exited 0", told
    again = run(project, ["gate", "-n", "0"])
    if again.wait(PATIENCE):
        return f"the run that followed exited {again.returncode}", told
    return ("" if state(project) == undisturbed else "predictions or verdicts differ"), told


def run(project: Path, command: list[str]) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in ("RAY_ADDRESS", "CI")}
    environment |= {"ROBUSTNESS_CACHE": str(project / "cache"), "OMP_NUM_THREADS": "1"}
    with (project / "output.txt").open("wb") as output:
        return subprocess.Popen(
            [*ROBUSTNESS, *command], cwd=project, env=environment, stdout=output, stderr=output, start_new_session=True
        )


def kill_when(ready: Callable[[], bool], running: subprocess.Popen[bytes], victim: Victim, chance: random.Random) -> bool:
    deadline = time.monotonic() + PATIENCE
    while running.poll() is None and time.monotonic() < deadline:
        if ready():
            time.sleep(chance.random() / 20)
            found = [running.pid] if victim.named is None else processes_named(victim.named, running.pid)
            if found:
                os.kill(chance.choice(found), signal.SIGKILL)
                return True
        time.sleep(0.005)
    return False


def processes_named(name: str, session: int) -> list[int]:
    """Processes of that session whose command line holds the name."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat, command = (folder / "stat").read_text(), (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if name.encode() in command and int(stat.rsplit(")", 1)[1].split()[3]) == session:
            found.append(int(folder.name))
    return found


def end(running: subprocess.Popen[bytes]) -> None:
    """Whatever the run has left behind in its session: it would go on writing into the next one's store."""
    deadline = time.monotonic() + 10
    while (left := processes_named("", running.pid)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    running.wait()


def began(project: Path) -> bool:
    return any((project / "cache" / "results").glob("??/*.lock"))


def finished(project: Path) -> int:
    return len(results(project))


def results(project: Path) -> dict[str, str]:
    """The hash of every case's predictions, by its key."""
    found = {}
    for file in (project / "cache" / "results").glob("??/*.safetensors"):
        with safe_open(file, "np") as stored:
            if "predictions" in stored.keys():  # noqa: SIM118 - it is no mapping
                found[file.stem] = hashlib.sha256(stored.get_tensor("predictions").tobytes()).hexdigest()
    return found


def state(project: Path) -> dict[str, object]:
    """All predictions in the store, and all verdicts of the report."""
    report = json.loads((project / "robustness-report" / "results.json").read_text())
    verdicts = [report["verdict"], *((limit["limit"], limit["verdict"], limit["right"]) for limit in report["limits"])]
    return {"predictions": results(project), "verdicts": verdicts}


if __name__ == "__main__":
    sys.exit(main())
