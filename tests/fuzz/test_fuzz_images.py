"""Image files: of any mode, depth and orientation, cut short, damaged, far larger than they look."""

from __future__ import annotations

import io
import os
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hostile import attempt, many
from hypothesis import given
from hypothesis import strategies as st
from mutations import damaged
from PIL import Image

from robustness.data.load import load_image_set
from robustness.data.reading import read_picture

MODES = (
    "RGB",
    "RGBA",
    "L",
    "LA",
    "P",
    "PA",
    "1",
    "CMYK",
    "YCbCr",
    "LAB",
    "HSV",
    "I",
    "F",
    "I;16",
    "I;16B",
    "RGBX",
    "RGBa",
    "La",
)
KINDS = (
    "PNG",
    "JPEG",
    "GIF",
    "BMP",
    "TIFF",
    "PPM",
    "WEBP",
    "TGA",
    "PCX",
    "ICO",
    "DDS",
    "SGI",
    "JPEG2000",
    "MPO",
    "ICNS",
)
SIZES = ((1, 1), (1, 9), (9, 1), (16, 16), (33, 7))


def picture(mode, size):
    width, height = size
    grey = np.linspace(0, 255, width * height * 3).astype(np.uint8).reshape(height, width, 3)
    image = Image.fromarray(grey)
    if mode.startswith("I;16"):
        return (
            Image.fromarray(grey[..., 0].astype(np.uint16) * 257).convert("I;16").copy()
            if mode == "I;16"
            else Image.new(mode, size)
        )
    if mode in ("RGBa", "La"):
        return image.convert("RGBA" if mode == "RGBa" else "LA").convert(mode)
    return image.convert("P").convert(mode) if mode == "PA" else image.convert("RGB").convert(mode)


def encoded(mode, size, kind, orientation, transparency):
    image = picture(mode, size)
    options: dict[str, Any] = {}
    if orientation is not None and kind in ("PNG", "JPEG", "TIFF", "WEBP", "MPO"):
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    if transparency is not None and mode in ("P", "L", "RGB") and kind in ("PNG", "GIF"):
        options["transparency"] = transparency if mode != "RGB" else (1, 2, 3)
        if mode != "P" and isinstance(transparency, bytes):
            options.pop("transparency")
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def made(mode, size, kind, orientation, transparency):
    """The file, or one of RGB where that format has no such mode."""
    try:
        return encoded(mode, size, kind, orientation, transparency)
    except (OSError, ValueError, KeyError, TypeError, struct.error, SystemError):
        return encoded("RGB", (16, 16), "PNG", orientation, None)


FILES = st.builds(
    made,
    st.sampled_from(MODES),
    st.sampled_from(SIZES),
    st.sampled_from(KINDS),
    st.sampled_from([None, None, 1, 3, 6, 8, 9]),
    st.sampled_from([None, 0, b"\x00\x7f\xff"]),
)


def is_recognised(file):
    try:
        with Image.open(file):
            return True
    except Exception:
        return False


def tried(file, content):
    file.write_bytes(content)
    image, _ = attempt("image", lambda: read_picture(file), file.name, is_recognised(file), file.parent)
    if image is not None:
        assert image.pixels.dtype in (np.uint8, np.uint16, np.int32, np.float32)
        assert image.pixels.ndim == 3
        assert image.pixels.size
        assert image.alpha is None or image.alpha.shape == image.pixels.shape[:2]
        assert image.orientation in range(1, 9)
    return image


@pytest.fixture(scope="module")
def file(folder):
    return folder / "picture.png"


@pytest.mark.filterwarnings("error")
@many(500)
@given(content=FILES)
def test_a_picture_of_any_mode_is_what_it_holds_or_refused(file, content):
    image = tried(file, content)
    if image is not None:
        with Image.open(file) as opened:
            opened.load()  # Pillow turns TIFF upright then, and no other
            assert image.pixels.shape[:2] == (opened.height, opened.width)
            assert opened.mode.startswith(("I", "F")) == (image.pixels.dtype != np.uint8)


@many(500)
@given(data=st.data())
def test_a_damaged_picture_is_read_or_refused(file, data):
    tried(file, data.draw(damaged(data.draw(FILES), early=120)))


def png(width, height, depth, colour, rows=b""):
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@many(80)
@given(
    width=st.sampled_from([10_000, 20_000, 2**16, 2**31 - 1]),
    height=st.sampled_from([9_000, 20_000, 2**16, 2**31 - 1]),
    depth=st.sampled_from([1, 8, 16]),
    colour=st.sampled_from([0, 2, 6]),
)
def test_a_bomb_is_refused(file, width, height, depth, colour):
    assert tried(file, png(width, height, depth, colour)) is None


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n0 0 8 8 rectfill\nshowpage\n%%EOF\n"


@many(60)
@given(content=damaged(POSTSCRIPT, hits=2), name=st.sampled_from(["picture.eps", "picture.png", "picture.jpg"]))
def test_a_program_in_postscript_is_run_by_nobody(folder, content, name):
    assert tried(folder / name, content) is None


@many(120)
@given(data=st.data())
def test_a_folder_with_strange_things_in_it_is_read_or_refused(tmp_path_factory, data):
    """Fifos that nobody writes to, folders called like images, links to nowhere, names of classes that are no JSON."""
    root = tmp_path_factory.mktemp("set") / "images"
    for label in ("a", "b"):
        (root / label).mkdir(parents=True)
        (root / label / "0.png").write_bytes(made("RGB", (16, 16), "PNG", None, None))
    strange = (
        root
        / data.draw(st.sampled_from(["a", "b"]))
        / data.draw(st.sampled_from(["1.png", "x\ny.png", "\x1b[31m.png", "ä.jpg"]))
    )
    what = data.draw(
        st.sampled_from(["fifo", "folder", "dangling", "loop", "zero", "picture", "names", "names", "names", "empty"])
    )
    match what:
        case "fifo":
            os.mkfifo(strange)
        case "folder":
            strange.mkdir()
        case "dangling":
            strange.symlink_to(root / "nowhere")
        case "loop":
            strange.symlink_to(strange)
        case "zero":
            strange.symlink_to("/dev/zero")
        case "picture":
            strange.write_bytes(data.draw(FILES))
        case "names":
            told = [
                "{",
                "[" * 5000,
                "3",
                "{}",
                '{"a": "x"}',
                '{"a": "x", "b": "x"}',
                '{"a": 1, "b": 2}',
                '{"b": "x", "a": "y"}',
                "\xff",
            ]
            (root / "robustness-classes.json").write_text(data.draw(st.sampled_from(told)), encoding="latin-1")
        case "empty":
            strange.touch()
    named = "images" if what != "picture" else ""

    def read():
        images = load_image_set(f"folder:{root}")
        _ = images.content_hash  # every file is read now
        return images

    image_set, _ = attempt("image folder", read, named, what not in ("names",))
    if image_set is not None:
        assert what in ("picture", "names")
        assert len(image_set) == sum(path.is_file() for path in root.rglob("*.??g"))
        assert len(set(image_set.class_names)) == len(image_set.class_names)
