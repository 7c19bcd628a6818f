"""How good a generator is, in words."""

from __future__ import annotations

from robustness.errors import some
from robustness.gan.copies import COPY
from robustness.gan.judge import Judged


def judged_lines(judged: Judged) -> list[str]:
    """The marks as lines of text."""
    lines = [f"{judged.judge} on {judged.samples:,} samples and as many real images"]
    if judged.fidelity is not None:
        images, real_right = (sum(getattr(label, name) for label in judged.classes) for name in ("images", "real_right"))
        lines += [f"fidelity            {judged.fidelity:.3f} of the judge's {real_right / images:.4f} on real images"]
    if judged.worst is not None:
        worst = judged.worst
        named = f"{worst.right / worst.images:.3f} named so ({worst.low:.3f} to {worst.high:.3f})"
        lines += [
            f"  worst class       {worst.fidelity:.3f}, {worst.name}: {named}",
            f"  collapsed         {len(judged.collapsed)} of {len(judged.classes)} classes{_named(judged.collapsed)}",
        ]
    if unknown := [label.name for label in judged.classes if label.fidelity is None]:
        lines += [f"  no fidelity       of classes of which the judge names no real image right: {some(unknown)}"]
    lines += [
        f"Frechet distance    {judged.frechet:.4g}",
        f"precision, recall   {judged.precision:.3f}, {judged.recall:.3f}",
    ]
    if judged.copied is None:
        lines += ["copied              not looked for: the training images at hand are not those it was trained on"]
    else:
        lines += [
            f"nearest             a training image is {judged.nearest:.3f} times as far as from a real image, in the median",
            f"copied              {judged.copied:.4f} as near to a training image as {COPY:g} of the real images are",
        ]
    if judged.divergence is not None:
        lines += [f"divergence          {judged.divergence:.3f}: by so much the gap between the two losses has widened"]
    return lines


def _named(classes: tuple[str, ...]) -> str:
    return f": {some(list(classes))}" if classes else ""
