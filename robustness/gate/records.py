"""What a gate's test tells the controller, as text that survives every transport."""

from __future__ import annotations

import json
from typing import Any


def to_property(kind: str, values: dict[str, Any]) -> str:
    """A record as JSON. kind: "limit", "measurement" or "rule" (a test that uses the gate's fixtures)."""
    return json.dumps({"kind": kind, **values}, default=_scalar, allow_nan=False)


def from_property(text: str) -> dict[str, Any]:
    return dict(json.loads(text))


def plain(value: object) -> object:
    """The value in plain Python types; a `TypeError` where it has no such form."""
    return json.loads(json.dumps(value, default=_scalar))


def _scalar(value: object) -> object:
    """A NumPy scalar or a tensor with one element as the Python number it holds."""
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"{type(value).__name__} has no plain form")
    try:
        return item()
    except (ValueError, RuntimeError) as error:
        raise TypeError(str(error)) from error
