"""What goes first where the store is full, what never goes, and what killed runs leave."""

from __future__ import annotations

import os
import random
import time

import pytest
from filelock import FileLock
from hammer import CASES, Address, Numbers, result_of
from hypothesis import given
from hypothesis import strategies as st

import robustness.files.housekeeping
from robustness.data.cache import cached
from robustness.errors import RobustnessError
from robustness.evaluation.store import Store
from robustness.files.housekeeping import AT_WORK, KILLED_RUN, UNITS, inventory, prune, size_limit, size_of

HOUR = 3600


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


@pytest.fixture
def new_process(monkeypatch):
    """As if this process had begun `hours` from now and had not tidied yet."""

    def begin(hours=0.0):
        monkeypatch.setattr(robustness.files.housekeeping, "_tidied", set())
        monkeypatch.setattr(robustness.files.housekeeping, "STARTED", time.time() + hours * HOUR)

    return begin


def keep(folder, key, run=None):
    """The file of a result that is stored now."""
    Store(folder / "results").get_or_extend(Address(key, run), Numbers, lambda known: known or result_of(key))
    return next((folder / "results").rglob(f"{key}.safetensors"))


def age(path, hours):
    os.utime(path, (0, time.time() - hours * HOUR))


def kept_keys(folder):
    return {file.path.stem for file in inventory(folder)}


