"""The store under fire: many writers, also of another version, killed ones, no room and no leave to write."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import hammer
import pytest
from hammer import CASES, FORMER, ask, result_of, same
from kept import kept

from robustness.files.atomic import PARTIAL
from robustness.files.housekeeping import KILLED_WRITE, prune

HAMMER = Path(hammer.__file__)

PRUNE = """
import sys
from pathlib import Path
from robustness.files.atomic import PARTIAL
from robustness.files.housekeeping import prune

folder, removed = Path(sys.argv[1]), 0
(folder / "ready-prune").touch()
while not (folder / "stop").exists():
    removed += len(prune(folder, 0).removed)
print(removed)
"""

TOO_MUCH = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from robustness.errors import RobustnessError
from robustness.evaluation.store import Store
sys.path.insert(0, sys.argv[2])
from hammer import Address, Numbers

store = Store(Path(sys.argv[1]) / "results")
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
large = Numbers(np.zeros(100_000, np.int16), np.zeros(100_000, np.float32))
for ask in (
    lambda: store.get_or_extend(Address("ff" * 32), Numbers, lambda known: known or large),
    lambda: store.remember("fe" * 32, None, lambda: ["long " * 10_000]),
):
    try:
        ask()
    except RobustnessError as error:
        print(error)
"""

NO_LEAVE = """
import os, sys
from pathlib import Path
from robustness.errors import RobustnessError
from robustness.evaluation.store import Store
sys.path.insert(0, sys.argv[2])
from hammer import CASES, Address, Numbers, result_of

if os.geteuid() == 0:
    os.setuid(65534)  # root may write anywhere
store = Store(Path(sys.argv[1]) / "results")
for key in CASES[:2]:
    try:
        store.get_or_extend(Address(key), Numbers, lambda known: print("computed") or result_of(key))
    except RobustnessError as error:
        print(error)
"""

KILLED = """
import os, signal, sys
from pathlib import Path
import robustness.evaluation.store
sys.path.insert(0, sys.argv[2])
from hammer import CASES, Address, Numbers, result_of

def half(path, arrays, made_by):
    path.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)

robustness.evaluation.store.write_arrays = half
store = robustness.evaluation.store.Store(Path(sys.argv[1]) / "results")
store.get_or_extend(Address(CASES[0]), Numbers, lambda known: result_of(CASES[0]))
"""


def python(*arguments):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def script(text, folder):
    process = python("-c", text, folder, HAMMER.parent)
    printed, errors = process.communicate(timeout=120)
    return process.returncode, printed, errors


def start_together(folder, processes):
    deadline = time.monotonic() + 60
    while len(list(folder.glob("ready-*"))) < len(processes) and time.monotonic() < deadline:
        assert all(process.poll() is None for process in processes), processes[0].communicate()
        time.sleep(0.02)
    (folder / "go").touch()


RACE = """
import sys, time
from pathlib import Path
import numpy as np
from robustness.evaluation.case import Case
from robustness.evaluation.result import Result
from robustness.evaluation.store import Store
from robustness.noise import Gaussian

folder, name = Path(sys.argv[1]), sys.argv[2]

def compute():
    (folder / f"computed-{name}").touch()
    deadline = time.monotonic() + 20  # until both are at the door
    while len(list(folder.glob("ready-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    return Result(np.array([1, 2], np.int16), np.array([0.5, 0.25], np.float32))

(folder / f"ready-{name}").touch()
case = Case("net", "set", Gaussian(25), 7, "a" * 64, "b" * 64, "cpu float32")
result, stored = Store(folder / "results").get_or_extend(case, Result, lambda known: known or compute())
print(stored, result.predictions.tolist())
"""


def test_two_processes_compute_once(tmp_path):
    command = [sys.executable, "-c", RACE, str(tmp_path)]
    racers = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in ("one", "two")]
    printed = [racer.communicate(timeout=60)[0].strip() for racer in racers]
    assert sorted(printed) == ["False [1, 2]", "True [1, 2]"]
    assert len(list(tmp_path.glob("computed-*"))) == 1


