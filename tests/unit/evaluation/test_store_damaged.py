"""Files of the store that are damaged, or that another version kept."""

from __future__ import annotations

import numpy as np
from hammer import CASES, FORMER, Address, Numbers, ask, result_of, same, store_of
from kept import kept

from robustness.evaluation.store import Store


def test_what_a_former_version_kept_is_found(tmp_path):
    former = store_of(str(FORMER))(tmp_path / "results")
    former.get_or_extend(Address(CASES[0]), Numbers, lambda known: known or result_of(CASES[0]))
    for key, sentences in zip(CASES[1:], [[], ["one", "zwei ü"]], strict=False):
        former.remember(key, None, lambda sentences=sentences: sentences)
        assert Store(tmp_path / "results").remember(key, None, lambda: ["made again"]) == sentences
    assert ask(tmp_path)[1] is False


def test_what_is_kept_now_is_found_by_a_former_version(tmp_path):
    ask(tmp_path)
    result, found = store_of(str(FORMER))(tmp_path / "results").get_or_extend(
        Address(CASES[0]), Numbers, lambda known: known or Numbers(np.zeros(1, np.int16), np.zeros(1, np.float32))
    )
    assert found
    assert same(result, result_of(CASES[0]))


def small():
    return Numbers(np.array([3, -1], np.int16), np.array([0.5, 0.0], np.float32))


def damages(content):
    """Every truncation, every flipped bit, and something at the end."""
    yield from (content[:length] for length in range(len(content)))
    for place in range(len(content)):
        for bit in range(8):
            yield content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]
    yield content + b"\0"


def test_every_damage_of_one_bit_and_every_truncation_is_noticed_or_changes_nothing(tmp_path):
    store = Store(tmp_path / "results")
    store.get_or_extend(Address(CASES[0]), Numbers, lambda known: known or small())
    (file,) = kept(tmp_path / "results")
    content, noticed, tried = file.read_bytes(), 0, 0
    for damaged in damages(content):
        file.write_bytes(damaged)
        tried += 1
        found = store.read(CASES[0], "run", Numbers)
        noticed += found is None
        assert found is None or same(found, small()), damaged
    assert tried == 9 * len(content) + 1
    assert noticed > 0.9 * tried
    _, was_stored = store.get_or_extend(Address(CASES[0]), Numbers, lambda known: small() if known is None else known)
    assert was_stored is False or same(store.read(CASES[0], "run", Numbers), small())
    assert same(store.read(CASES[0], "run", Numbers), small())


def test_every_damage_of_sentences_is_noticed_or_changes_nothing(tmp_path):
    store, sentences = Store(tmp_path / "results"), ["ä", "one"]
    store.remember(CASES[0], None, lambda: sentences)
    (file,) = kept(tmp_path / "results")
    content, made = file.read_bytes(), []
    for damaged in list(damages(content))[::7]:
        file.write_bytes(damaged)
        assert store.remember(CASES[0], None, lambda: made.append(1) or sentences) == sentences, damaged
    assert len(made) > len(content)
