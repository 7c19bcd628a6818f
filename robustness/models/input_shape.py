"""What a file says of the input it takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from robustness.errors import RobustnessError


def check_input(file: Path, shape: Sequence[object], size: int) -> None:
    """Refuse a network that does not take images of shape (N, 3, size, size).

    shape: the lengths that the file declares; what is no whole number stands for any length.
    """
    fits = len(shape) == 4 and all(
        length == wanted for length, wanted in zip(shape[1:], (3, size, size), strict=True) if isinstance(length, int)
    )
    if not fits:
        said = ", ".join(str(length) if isinstance(length, int) else "any" for length in shape)
        raise RobustnessError(
            f"{file}: takes input of shape ({said}), not (N, 3, {size}, {size}): declare the size it "
            "takes, or export it again for this one, channels first"
        )