@pytest.mark.parametrize("versions", [["now"] * 4, ["now", str(FORMER), "now", str(FORMER)]], ids=["now", "two versions"])
def test_many_writers_compute_every_case_once_and_tear_nothing(tmp_path, versions):
    hammers = [python(HAMMER, tmp_path, version, seed) for seed, version in enumerate(versions)]
    start_together(tmp_path, hammers)
    errors = [hammer.communicate(timeout=120)[1] for hammer in hammers]
    assert [hammer.returncode for hammer in hammers] == [0] * len(hammers), errors
    assert {path.name: path.read_text() for path in tmp_path.glob("computed-*")} == {f"computed-{key}": "x" for key in CASES}
    once_a_format = "x" * len(set(versions))  # a former version does not see what sentences are kept in now
    assert all(len(path.read_text()) <= len(once_a_format) for path in tmp_path.glob("told-*"))
    assert len(list(tmp_path.glob("told-*"))) == len(CASES)
    assert not list(tmp_path.rglob(f"*{PARTIAL}"))


def test_pruning_everything_while_others_write_costs_time_alone(tmp_path):
    pruning = python("-c", PRUNE, tmp_path)
    hammers = [python(HAMMER, tmp_path, "now", seed) for seed in range(2)]
    start_together(tmp_path, [pruning, *hammers])
    errors = [hammer.communicate(timeout=120)[1] for hammer in hammers]
    (tmp_path / "stop").touch()
    removed, error = pruning.communicate(timeout=60)
    assert [process.returncode for process in (pruning, *hammers)] == [0, 0, 0], [*errors, error]
    assert int(removed) > len(CASES)  # or it was never in anybody's way
    assert not list(tmp_path.rglob(f"*{PARTIAL}"))


def test_a_writer_that_is_killed_leaves_nothing_that_is_read(tmp_path):
    assert script(KILLED, tmp_path)[0] == -signal.SIGKILL
    (partial,) = tmp_path.rglob(f"*{PARTIAL}")
    result, computed = ask(tmp_path)
    assert computed
    assert same(result, result_of(CASES[0]))
    assert prune(tmp_path, 10**9).left_over == 0
    assert partial.exists()  # it may be another process's, at work
    os.utime(partial, (0, time.time() - KILLED_WRITE - 1))
    assert prune(tmp_path, 10**9).left_over == 1
    assert not partial.exists()
    assert ask(tmp_path)[1] is False


def test_where_there_is_no_room_the_error_says_what_to_do_and_nothing_is_lost(tmp_path):
    ask(tmp_path)
    before = {path: path.read_bytes() for path in kept(tmp_path / "results")}
    code, printed, errors = script(TOO_MUCH, tmp_path)
    assert code == 0, errors
    for line, key in zip(printed.splitlines(), ("ff", "fe"), strict=True):
        assert line.startswith(f"{tmp_path / 'results' / key}: cannot be written to (")
        assert "too large" in line
        assert line.endswith("`robustness store prune --to SIZE` makes room, and ROBUSTNESS_CACHE names another folder")
    assert {path: path.read_bytes() for path in kept(tmp_path / "results")} == before
    assert ask(tmp_path)[1] is False


@pytest.fixture
def open_folder():
    """A folder that any user may reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_where_nobody_may_write_it_is_said_before_anything_is_computed(open_folder, monkeypatch):
    ask(open_folder)
    hidden = open_folder / "hidden"
    hidden.mkdir(0o000)
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(hidden / "cache"))
    folders = [open_folder, *(path for path in (open_folder / "results").glob("**/"))]
    for path in [*folders, *open_folder.rglob("*.lock")]:
        path.chmod(0o555)
    try:
        code, printed, errors = script(NO_LEAVE, open_folder)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert code == 0, errors
    lines = printed.splitlines()
    assert len(lines) == 2
    assert all("cannot be written to (Permission denied)" in line for line in lines)
    for path in open_folder.rglob("*.lock"):
        path.chmod(0o644)
    assert ask(open_folder)[1] is False