def test_what_was_not_used_for_longest_goes_first_until_the_rest_fits(folder):
    order = random.Random(0).sample(CASES, len(CASES))
    for hours, key in enumerate(order, 1):
        age(file := keep(folder, key), hours)
    size = file.stat().st_size
    pruned = prune(folder, 3 * size + size // 2)
    assert [file.path.stem for file in pruned.removed] == order[:2:-1]
    assert {file.path.stem for file in pruned.kept} == kept_keys(folder) == set(order[:3])
    assert not {path.stem for path in folder.rglob("*.lock")} & set(order[3:])


def test_reading_is_using(folder):
    one, two = (keep(folder, key) for key in CASES[:2])
    age(one, 3)
    age(two, 2)
    keep(folder, CASES[0])
    assert [file.path for file in prune(folder, one.stat().st_size).removed] == [two]


def test_the_limit_is_kept_once_in_each_process_before_it_writes(folder, monkeypatch, new_process):
    for hours, key in enumerate(CASES[:6], 1):
        age(file := keep(folder, key), 2 * hours)
    monkeypatch.setenv("ROBUSTNESS_CACHE_SIZE", str(3 * file.stat().st_size))
    keep(folder, CASES[6])
    assert len(kept_keys(folder)) == 7  # this process has tidied before
    new_process()
    keep(folder, CASES[7])
    assert kept_keys(folder) == {*CASES[:2], *CASES[6:8]}


def test_what_a_process_at_work_used_stays_whatever_the_limit(folder, monkeypatch, new_process):
    lately, before_it_began, long_ago = (keep(folder, key) for key in CASES[:3])
    age(lately, 0.9 * AT_WORK / HOUR)
    age(before_it_began, 4)
    age(long_ago, 6)
    monkeypatch.setenv("ROBUSTNESS_CACHE_SIZE", "0")
    new_process(hours=-5)
    keep(folder, CASES[3])
    assert kept_keys(folder) == {CASES[0], CASES[1], CASES[3]}


def test_what_somebody_holds_the_lock_of_stays(folder):
    held, free = (keep(folder, key) for key in CASES[:2])
    with FileLock(held.with_suffix(".lock")):
        assert [file.path for file in prune(folder, 0).removed] == [free]
    assert [file.path for file in prune(folder, 0).removed] == [held]


def test_only_what_can_be_made_again_is_removed(folder, square_images):
    keep(folder, CASES[0])
    keep(folder, CASES[1], run="run")
    cached("four", square_images)
    foreign = [
        *("results/v2/00/0000.safetensors", "results/v2/runs/ab/00.partial", "gtsrb/Final_Test/00000.ppm", "hypothesis/ab/cd"),
        *("gtsrb.zip", "images/own.png", "results/README", "notes.safetensors"),
    ]
    for name in foreign:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
        age(folder / name, 10_000)
    assert len(prune(folder, 0).removed) == 3
    assert inventory(folder) == []
    left = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert left - {"pruning.lock"} == set(foreign)
    assert all((folder / name).read_bytes() == name.encode() for name in foreign)


@pytest.fixture
def square_images():
    import numpy as np

    from robustness.data import ImageSet

    images = [np.full((4, 4, 3), level, np.uint8) for level in range(4)]
    return lambda: ImageSet.from_images("four", images, [0, 1, 0, 1], ["no", "yes"])


def test_a_later_format_is_neither_read_nor_written(folder):
    later = folder / "results" / "v2" / CASES[0][:2] / f"{CASES[0]}.safetensors"
    later.parent.mkdir(parents=True)
    later.write_bytes(b"of the future")
    keep(folder, CASES[0])
    assert later.read_bytes() == b"of the future"
    assert [file.path for file in inventory(folder)] == [folder / "results" / CASES[0][:2] / f"{CASES[0]}.safetensors"]


def test_results_of_a_killed_run_go_after_a_week_and_those_of_others_stay(folder):
    killed, alive = keep(folder, CASES[0], run="killed"), keep(folder, CASES[1], run="alive")
    keep(folder, CASES[2], run="alive")
    for file in (killed, alive):
        age(file, KILLED_RUN / HOUR + 1)
        age(file.with_suffix(".lock"), KILLED_RUN / HOUR + 1)
        age(file.parent, KILLED_RUN / HOUR + 1)
    assert prune(folder, 10**9).left_over == 1
    assert not killed.parent.exists()
    assert kept_keys(folder) == {CASES[1], CASES[2]}
    Store(folder / "results").end_run("alive")
    assert kept_keys(folder) == set()


def test_a_lock_of_nothing_goes_unless_it_is_held(folder):
    def fail(known):
        raise ZeroDivisionError

    for key in CASES[:2]:
        with pytest.raises(ZeroDivisionError):
            Store(folder / "results").get_or_extend(Address(key), Numbers, fail)
    keep(folder, CASES[2])
    held, free, of_a_file = (folder / "results" / key[:2] / f"{key}.lock" for key in CASES[:3])
    with FileLock(held):
        assert prune(folder, 10**9).left_over == 1
    assert [path.exists() for path in (held, free, of_a_file)] == [True, False, True]


@given(st.integers(0, 9999), st.sampled_from(sorted(UNITS)), st.sampled_from(["", "B", "b"]), st.sampled_from(["", " "]))
def test_sizes_are_read_as_people_write_them(number, unit, byte, gap):
    assert size_of(f"{number}{gap}{unit}{byte}", "--to") == number * UNITS[unit]
    assert size_of(f"{number}{400 * '0'}{unit}", "--to") == number * 10**400 * UNITS[unit]
    assert size_of(f" {number}.5{unit.lower()}{byte} ", "--to") == int((number + 0.5) * UNITS[unit])


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "5 elephants", "1e3", "nan", "5GBB", "٣GB"])
def test_what_is_no_size_is_refused_before_anything_is_computed(folder, monkeypatch, text):
    with pytest.raises(RobustnessError, match="--to is a size such as 20GB or 500MB, not"):
        size_of(text, "--to")
    if text:
        monkeypatch.setenv("ROBUSTNESS_CACHE_SIZE", text)
        with pytest.raises(RobustnessError, match="ROBUSTNESS_CACHE_SIZE is a size"):
            Store().get_or_extend(Address(CASES[0]), Numbers, lambda known: pytest.fail("computed"))


def test_the_limit_where_nobody_says_one(monkeypatch):
    monkeypatch.delenv("ROBUSTNESS_CACHE_SIZE", raising=False)
    assert size_limit() == 20 * 10**9
