"""Where in a TOML file its keys and values are. tomllib reads values but keeps no places."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

KeyPath = tuple[str | int, ...]


def line_numbers(text: str) -> dict[KeyPath, int]:
    """Lines, from 1, of every table, key and array element of valid TOML, by path: `("limits", 0, "sigma", 2)`."""
    lines: dict[KeyPath, int] = {}
    for path, node in _named(text):
        lines.setdefault(path, node.start_point.row + 1)
    return lines


def value_bytes(text: str) -> dict[KeyPath, slice]:
    """Where in the UTF-8 of valid TOML each value and array element is, by path."""
    values = {path: node.named_children[1] if node.type == "pair" else node for path, node in _named(text)}
    return {path: slice(node.start_byte, node.end_byte) for path, node in values.items()}


def _named(text: str) -> Iterator[tuple[KeyPath, Node]]:
    elements: Counter[tuple[str, ...]] = Counter()
    for node in Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node.children:
        match node.type:
            case "pair":
                yield from _pair((), node)
            case "table" | "table_array_element":
                keys = _keys(node.named_children[0])
                path = _insert_elements(keys, elements)
                if node.type == "table_array_element":
                    array = (*_insert_elements(keys[:-1], elements), keys[-1])
                    yield array, node
                    path = (*array, elements[keys])
                    for inner in [other for other in elements if len(other) > len(keys) and other[: len(keys)] == keys]:
                        del elements[inner]  # a new element begins its own arrays anew
                    elements[keys] += 1
                yield path, node
                for child in node.named_children[1:]:
                    if child.type == "pair":
                        yield from _pair(path, child)


def _insert_elements(keys: tuple[str, ...], elements: Counter[tuple[str, ...]]) -> KeyPath:
    """The path of a table's keys, with the element that `[limits.x]` after `[[limits]]` belongs to."""
    path: KeyPath = ()
    for length in range(1, len(keys) + 1):
        path = (*path, keys[length - 1])
        if count := elements[keys[:length]]:
            path = (*path, count - 1)
    return path


def _pair(base: KeyPath, node: Node) -> Iterator[tuple[KeyPath, Node]]:
    key, value = node.named_children[:2]  # a comment may follow
    path = (*base, *_keys(key))
    yield path, node
    yield from _value(path, value)


def _value(path: KeyPath, node: Node) -> Iterator[tuple[KeyPath, Node]]:
    if node.type == "array":
        elements = (child for child in node.named_children if child.type != "comment")
        for number, element in enumerate(elements):
            yield (*path, number), element
            yield from _value((*path, number), element)
    elif node.type == "inline_table":
        for child in node.named_children:
            if child.type == "pair":
                yield from _pair(path, child)


def _keys(node: Node) -> tuple[str, ...]:
    """`a."b.c"` as ("a", "b.c"): read by tomllib, so quoting and escapes mean what they mean there."""
    table: Any = tomllib.loads(f"{(node.text or b'').decode()} = 0")
    keys: list[str] = []
    while isinstance(table, dict):
        (key, table), *_ = table.items()
        keys.append(key)
    return tuple(keys)
