"""Lines of keys in a TOML file."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.declaration.places import line_numbers, value_bytes

FILE = '''\
# a comment, and [no] table
schema = 1  # sigma = 2

run.data = "x"
'quo.ted'."k\\u00e9y" = 2
text = """
[not.a.table]
key = 3
"""
[models."my cnn"] # first
inline = {a = 1, b = {c = [1, 2]}}
[[limits]]
sigma = [  # levels
    5,
    # none here
    25, [
      50],
]  # that was all
[limits.extra]
deep = 1
[between]
[[limits]]
[limits.extra]
deep = [{x = 1},
        {x = 2}]
'''

LINES = {
    ("schema",): 2,
    ("run", "data"): 4,
    ("quo.ted", "kéy"): 5,
    ("text",): 6,
    ("models", "my cnn"): 10,
    ("models", "my cnn", "inline"): 11,
    ("models", "my cnn", "inline", "a"): 11,
    ("models", "my cnn", "inline", "b"): 11,
    ("models", "my cnn", "inline", "b", "c"): 11,
    ("models", "my cnn", "inline", "b", "c", 0): 11,
    ("models", "my cnn", "inline", "b", "c", 1): 11,
    ("limits", 0): 12,
    ("limits", 0, "sigma"): 13,
    ("limits", 0, "sigma", 0): 14,
    ("limits", 0, "sigma", 1): 16,
    ("limits", 0, "sigma", 2): 16,
    ("limits", 0, "sigma", 2, 0): 17,
    ("limits", 0, "extra"): 19,
    ("limits", 0, "extra", "deep"): 20,
    ("between",): 21,
    ("limits", 1): 22,
    ("limits", 1, "extra"): 23,
    ("limits", 1, "extra", "deep"): 24,
    ("limits", 1, "extra", "deep", 0): 24,
    ("limits", 1, "extra", "deep", 0, "x"): 24,
    ("limits", 1, "extra", "deep", 1): 25,
    ("limits", 1, "extra", "deep", 1, "x"): 25,
}


def test_every_kind_of_key_has_its_line():
    tomllib.loads(FILE)
    assert {path: line for path, line in line_numbers(FILE).items() if path in LINES} == LINES


def test_every_kind_of_value_has_its_place():
    """Read by itself from the bytes at its place, each value is what the whole file says it is."""
    text = FILE + "[numbers] # é\r\na = 0x1F#\r\nb = [ 1e-3 , -0.5 ]\r\n"
    content, places = tomllib.loads(text), value_bytes(text)
    for path in _paths(content):
        value = content
        for part in path:
            value = value[part]
        if not isinstance(value, dict) and path != ("limits",):
            assert tomllib.loads(f"value = {text.encode()[places[path]].decode()}") == {"value": value}


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment"])
def test_a_file_without_keys_has_no_lines(text):
    assert line_numbers(text) == {}


@pytest.mark.parametrize("text", ["a = 1", "a = 1\n", "[t]\na = 1", "\r\n\r\na = 1\r\n"])
def test_the_last_line_counts_with_and_without_its_end(text):
    content = tomllib.loads(text)
    assert set(line_numbers(text)) == set(_paths(content))
    assert max(line_numbers(text).values()) == text.rstrip().count("\n") + 1


KEYS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_characters="\x7f"), max_size=6)
VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=6,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_every_path_has_the_line_it_was_written_on(content, gaps):
    lines, wanted = [], {}
    for (key, value), gap in zip(content.items(), gaps, strict=False):
        lines += ["# key = [1]"] * gap + [f"{_toml(key)} = {_toml(value)}"]
        wanted |= dict.fromkeys([(key,), *_paths(value, (key,))], len(lines))
    text = "\n".join(lines)
    assert tomllib.loads(text) == content
    assert line_numbers(text) == wanted


def _toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _paths(value, base=()):
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*base, key)
        yield from _paths(inner, (*base, key))
