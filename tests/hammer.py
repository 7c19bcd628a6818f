"""Cases for a store, and a process that hammers it: `python hammer.py FOLDER now|FORMER_STORE.py SEED`.

The process asks for every case in `CASES` many times in an order of its own, checks each answer to the bit, and says on disk
whenever it computed one.
"""

from __future__ import annotations

import importlib.util
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import robustness.evaluation.store

FORMER = Path(__file__).with_name("compatibility") / "former_store.py"
CASES = [f"{number:02d}" * 32 for number in range(8)]
ROUNDS = 25
SIZE = 2000


@dataclass(frozen=True, eq=False)
class Numbers:
    predictions: np.ndarray
    margins: np.ndarray


@dataclass(frozen=True)
class Address:
    key: str
    run: str | None = None
    fingerprint: str | None = None


def result_of(key: str) -> Numbers:
    generator = np.random.default_rng(int(key))
    return Numbers(generator.integers(0, 43, SIZE).astype(np.int16), generator.random(SIZE).astype(np.float32))


def sentences_of(key: str) -> list[str]:
    return [f"{key} ünd", "so on"]


def main(folder: Path, version: str, seed: int) -> None:
    store = store_of(version)(folder / "results")
    order = [key for key in CASES for _ in range(ROUNDS)]
    random.Random(seed).shuffle(order)
    (folder / f"ready-{seed}").touch()
    while not (folder / "go").exists():
        time.sleep(0.005)
    for key in order:
        result, _ = store.get_or_extend(Address(key), Numbers, lambda known, key=key: known or computed(folder, key))
        wanted = result_of(key)
        assert np.array_equal(result.predictions, wanted.predictions)
        assert np.array_equal(result.margins, wanted.margins)
        assert store.remember(key.replace("0", "a"), None, lambda key=key: told(folder, key)) == sentences_of(key)


def store_of(version: str) -> Any:
    if version == "now":
        return robustness.evaluation.store.Store
    spec = importlib.util.spec_from_file_location("former_store", version)
    assert spec is not None
    assert spec.loader is not None
    former = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(former)
    return former.Store


def computed(folder: Path, key: str) -> Numbers:
    with (folder / f"computed-{key}").open("a") as file:
        file.write("x")
    time.sleep(0.05)  # in which others come to the door
    return result_of(key)


def told(folder: Path, key: str) -> list[str]:
    with (folder / f"told-{key}").open("a") as file:
        file.write("x")
    return sentences_of(key)


def ask(folder, key=CASES[0]):
    """The result of a case of the store there, and whether it was computed now."""
    result, was_stored = robustness.evaluation.store.Store(folder / "results").get_or_extend(
        Address(key), Numbers, lambda known: known or result_of(key)
    )
    return result, not was_stored


def same(one, other):
    return np.array_equal(one.predictions, other.predictions) and np.array_equal(one.margins, other.margins)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
