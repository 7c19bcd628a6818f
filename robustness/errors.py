"""The one error this package raises on purpose."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class RobustnessError(Exception):
    """Something the user can mend: the message says what happened, where, and what to do.

    What it quotes may come from a file of anybody's, so characters that would steer a terminal are shown as Python writes them.
    """

    def __init__(self, message: str) -> None:
        super().__init__("".join(each if each.isprintable() or each == "\n" else repr(each)[1:-1] for each in message))


def in_one_line(text: object) -> str:
    """What somebody else's code says, which may break lines."""
    return " ".join(str(text).split())


def described(error: BaseException) -> str:
    """An exception of somebody else's code in one line: its type, what it says, and where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})" if trace else ""
    return f"{type(error).__name__}: {in_one_line(error)}{place}"


def nearest(word: str, valid: Iterable[str]) -> str:
    """A sentence that helps after an unknown `word`: the nearest valid name, or all of them."""
    names = sorted(valid)
    match = get_close_matches(word, names, n=1)
    if match:
        return f"did you mean {match[0]!r}?"
    return f"valid: {', '.join(names)}" if names else "there are none"


def some(things: list[str], most: int = 3) -> str:
    """The first few, and how many more there are."""
    return ", ".join(things[:most]) + (f" and {len(things) - most} more" if len(things) > most else "")
