"""The compiled CPU kernel as a program: kept between processes, at home in threads and forks, and on a bare machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

import robustness
from robustness.noise import Gaussian, Impulse, Offset, Resolution, Shot, apply, cpu, cpu_kernels, reference

NOWHERE = "/dev/null/nowhere"  # a folder that nobody can make, root included
KERNELS = (cpu_kernels.add, cpu_kernels.move, cpu_kernels.replace, cpu_kernels.add_field, cpu_kernels.average)
NOISES = [Gaussian(60), Shot(4.25), Impulse(0.3), Offset(9), Resolution(3)]  # one for each


def images(count=8):
    return np.random.default_rng(0).integers(0, 256, (count, 7, 9, 3), dtype=np.uint8)


# Compiled code is kept between processes

LOADED_OR_COMPILED = """
import json
from robustness.noise import cpu_kernels
stats = cpu_kernels.add_field().stats
print(json.dumps([sum(stats.cache_hits.values()), sum(stats.cache_misses.values())]))
"""


def start(script, **environment):
    environment = {name: value for name, value in (os.environ | environment).items() if value is not None}
    return subprocess.Popen(
        [sys.executable, "-P", "-c", script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def output(process):
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


def test_one_process_compiles_and_the_others_read_its_result(tmp_path):
    places = {"NUMBA_CACHE_DIR": str(tmp_path), "ROBUSTNESS_CACHE": str(tmp_path)}
    at_once = [start(LOADED_OR_COMPILED, **places) for _ in range(2)]
    assert sorted(json.loads(output(process)) for process in at_once) == [[0, 1], [1, 0]]
    assert json.loads(output(start(LOADED_OR_COMPILED, **places))) == [1, 0]


# Nowhere to keep it

APPLY = """
import numpy as np
from robustness.noise import Offset, apply, cpu_kernels
noisy = apply(Offset(9), np.arange(60, dtype=np.uint8).reshape(1, 4, 5, 3), [0], 0)
print(noisy.ravel().tolist() == list(range(9, 69)), cpu_kernels.add_field().stats.cache_path, cpu_kernels.__file__)
"""


@pytest.fixture
def package_that_cannot_be_written_to(tmp_path):
    """A copy in which no `__pycache__` can be made beside the kernels; chmod would not keep root out."""
    copy = tmp_path / "site" / "robustness"
    shutil.copytree(Path(robustness.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "noise" / "__pycache__").write_text("in the way")
    return copy.parent


@pytest.mark.parametrize("cache", ["own", "none"])
def test_without_a_place_to_keep_it_it_is_compiled_and_works(package_that_cannot_be_written_to, tmp_path, cache):
    nowhere = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "ROBUSTNESS_CACHE"), NOWHERE) | {"NUMBA_CACHE_DIR": None}
    if cache == "own":
        nowhere["ROBUSTNESS_CACHE"] = str(tmp_path)
    process = start(APPLY, PYTHONPATH=str(package_that_cannot_be_written_to), PYTHONDONTWRITEBYTECODE="1", **nowhere)
    kernels = package_that_cannot_be_written_to / "robustness" / "noise" / "cpu_kernels.py"
    assert output(process) == f"True None {kernels}\n"


# Threads and forks


@pytest.fixture
def _threads_for_any_size(monkeypatch):
    monkeypatch.setattr(cpu, "SMALL", 1)


@pytest.mark.usefixtures("_threads_for_any_size")
def test_four_threads_at_once_get_the_right_bytes():
    wanted = {noise: reference.apply(noise, images(), np.arange(8), 1) for noise in NOISES}
    together = Barrier(4)

    def work(number):
        together.wait()
        return [
            np.array_equal(apply(noise, images(), range(8), 1, threads=3), wanted[noise])
            for noise in [*NOISES[number:], *NOISES[:number]] * 3
        ]

    with ThreadPoolExecutor(4) as pool:
        assert all(all(right) for right in pool.map(work, range(4)))


def test_four_threads_may_all_be_the_first():
    for kernel in KERNELS:
        kernel.cache_clear()
    together = Barrier(4)

    def work(_):
        together.wait()
        return [apply(noise, images(), range(8), 1).tobytes() for noise in NOISES]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(4)))
    assert results == [[reference.apply(noise, images(), np.arange(8), 1).tobytes() for noise in NOISES]] * 4


FORK = """
import multiprocessing
import numpy as np
from robustness.noise import Gaussian, apply, cpu

cpu.SMALL = 1
images = np.full((8, 7, 9, 3), 128, np.uint8)
wanted = apply(Gaussian(60), images, range(8), 1, threads=1)

def work():
    assert np.array_equal(apply(Gaussian(60), images, range(8), 1, threads=4), wanted)

work()  # so that there are threads which the children do not have
children = [multiprocessing.get_context("fork").Process(target=work) for _ in range(2)]
for child in children:
    child.start()
for child in children:
    child.join(20)
    print(child.exitcode)
    child.kill()
work()
"""


def test_forked_processes_have_threads_of_their_own():
    assert output(start(FORK)) == "0\n0\n"


@pytest.mark.usefixtures("_threads_for_any_size")
@pytest.mark.parametrize("threads", [1, 2, 7, 8, 9, 1000, None])
def test_any_number_of_threads_will_do(threads):
    for noise in NOISES:
        wanted = reference.apply(noise, images(), np.arange(8), 1)
        assert np.array_equal(apply(noise, images(), range(8), 1, threads), wanted)


@pytest.mark.usefixtures("_threads_for_any_size")
def test_what_goes_wrong_in_a_thread_is_raised(monkeypatch):
    def fail(images, *_):
        if not images[0, 0]:
            raise ZeroDivisionError

    monkeypatch.setattr(cpu_kernels, "add", lambda: fail)
    with pytest.raises(ZeroDivisionError):
        apply(Gaussian(1), np.array([1, 0], np.uint8).reshape(2, 1, 1, 1), [0, 1], 0, threads=2)


@pytest.mark.usefixtures("_threads_for_any_size")
def test_systems_that_cannot_name_their_processors_will_do(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    cpu._pool.cache_clear()
    assert np.array_equal(apply(Offset(9), images(), range(8), 1), reference.apply(Offset(9), images(), np.arange(8), 1))
