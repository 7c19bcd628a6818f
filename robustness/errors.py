"""The one error this package raises on purpose."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class RobustnessError(Exception):
    """Something the user can mend: the message says what happened, where, and what to do."""


def nearest(word: str, valid: Iterable[str]) -> str:
    """A sentence that helps after an unknown `word`: the nearest valid name, or all of them."""
    names = sorted(valid)
    match = get_close_matches(word, names, n=1)
    if match:
        return f"did you mean {match[0]!r}?"
    return f"valid: {', '.join(names)}" if names else "there are none"
