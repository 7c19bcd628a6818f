"""What Pillow reads, whatever other code of the process has set it to.

A library may switch `ImageFile.LOAD_TRUNCATED_IMAGES` on when it is imported: half a picture then counts as a whole one, grey
below. And it may register readers of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import PIL
from PIL import Image, ImageFile

DATA = ("BUFR", "GRIB", "HDF5")
"""Formats of measurements, which Pillow knows by name and has no reader for."""

_lock = threading.Lock()
_reading = 0
_former = False


@contextmanager
def whole_images() -> Iterator[None]:
    """Inside, half a picture is an error. Threads may be inside at once: the last one out gives back what was set before."""
    global _reading, _former
    with _lock:
        if not _reading:
            _former = ImageFile.LOAD_TRUNCATED_IMAGES
        _reading += 1
    insist()
    try:
        yield
    finally:
        with _lock:
            _reading -= 1
            if not _reading:
                ImageFile.LOAD_TRUNCATED_IMAGES = _former


def insist() -> None:
    """Within `whole_images`: once more, since code of the user's own that ran meanwhile may have imported anything."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False


def formats() -> tuple[str, ...]:
    """Those that Pillow reads, but for one that is a program: it would start Ghostscript to run it."""
    Image.init()
    return tuple(name for name in Image.ID if name not in ("EPS", *DATA))


def suffixes() -> set[str]:
    """Of images, in small letters; not of documents that Pillow can only write."""
    Image.init()
    return {suffix for suffix, kind in Image.EXTENSION.items() if kind in Image.OPEN and kind not in DATA}


def readers() -> list[object]:
    """What pixels depend on besides the files, fit for JSON: Pillow's version, and readers that are not its own."""
    Image.init()
    foreign = {name: str(getattr(made, "__module__", made)) for name, (made, _) in Image.OPEN.items()}
    foreign |= {f"decoder {name}": str(getattr(made, "__module__", made)) for name, made in Image.DECODERS.items()}
    return [PIL.__version__, sorted((name, home) for name, home in foreign.items() if home.partition(".")[0] != "PIL")]
