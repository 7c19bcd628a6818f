"""What a file says of the input it takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from robustness.data.preparation import Preparation
from robustness.errors import RobustnessError


def check_input(file: Path, shape: Sequence[object], fit: Preparation) -> None:
    """Refuse a network that does not take images of shape (N, channels, height, width).

    shape: the lengths that the file declares; what is no whole number stands for any length.
    """
    fits = len(shape) == 4 and all(
        length == wanted for length, wanted in zip(shape[1:], fit.values, strict=True) if isinstance(length, int)
    )
    if not fits:
        said = ", ".join(str(length) if isinstance(length, int) else "any" for length in shape)
        wanted = ", ".join(map(str, fit.values))
        raise RobustnessError(
            f"{file}: takes input of shape ({said}), not (N, {wanted}): declare the size and channels it takes, or "
            "export it again for these, channels first"
        )
