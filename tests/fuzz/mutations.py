"""Valid documents made wrong: trees of tables, lists and values as TOML and JSON have them, and bytes."""

from __future__ import annotations

import copy
import datetime
import math
from typing import Any

from hypothesis import strategies as st


class ManyDigits:
    """An integer that Python reads in hexadecimal and then does not print."""

    def __repr__(self):
        return "ManyDigits()"


NUMBERS = st.sampled_from(
    [
        *(0, 1, -1, 2, 255, 256, 4097, 2**31, 2**53 + 1, 2**63, 2**64 - 1, 2**64, -(2**64), 10**30),
        *(0.0, -0.0, 0.5, 1.0, 1.0000000000000002, 1e-320, 1e-9, 1e308, -1e308, 0.1 + 0.2),
        *(math.nan, math.inf, -math.inf),
    ]
)
TEXTS = st.sampled_from(
    [
        *("", " ", "a", "..", "/", "~nobody-here/x", "gaussian", "clean", "paper", "gaussian(sigma=5)", "python:os:abort"),
        *("\x00", "a\nb", "\x1b[31mred", "Größe", "\u202e", "\U0001f6d1", "0", "nan", "1e999999999", "'\"`{{7*7}}", "x" * 5000),
    ]
) | st.text(max_size=6)
VALUES = st.one_of(
    NUMBERS,
    TEXTS,
    st.booleans(),
    st.sampled_from([[], {}, [[]], [{}], {"": 0}, [None], [math.nan], [1, "a"]]).map(copy.deepcopy),
    st.lists(NUMBERS | TEXTS, max_size=3),
    st.dictionaries(TEXTS, NUMBERS | TEXTS, max_size=2),
)
OF_TOML = st.sampled_from(
    [
        ManyDigits(),
        *(datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.time(1, 2, 3)),
        *(datetime.datetime(2026, 1, 1), datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)),
    ]
)


@st.composite
def mutated(draw: st.DrawFn, document: Any, values: st.SearchStrategy[Any] = VALUES) -> Any:
    """The document with one to three things wrong: keys and elements gone, renamed, doubled, moved, of other values."""
    tree = copy.deepcopy(document)
    keys = sorted({key for parent, key in _places(tree) if isinstance(parent, dict)})
    for _ in range(draw(st.integers(1, 3))):
        if places := _places(tree):
            parent, key = draw(st.sampled_from(places))
            draw(st.sampled_from(_CHANGES))(draw, parent, key, keys, places, values)
    return tree


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every key of every table and every place of every list, with the table or list."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [place for key, value in items for place in [(tree, key), *_places(value)]]


def _delete(draw, parent, key, keys, places, values):
    del parent[key]


def _replace(draw, parent, key, keys, places, values):
    parent[key] = draw(values)


def _nudge(draw, parent, key, keys, places, values):
    """A value near the one that is there."""
    value = parent[key]
    near: list[Any] = [[value], {"x": value}, str(value)[:99]]
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**64:
        near += [-value, value + 1, value * 1000, value / 1000, float(value), bool(value)]
    if isinstance(value, str):
        near += [value + "s", value[:-1], value.upper(), value.replace("=", "=-"), f" {value}\n", value + "\x00"]
    if isinstance(value, list):
        near += [value * 2, value[:1], value[1:], [*value, *value[-1:]]]
    parent[key] = copy.deepcopy(draw(st.sampled_from(near)))


def _rename(draw, parent, key, keys, places, values):
    if isinstance(parent, dict):
        parent[
            draw(st.sampled_from([f"{key}s", key[:-1], key.upper(), key.replace("_", "-")]) | st.sampled_from(keys) | TEXTS)
        ] = parent.pop(key)


def _add(draw, parent, key, keys, places, values):
    target = parent[key] if isinstance(parent[key], dict | list) else parent
    if isinstance(target, dict):
        target[draw(st.sampled_from(keys or ["a"]) | TEXTS)] = draw(values)
    else:
        target.append(draw(values))


def _move(draw, parent, key, keys, places, values):
    """A copy of something else of the document in its place."""
    other, place = draw(st.sampled_from(places))
    parent[key] = copy.deepcopy(other[place])


def _double(draw, parent, key, keys, places, values):
    if isinstance(parent, list):
        parent.append(copy.deepcopy(parent[key]))


_CHANGES = (_delete, _replace, _replace, _nudge, _nudge, _rename, _add, _move, _double)


@st.composite
def damaged(draw: st.DrawFn, content: bytes, hits: int = 8, early: int = 4096) -> bytes:
    """The bytes with some flipped, most of them near the beginning, where formats say what follows; or cut short."""
    damage = bytearray(content)
    places = st.integers(0, max(0, min(early, len(content)) - 1)) | st.integers(0, max(0, len(content) - 1))
    for _ in range(draw(st.integers(0, hits))):
        damage[draw(places)] ^= draw(st.integers(1, 255))
    cut = draw(st.sampled_from([None, None, None, "cut", "grown"]))
    if cut == "cut":
        del damage[draw(places) :]
    elif cut == "grown":
        damage += draw(st.binary(max_size=64))
    return bytes(damage)
