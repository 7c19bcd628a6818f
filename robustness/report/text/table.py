"""A plain-text table."""

from __future__ import annotations

from collections.abc import Sequence

OWN_NOISE = "† a transform of the thresholds file's own: measured afresh in every run, and perhaps otherwise on another machine"


def marked(noise: str, bit_identical: bool) -> str:
    """The noise, with a dagger that `OWN_NOISE` explains where its bytes are not promised."""
    return noise if bit_identical else f"{noise} †"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 2) -> list[str]:
    """Lines of a table; the first `left` columns are set left, the others right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *rows)
    ]
