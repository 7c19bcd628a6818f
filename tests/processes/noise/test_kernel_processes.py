"""The compiled CPU kernel as a program: kept between processes, whole in forks, and on a bare machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import robustness

NOWHERE = "/dev/null/nowhere"  # a folder that nobody can make, root included


LOADED_OR_COMPILED = """
import json
from robustness.noise.forms.field import cpu
stats = cpu.add_field().stats
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


APPLY = """
import numpy as np
from robustness.noise import Offset, apply
from robustness.noise.forms.field import cpu
noisy = apply(Offset(9), np.arange(60, dtype=np.uint8).reshape(1, 4, 5, 3), [0], 0)
print(noisy.ravel().tolist() == list(range(9, 69)), cpu.add_field().stats.cache_path, cpu.__file__)
"""


@pytest.fixture
def package_that_cannot_be_written_to(tmp_path):
    """A copy in which no `__pycache__` can be made beside the kernels; chmod would not keep root out."""
    copy = tmp_path / "site" / "robustness"
    shutil.copytree(Path(robustness.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "noise" / "forms" / "field" / "__pycache__").write_text("in the way")
    return copy.parent


@pytest.mark.parametrize("cache", ["own", "none"])
def test_without_a_place_to_keep_it_it_is_compiled_and_works(package_that_cannot_be_written_to, tmp_path, cache):
    nowhere = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "ROBUSTNESS_CACHE"), NOWHERE) | {"NUMBA_CACHE_DIR": None}
    if cache == "own":
        nowhere["ROBUSTNESS_CACHE"] = str(tmp_path)
    process = start(APPLY, PYTHONPATH=str(package_that_cannot_be_written_to), PYTHONDONTWRITEBYTECODE="1", **nowhere)
    kernels = package_that_cannot_be_written_to / "robustness" / "noise" / "forms" / "field" / "cpu.py"
    assert output(process) == f"True None {kernels}\n"


FORK = """
import multiprocessing
import numpy as np
from robustness.noise import Gaussian, apply
from robustness.noise.forms.addition import Addition

Addition.small = 1
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
