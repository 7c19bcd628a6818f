"""What to do about what a network raised, as far as its words tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

CHANNELS = re.compile(r"to have (\d+) channels, but got (\d+) channels")
TYPES = ("scalar type", "same dtype", "input type", "data type", "dtype")


def advice(error: Exception, shape: Sequence[int], otherwise: str) -> str:
    """A sentence for an exception that a network raised on images of shape (channels, height, width).

    otherwise: where nothing is known of it.
    """
    channels, *sides = shape
    said = str(error)
    if isinstance(error, ImportError):
        return "import it where the module begins: beside the file it is found only while that is loaded"
    if found := CHANNELS.search(said):
        wanted, got = map(int, found.groups())
        if got in sides and wanted == channels:
            return f"it takes images channels last, (N, H, W, {channels}): begin its forward with images.permute(0, 2, 3, 1)"
        if got == channels:
            return f"it takes images of {wanted} channels, and these have {channels}"
    if any(word in said.lower() for word in TYPES):
        return "it mixes types of numbers: bring all of its weights to one, with .float() or .half(), or convert in its forward"
    return otherwise
