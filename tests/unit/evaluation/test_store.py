"""The store: a case is computed once, whoever asks, and a damaged file is computed again."""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import replace

import numpy as np
import pytest
from kept import kept

import robustness.evaluation.store
from robustness.errors import RobustnessError
from robustness.evaluation.case import Case
from robustness.evaluation.result import Result
from robustness.evaluation.store import Store
from robustness.noise import Gaussian

CASE = Case("net", "set", Gaussian(25), 7, "a" * 64, "b" * 64, "cpu float32")


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path))
    return Store()


class Compute:
    """Gives a result and counts how often it was asked to."""

    def __init__(self, size=3000):
        self.times = 0
        self.result = Result(np.arange(size).astype(np.int16), np.linspace(0, 1, size, dtype=np.float32))

    def __call__(self):
        self.times += 1
        return self.result


def stored_file(store):
    (file,) = store.folder.rglob("*.safetensors")
    return file


def test_the_cache_folder_is_the_default(store, tmp_path):
    assert store.folder == tmp_path / "results"


def test_a_case_is_computed_once(store):
    compute = Compute()
    answers = [Store(store.folder).get_or_extend(CASE, Result, lambda known: known or compute()) for _ in range(3)]
    assert [stored for _, stored in answers] == [False, True, True]
    assert compute.times == 1
    for result, _ in answers:
        assert np.array_equal(result.predictions, compute.result.predictions)
        assert np.array_equal(result.margins, compute.result.margins)
        assert result.predictions.dtype == np.int16
        assert result.margins.dtype == np.float32


def test_other_content_is_another_result(store):
    store.get_or_extend(CASE, Result, lambda known: known or Compute()())
    assert store.get_or_extend(replace(CASE, seed=8), Result, lambda known: known or Compute()())[1] is False
    assert (
        store.get_or_extend(replace(CASE, model="renamed", data="moved"), Result, lambda known: known or Compute()())[1] is True
    )


def test_two_threads_compute_once(store):
    compute = Compute()
    at_the_door = threading.Barrier(2, timeout=20)

    def ask():
        at_the_door.wait()
        store.get_or_extend(CASE, Result, lambda known: known or compute())

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert compute.times == 1


@pytest.mark.parametrize("place", [0, 20, 300, 1000, -1], ids=lambda place: f"byte {place}")
def test_a_damaged_result_is_computed_again(store, place):
    compute = Compute()
    store.get_or_extend(CASE, Result, lambda known: known or compute())
    file = stored_file(store)
    damaged = bytearray(file.read_bytes())
    damaged[place] ^= 1
    file.write_bytes(damaged)
    result, stored = store.get_or_extend(CASE, Result, lambda known: known or compute())
    assert (stored, compute.times) == (False, 2)
    assert np.array_equal(result.predictions, compute.result.predictions)
    assert store.get_or_extend(CASE, Result, lambda known: known or compute())[1] is True


def test_who_else_may_read_a_result_is_up_to_the_umask(store):
    before = os.umask(0o027)
    try:
        store.get_or_extend(CASE, Result, lambda known: known or Compute()())
    finally:
        os.umask(before)
    assert stored_file(store).stat().st_mode & 0o777 == 0o640


def test_an_exception_leaves_nothing_and_the_next_one_computes(store):
    def fail():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.get_or_extend(CASE, Result, lambda known: known or fail())
    assert kept(store.folder) == []
    assert store.get_or_extend(CASE, Result, lambda known: known or Compute()())[1] is False


def test_a_failed_write_leaves_no_partial_file(store, monkeypatch):
    def full_disk(file, arrays, made_by):
        file.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(robustness.evaluation.store, "write_arrays", full_disk)
    with pytest.raises(RobustnessError, match="no space left"):
        store.get_or_extend(CASE, Result, lambda known: known or Compute()())
    assert kept(store.folder) == []


def test_ending_a_run_forgets_its_results_and_no_others(store):
    one, two = replace(CASE, run="one"), replace(CASE, run="two")
    for case in (CASE, one, two):
        store.get_or_extend(case, Result, lambda known: known or Compute()())
        assert store.get_or_extend(case, Result, lambda known: known or Compute()())[1] is True
    store.end_run("one")
    assert len(list((store.folder / "runs").iterdir())) == 1
    assert [store.get_or_extend(case, Result, lambda known: known or Compute()())[1] for case in (CASE, two, one)] == [
        True,
        True,
        False,
    ]


def test_ending_an_unknown_run_is_no_error(store):
    store.end_run("nobody")
    assert store.get_or_extend(CASE, Result, lambda known: known or Compute()())[1] is False


def test_a_runs_name_is_no_path(store):
    for case in (CASE, replace(CASE, run="one")):  # so that there is a folder of runs to start from
        store.get_or_extend(case, Result, lambda known: known or Compute()())
    store.end_run("../..")
    assert store.get_or_extend(CASE, Result, lambda known: known or Compute()())[1] is True
