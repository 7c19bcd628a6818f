from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import EpsImagePlugin, Image, ImageOps

from robustness.data.preparation import Preparation, prepare
from robustness.data.reading import read_picture
from robustness.errors import RobustnessError

FUNCTION_FIXTURES = [HealthCheck.function_scoped_fixture]
NOISE = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3), dtype=np.uint8)


def encoded(kind, image=NOISE[0]):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind)
    return buffer.getvalue()


def seen(file):
    """A plain picture in RGB, or its colours where it is transparent."""
    picture = read_picture(file)
    return picture.rgb if picture.is_plain else picture.pixels


@pytest.mark.parametrize("kind", ["PNG", "PPM", "BMP", "TIFF"])
def test_lossless_files_are_read_to_the_very_pixels(tmp_path, kind):
    file = tmp_path / "image"
    file.write_bytes(encoded(kind))
    image = seen(file)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, NOISE[0])


def test_a_grey_file_is_read_as_three_equal_channels(tmp_path):
    file = tmp_path / "grey.png"
    file.write_bytes(encoded("PNG", NOISE[0, ..., 0]))
    np.testing.assert_array_equal(seen(file), np.repeat(NOISE[0, ..., :1], 3, axis=2))


@settings(max_examples=150, deadline=None, suppress_health_check=FUNCTION_FIXTURES)
@given(
    kind=st.sampled_from(["PNG", "PPM", "JPEG", "GIF"]),
    keep=st.floats(0.05, 1),
    hits=st.dictionaries(st.integers(0, 60), st.integers(0, 255), max_size=4),
)
@example(kind="PNG", keep=1.0, hits={36: 0})  # a chunk's length: Pillow raises a SyntaxError
def test_a_damaged_file_gives_an_image_or_an_error_that_names_it(tmp_path, kind, keep, hits):
    content = bytearray(encoded(kind))
    for place, byte in hits.items():
        content[min(place, len(content) - 1)] = byte
    file = tmp_path / "damaged"
    file.write_bytes(content[: int(keep * len(content))])
    try:
        image = read_picture(file).pixels
    except RobustnessError as error:
        message = str(error)
    else:
        message = ""
        assert image.dtype == np.uint8
        assert image.shape[2] in (1, 3)
    assert message.startswith(f"{file}: not a readable image") or not message


@pytest.mark.parametrize(("mode", "kind"), [("I;16", np.uint16), ("I", np.int32), ("F", np.float32)])
def test_more_than_eight_bits_are_kept_as_they_are(tmp_path, mode, kind):
    file = tmp_path / "deep.tiff"
    Image.new(mode, (4, 4), 200).save(file)
    picture = read_picture(file)
    assert (picture.pixels.dtype, picture.pixels.shape, set(picture.pixels.flat)) == (kind, (4, 4, 1), {200})
    assert not picture.is_plain


def test_a_depth_that_shows_only_in_the_icon_is_seen_too(tmp_path):
    file = tmp_path / "deep.icns"
    Image.new("I;16", (16, 16), 60_000).save(file)
    assert read_picture(file).pixels.max() > 255


# Pictures from anywhere


@pytest.mark.parametrize(("width", "height"), [(10_000, 9_000), (20_000, 20_000)])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path, width, height):
    file = tmp_path / "bomb.png"
    Image.new("1", (width, height)).save(file)
    with pytest.raises(RobustnessError, match=r"bomb\.png: not a readable image \(.*pixels"):
        seen(file)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_that_pillow_only_warns_of_is_refused_too(tmp_path):
    file = tmp_path / "bomb.png"
    Image.new("1", (10_000, 9_000)).save(file)
    with pytest.raises(RobustnessError, match=r"10000 x 9000 pixels, more than 89,478,485"):
        seen(file)


def test_postscript_is_a_program_and_started_by_nobody(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *arguments, **options: started.append(arguments))
    file = tmp_path / "picture.png"
    Image.new("RGB", (4, 4)).save(file, "EPS")
    with pytest.raises(RobustnessError, match=r"picture\.png: not a readable image"):
        seen(file)
    assert started == []


@pytest.mark.filterwarnings("error")
def test_a_palette_with_transparency_is_read_to_its_colours_without_a_warning(tmp_path):
    file = tmp_path / "palette.png"
    image = Image.fromarray(NOISE[0]).quantize(8)
    image.save(file, transparency=bytes(range(0, 256, 32)))
    np.testing.assert_array_equal(seen(file), np.asarray(image.convert("RGB")))


