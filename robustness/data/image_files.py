"""The image files of a folder: all of them, or an error that names one. What is no image is counted, and never passed over.

A file whose suffix is an image's is one, whatever is in it: decoding says so where it is not. Of any other the first bytes
decide: a file that may be an image is refused by its name, since a set without it is another set, with another accuracy.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import PIL
from PIL import Image

from robustness.data.pillow import formats, suffixes
from robustness.errors import RobustnessError

FOREIGN = (
    *(".heic", ".heif", ".hif", ".avif", ".avifs", ".webp", ".jp2", ".j2k", ".jxl", ".jxr", ".svg", ".exr", ".hdr"),
    *(".wmf", ".emf", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".raw"),
)
"""Suffixes of images that Pillow reads with a plugin, where it was built so, or not at all."""
TEXT = (
    *(".txt", ".csv", ".tsv", ".json", ".jsonl", ".md", ".rst", ".xml", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".html"),
    *(".log", ".py"),
)
"""Suffixes of files that may well be empty."""
SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"8BPS": "PSD",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
}
"""First bytes. A file is an image on every machine, also where Pillow was built without its format."""
BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis", b"crx "}
"""Of files that begin with an `ftyp` box: stills, not films."""
APPLE_DOUBLE = b"\0\x05\x16\x07"
"""How the file `._a.png` begins that macOS writes beside `a.png`."""


@dataclass
class Found:
    """images: in alphabetical order, folder by folder. others: files that are no images."""

    images: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, in alphabetical order; a `RobustnessError` where that cannot be known in full."""
    try:
        with os.scandir(folder) as listed:
            names = sorted(entry.name for entry in listed)
    except (FileNotFoundError, NotADirectoryError):
        raise RobustnessError(
            f"{folder}: no such folder; folder:PATH names one with a sub-folder of images per class"
        ) from None
    except OSError as error:
        raise RobustnessError(
            f"{folder}: cannot be listed ({error.strerror}), so images would be left out; give leave to read it, or move it"
        ) from error
    for name in names:
        if not name.isprintable():  # in a report or a log it would look like something else
            raise RobustnessError(f"{str(folder / name)!r}: a name that cannot be printed; rename it")
    return [folder / name for name in names]


def find_images(folder: Path) -> Found:
    """The files in a folder and in all folders in it."""
    found = Found()
    for path in entries(folder):
        mode = mode_of(path)
        if not stat.S_ISDIR(mode):
            (found.images if is_image(path, mode) else found.others).append(path)
            continue
        if path.is_symlink():
            raise RobustnessError(f"{path}: a link to a folder, which is not followed; copy its images, or link each of them")
        if path.suffix.lower() in suffixes():
            raise RobustnessError(f"{path}: a folder that is named as an image; rename it, or put the image in its place")
        within = find_images(path)
        found.images += within.images
        found.others += within.others
    if found.images and is_hidden(folder):
        raise RobustnessError(
            f"{folder}: a hidden folder with an image in it, {found.images[0].name}; rename the folder, or delete it"
        )
    return found


def is_hidden(folder: Path) -> bool:
    """Whether a program made it for itself: `.ipynb_checkpoints`, `.Trash`, `__MACOSX`."""
    return folder.name.startswith(".") or folder.name == "__MACOSX"


def mode_of(path: Path) -> int:
    """What kind of file it is, or leads to."""
    try:
        return path.stat().st_mode
    except OSError as error:
        link = "a link that leads nowhere" if path.is_symlink() else "cannot be looked at"
        raise RobustnessError(f"{path}: {link} ({error.strerror}); restore what it names, or delete it") from error


def is_image(file: Path, mode: int) -> bool:
    """Whether a file is to be decoded; a `RobustnessError` where it may be an image and is not named as one."""
    if not stat.S_ISREG(mode):  # a pipe would be waited for, and a device has no end
        raise RobustnessError(f"{file}: not a file; delete it, or move it away")
    suffix, known = file.suffix.lower(), suffixes()
    if file.name.startswith("._") and _head(file).startswith(APPLE_DOUBLE):
        return False
    if suffix in known:
        return True
    head = _head(file)
    if suffix in FOREIGN:
        raise RobustnessError(
            f"{file}: an image that Pillow {PIL.__version__} does not read here; convert it to PNG, or move it away"
        )
    if not head and not file.name.startswith(".") and suffix not in TEXT:
        raise RobustnessError(f"{file}: empty, and it may have been an image; restore it, or delete it")
    if kind := _content(file, head):
        raise RobustnessError(f"{file}: an image ({kind}) that is not named as one; give it the suffix of one, or move it away")
    named = file.name[: len(file.name) - len(suffix)].lstrip(".")  # `.a.png.icloud` is named after `a.png`
    if Path(named).suffix.lower() in known and suffix not in TEXT and not (file.parent / named).exists():
        raise RobustnessError(f"{file}: stands for an image that is not here, {named}; fetch the image, or delete the file")
    return False


def _head(file: Path) -> bytes:
    try:
        with file.open("rb") as content:
            return content.read(32)
    except OSError as error:
        raise RobustnessError(
            f"{file}: cannot be read ({error.strerror}), and it may be an image; give leave to read it, or move it away"
        ) from error


def _content(file: Path, head: bytes) -> str | None:
    """The format of an image, by its first bytes or else as Pillow sees it."""
    for signature, kind in SIGNATURES.items():
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp" and head[8:12] in BRANDS:
        return head[8:12].decode().strip().upper()
    try:
        with Image.open(file, formats=formats()) as image:
            return image.format
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return "of too many pixels"
    except Exception:  # what a reader makes of a file that is not its own may be anything
        return None
