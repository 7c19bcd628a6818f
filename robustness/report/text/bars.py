"""What was measured beside its limit, as a bar of a few characters."""

from __future__ import annotations

import math

from robustness.gate.promise import Row

CELLS = 8
EIGHTHS = " ▏▎▍▌▋▊▉█"
TICK = "│"


def bar(row: Row, ascii_only: bool = False) -> str:
    """The bar reaches beyond the tick, which is the limit, exactly where the value does."""
    required = float(row.required)
    end = row.full or 2 * required or 1.0
    below = max(required > 0, min(CELLS - (required < end), round(CELLS * required / end)))  # each side that exists is seen
    beyond, grain = CELLS - below, 1 if ascii_only else 8
    up_to = math.floor(grain * below * min(1.0, row.value / required)) if required else 0
    more = math.ceil(grain * beyond * (row.value - required) / (end - required or 1))
    return ("|" if ascii_only else TICK).join((_cells(below, up_to, ascii_only), _cells(beyond, more, ascii_only)))


def fits(encoding: str | None) -> bool:
    """Whether text in this encoding can hold a bar's blocks."""
    try:
        f"{EIGHTHS}{TICK}".encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def _cells(count: int, filled: int, ascii_only: bool) -> str:
    """So many cells, filled from the left: by whole ones, or by eighths."""
    if ascii_only:
        return ("#" * min(filled, count)).ljust(count)
    full, rest = divmod(min(max(filled, 0), 8 * count), 8)
    return ("█" * full + EIGHTHS[rest] * bool(rest)).ljust(count)
