"""TOML of any tree of tables, lists and values, right or wrong."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping
from typing import Any

from mutations import ManyDigits


def to_toml(document: Mapping[str, Any]) -> str:
    """Tables under headers as people write them, deeper ones inline."""
    lines = [f"{_key(key)} = {_value(value)}" for key, value in document.items() if not _has_header(value)]
    for key, value in document.items():
        if not _has_header(value):
            continue
        if isinstance(value, list):
            for table in value:
                lines += [f"[[{_key(key)}]]", *_pairs(table)]
        elif value and all(isinstance(table, dict) for table in value.values()):
            for name, table in value.items():
                lines += [f"[{_key(key)}.{_key(name)}]", *_pairs(table)]
        else:
            lines += [f"[{_key(key)}]", *_pairs(value)]
    return "\n".join([*lines, ""])


def _has_header(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value))


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in table.items()]


def _key(key: str) -> str:
    return key if key.replace("-", "_").isidentifier() and key.isascii() else _text(key)


def _text(text: str) -> str:
    """As JSON writes it, but for surrogates, which TOML has no way to say."""
    plain = text.encode("utf-8", "replace").decode()
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case ManyDigits():
            return f"0x{'f' * 5000}"
        case float():
            return repr(value) if math.isfinite(value) else str(value)
        case str():
            return _text(value)
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return f"{{{', '.join(_pairs(value))}}}"
        case datetime.date() | datetime.time():
            return value.isoformat()
    return "0"
