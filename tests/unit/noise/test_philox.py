"""Philox-4x32-10 against Random123's published answers, in NumPy and compiled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.noise.forms.by_numba import words_of
from robustness.noise.philox import philox4x32

WORD = st.integers(0, 2**32 - 1)
ONES = 0xFFFFFFFF
KNOWN_ANSWERS = {  # kat_vectors of Random123 1.14.0, "philox4x32 10"
    "zeros": ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    "ones": ((ONES, ONES, ONES, ONES), (ONES, ONES), "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    "pi": (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
}


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS.values(), ids=KNOWN_ANSWERS)
def test_gives_the_published_words(counter, key, words):
    assert " ".join(f"{word:08x}" for word in philox4x32(counter, key)) == words


def compiled_words(blocks, first, stream, place, seed):
    words = np.full(4 * blocks, 7, dtype=np.uint32)
    words_of(words, first, stream, place, np.uint64(seed))
    return words.reshape(blocks, 4)


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS.values(), ids=KNOWN_ANSWERS)
def test_the_compiled_kernel_gives_the_published_words(counter, key, words):
    block, stream, low, high = counter
    place = low + (high << 32)
    place -= 2**64 * (place >= 2**63)  # as an int64 has these bits
    assert " ".join(f"{word:08x}" for word in compiled_words(1, block, stream, place, key[0] + (key[1] << 32))[0]) == words


@given(
    blocks=st.integers(0, 5),
    first=st.integers(0, 2**32 - 6),
    stream=st.integers(0, 255),
    place=st.integers(0, 2**63 - 1),
    seed=st.integers(0, 2**64 - 1),
)
@settings(deadline=None)
def test_the_compiled_kernel_gives_the_words_of_consecutive_blocks(blocks, first, stream, place, seed):
    wanted = philox4x32(
        (np.arange(first, first + blocks), stream, place & ONES, place >> 32),
        (seed & ONES, seed >> 32),
    )
    assert np.array_equal(compiled_words(blocks, first, stream, place, seed), wanted)


@given(
    rows=st.lists(WORD, min_size=1, max_size=4),
    columns=st.lists(WORD, min_size=1, max_size=4),
    rest=st.tuples(WORD, WORD),
    key=st.tuples(WORD, WORD),
)
def test_broadcasts_like_one_counter_at_a_time(rows, columns, rest, key):
    together = philox4x32((np.array(columns), rest[0], np.array(rows)[:, np.newaxis], rest[1]), key)
    assert together.shape == (len(rows), len(columns), 4)
    assert together.dtype == np.uint32
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            assert np.array_equal(together[y, x], philox4x32((column, rest[0], row, rest[1]), key))


@given(counter=st.tuples(WORD, WORD, WORD, WORD), key=st.tuples(WORD, WORD), place=st.integers(0, 3), bit=st.integers(0, 31))
def test_one_changed_counter_bit_changes_the_words(counter, key, place, bit):
    changed = tuple(word ^ (1 << bit) if number == place else word for number, word in enumerate(counter))
    assert not np.array_equal(philox4x32(counter, key), philox4x32(changed, key))