def test_transparent_pixels_are_kept_beside_their_colours(tmp_path):
    file = tmp_path / "alpha.png"
    alpha = NOISE[1][..., :1]
    Image.fromarray(np.concatenate([NOISE[0], alpha], axis=2)).save(file)
    picture = read_picture(file)
    np.testing.assert_array_equal(picture.pixels, NOISE[0])
    np.testing.assert_array_equal(picture.alpha, alpha[..., 0])
    assert not picture.is_plain


def test_an_alpha_that_hides_nothing_is_none(tmp_path):
    file = tmp_path / "alpha.png"
    Image.fromarray(np.concatenate([NOISE[0], np.full_like(NOISE[0][..., :1], 255)], axis=2)).save(file)
    assert read_picture(file).is_plain


def test_cmyk_is_read_as_pillow_converts_it(tmp_path):
    file = tmp_path / "ink.tiff"
    image = Image.fromarray(NOISE[0]).convert("CMYK")
    image.save(file)
    np.testing.assert_array_equal(seen(file), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_says_how_it_is_turned_and_keeps_its_pixels(tmp_path, kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = tmp_path / "turned"
    Image.fromarray(NOISE[0]).save(file, kind, exif=exif)
    picture = read_picture(file)
    np.testing.assert_array_equal(picture.pixels, np.asarray(Image.open(file).convert("RGB")))
    assert picture.orientation == orientation
    assert picture.is_plain == (orientation == 1)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(file).convert("RGB")))
    np.testing.assert_array_equal(prepare(picture, Preparation(*upright.shape[:2], exact=True)), upright)


@pytest.mark.parametrize("channels", [3, 4])
def test_the_upper_bytes_of_sixteen_bits_of_colour_are_taken_where_that_is_declared(tmp_path, channels):
    deep = np.random.default_rng(1).integers(0, 2**16, (5, 6, channels), dtype=np.uint16)
    file = tmp_path / "deep.png"
    file.write_bytes(deep_png(deep))
    picture = read_picture(file)
    np.testing.assert_array_equal(picture.pixels, deep[..., :3] >> 8)  # what Pillow gives
    with pytest.raises(ValueError, match=r'16 bits per channel, .* the file is fine; .*range = "upper-byte"'):
        prepare(picture, Preparation(5, 6, exact=True, background="ignored"))
    taken = prepare(picture, Preparation(5, 6, exact=True, background="ignored", range="upper-byte"))
    np.testing.assert_array_equal(taken, deep[..., :3] >> 8)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize(("channels", "kind"), [(3, np.uint16), (5, np.uint8), (7, np.uint16), (2, np.float32)])
def test_tiffs_of_any_number_of_channels_are_read(tmp_path, channels, kind, planar):
    tifffile = pytest.importorskip("tifffile")
    values = np.random.default_rng(1).integers(0, 250, (5, 6, channels)).astype(kind)
    file = tmp_path / "bands.tif"
    stored = values if planar == "contig" else values.transpose(2, 0, 1)
    photometric = "rgb" if channels == 3 else "minisblack"
    tifffile.imwrite(file, stored, planarconfig=planar, photometric=photometric)
    np.testing.assert_array_equal(read_picture(file).pixels, values)


def test_a_tiff_of_several_pages_is_refused_whoever_reads_it(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    for channels in (2, 5):
        file = tmp_path / f"{channels}.tif"
        with tifffile.TiffWriter(file) as writer:
            for _ in range(2):
                writer.write(np.zeros((4, 4, channels), np.uint8), photometric="minisblack", planarconfig="contig")
        with pytest.raises(RobustnessError, match=r"2 pages"):
            read_picture(file)


def deep_png(values):
    """A PNG of 16 bits, written from the format's text: Pillow writes none."""
    height, width, channels = values.shape

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_a_grey_level_of_sixteen_bits_may_be_transparent(tmp_path):
    file = tmp_path / "deep.png"
    values = np.array([[0, 300], [300, 60_000]], np.uint16)
    Image.fromarray(values).save(file, transparency=300)
    picture = read_picture(file)
    assert picture.alpha is not None
    assert picture.alpha.tolist() == [[255, 0], [0, 255]]


def test_the_order_of_bytes_is_no_type_of_its_own(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    values = np.random.default_rng(0).integers(0, 2**16, (4, 5, 5), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "big.tif", values, byteorder=">", photometric="minisblack", planarconfig="contig")
    picture = read_picture(tmp_path / "big.tif")
    seen = prepare(picture, Preparation(4, 5, 5, exact=True, range="upper-byte"))
    np.testing.assert_array_equal(seen, values >> 8)
