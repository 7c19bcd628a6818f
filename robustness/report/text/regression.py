"""New weights beside those of the last release, in text."""

from __future__ import annotations

from collections.abc import Sequence

from robustness.limits.regression import ByClass, Compared, better, worse
from robustness.report.text.table import table

MOST_CLASSES = 12
HEAD = ("noise", "before, %", "now, %", "drop, points", "interval", "newly wrong", "newly right", "p", "so")


def regression_table(compared: Sequence[Compared], confidence: float) -> list[str]:
    """A line a noise. p is the probability of such a loss by chance, where the new weights are no worse."""
    rows = []
    lost, gained = worse(compared, confidence), better(compared, confidence)
    for one, is_worse, is_better in zip(compared, lost, gained, strict=True):
        before, after = (100 * right / one.change.total for right in (one.right_before, one.right_after))
        rows.append(
            (
                str(one.noise),
                f"{before:.2f}",
                f"{after:.2f}",
                f"{100 * one.change.drop:.2f}",
                f"{100 * one.low:.2f} to {100 * one.high:.2f}",
                f"{one.change.broken:,}",
                f"{one.change.mended:,}",
                f"{one.p_worse:.2g}",
                "worse" if is_worse else "better" if is_better else "could be chance" if one.change.drop else "as before",
            )
        )
    return table(HEAD, rows, left=1)


def class_table(classes: Sequence[ByClass]) -> list[str]:
    """The classes that changed most, over all noises."""
    if not classes:
        return ["no image changed between right and wrong"]
    rows = [(one.name, f"{one.newly_wrong:,}", f"{one.newly_right:,}", str(one.worst)) for one in classes[:MOST_CLASSES]]
    more = len(classes) - len(rows)
    lines = table(("class, over all noises", "newly wrong", "newly right", "lost most under"), rows, left=1)
    return [*lines, f"and {more} classes more, which lost less"] if more else lines
