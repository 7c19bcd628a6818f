"""`robustness store`: what it says of a store, what it removes, and a gate that goes on meanwhile."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from robustness.cli import main
from robustness.data import ImageSet
from robustness.data.cache import cached
from robustness.evaluation.case import Case
from robustness.evaluation.result import Result
from robustness.evaluation.store import Store
from robustness.noise import Gaussian

HOUR = 3600


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ROBUSTNESS_CACHE_SIZE", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def filled(folder):
    """Three results, the oldest of them first, one that a run holds, and one image set."""
    for number, run in enumerate([None, None, None, "run"]):
        result = Result(np.arange(500, dtype=np.int16), np.zeros(500, np.float32))
        case = Case("net", "set", Gaussian(25), number, "a" * 64, "b" * 64, "cpu float32", run)
        Store().get_or_extend(case, Result, lambda known, result=result: known or result)
    cached("four", lambda: ImageSet.from_images("four", [np.zeros((4, 4, 3), np.uint8)] * 4, [0, 1, 0, 1], ["no", "yes"]))
    files = sorted((folder / "results").glob("??/*.safetensors"))
    for hours, file in enumerate(reversed(files), 1):
        os.utime(file, (0, time.time() - hours * HOUR))
    return files


def said(capsys, *arguments):
    """The exit code and the lines printed."""
    code = main(["store", *arguments])
    printed = capsys.readouterr()
    return code, (printed.out + printed.err).splitlines()


def test_info_counts_every_kind(folder, filled, capsys, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE_SIZE", "1.5GB")
    code, lines = said(capsys, "info")
    assert code == 0
    assert lines[0] == f"store: {folder}"
    assert [line.split()[:2] for line in lines[1:7]] == [
        *(["kind", "files"], ["results", "3"], ["runs", "1"], ["images", "1"], ["features", "0"], ["all", "5"])
    ]
    size = sum(file.stat().st_size for file in filled)
    assert lines[2].split()[2:4] == [f"{size / 1000:.3g}", "KB"]
    oldest = time.localtime(filled[0].stat().st_mtime)
    assert time.strftime("%Y-%m-%d %H:%M", oldest) in lines[2]
    assert lines[7:] == ["limit: 1.5 GB; ROBUSTNESS_CACHE_SIZE changes it"]


def test_info_and_prune_count_what_killed_runs_left(folder, filled, capsys):
    partial = filled[0].with_suffix(".safetensors.0123.partial")
    partial.write_bytes(b"half")
    os.utime(partial, (0, 0))
    assert said(capsys, "info")[1][-1] == ("left over from runs that were killed: 1; `robustness store prune` removes them")
    code, lines = said(capsys, "prune")
    assert (code, lines[:2]) == (
        0,
        ["left over from runs that were killed: 1 removed", "not used for longest: 0 files, 0 B removed"],
    )
    assert not partial.exists()
    assert all(file.exists() for file in filled)


def test_prune_removes_the_oldest_to_the_size_that_is_named(folder, filled, capsys):
    rest = sum(path.stat().st_size for path in folder.rglob("*.safetensors") if path not in filled[:2])
    code, lines = said(capsys, "prune", "--to", str(rest))
    assert code == 0
    assert lines[1].startswith("not used for longest: 2 files, ")
    assert lines[2].startswith("kept: 3 files, ")
    assert [file.exists() for file in filled] == [False, False, True]


def test_verify_names_what_is_damaged_and_touches_nothing(folder, filled, capsys):
    code, lines = said(capsys, "verify")
    assert code == 0
    assert lines[0].endswith("read, 0 damaged")
    former = filled[0].with_suffix(".json")
    former.write_text('["whole"]')
    assert said(capsys, "verify")[0] == 0
    former.write_text('["torn')
    (images,) = (folder / "images").glob("*.safetensors")
    damaged = [filled[1], images]
    for file in damaged:
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    code, lines = said(capsys, "verify")
    assert code == 1
    assert set(lines[:-1]) == {f"damaged: {path}" for path in (*damaged, former)}
    assert lines[-1].endswith("read, 3 damaged; they are computed again when they are wanted")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("action", ["info", "prune", "verify"])
def test_where_nothing_is_stored_it_says_so(folder, capsys, action):
    assert said(capsys, action) == (
        2,
        [f"robustness: {folder}: nothing is stored there yet; ROBUSTNESS_CACHE names another folder"],
    )


def test_a_size_that_is_none_is_refused_and_nothing_goes(folder, filled, capsys):
    assert said(capsys, "prune", "--to", "5 elephants") == (
        2,
        ["robustness: --to is a size such as 20GB or 500MB, not '5 elephants'"],
    )
    assert all(file.exists() for file in filled)
