from __future__ import annotations

import io
import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from kept import kept
from PIL import EpsImagePlugin, Image

from robustness.data import decode as module
from robustness.data.decode import Listing, decode, read_image
from robustness.errors import RobustnessError

FUNCTION_FIXTURES = [HealthCheck.function_scoped_fixture]
NOISE = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3), dtype=np.uint8)


def encoded(kind, image=NOISE[0]):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def listing(tmp_path):
    """Four pictures in four files."""
    files = [tmp_path / f"{number}.png" for number in range(4)]
    for file, image in zip(files, NOISE, strict=True):
        file.write_bytes(encoded("PNG", image))
    return Listing("four", files, [0, 1, 1, 0], ["no", "yes"], [7, 7, 8, 9])


@pytest.fixture
def opened(monkeypatch):
    """The image files that decoding opens."""
    files = []

    def spy(file):
        files.append(file)
        return read_image(file)

    monkeypatch.setattr(module, "read_image", spy)
    return files


def test_decoding_gives_the_pictures_of_the_listing_in_its_order(listing):
    images = decode(listing)
    np.testing.assert_array_equal(list(images), NOISE)
    assert images.labels.tolist() == listing.labels
    assert images.tracks is not None
    assert images.tracks.tolist() == listing.tracks
    assert (images.name, images.class_names) == ("four", ("no", "yes"))


def test_a_second_decode_opens_no_image_and_gives_the_same_set(listing, opened):
    first = decode(listing)
    assert sorted(opened) == sorted(listing.files)
    opened.clear()
    second = decode(listing)
    assert opened == []
    assert second.content_hash == first.content_hash
    assert second.class_names == first.class_names
    np.testing.assert_array_equal(second.tracks, first.tracks)


def test_a_set_without_tracks_comes_back_from_the_cache_without_tracks(listing, opened):
    plain = Listing(listing.name, listing.files, listing.labels, listing.class_names)
    decode(plain)
    opened.clear()
    assert decode(plain).tracks is None
    assert opened == []


def test_a_changed_file_is_decoded_again(listing, opened):
    before = decode(listing)
    listing.files[2].write_bytes(encoded("PNG", 255 - NOISE[2]))
    os.utime(listing.files[2], ns=(1, 1))
    after = decode(listing)
    np.testing.assert_array_equal(after[2], 255 - NOISE[2])
    assert after.content_hash != before.content_hash


def test_a_touched_file_is_decoded_again_to_the_same_content(listing, opened):
    before = decode(listing)
    opened.clear()
    os.utime(listing.files[0], ns=(1, 1))
    assert decode(listing).content_hash == before.content_hash
    assert listing.files[0] in opened


@pytest.mark.parametrize("change", [{"labels": [1, 1, 1, 0]}, {"class_names": ["no", "maybe"]}, {"name": "other"}])
def test_another_label_class_name_or_set_name_is_not_served_from_the_cache(listing, change):
    decode(listing)
    values = {name: getattr(listing, name) for name in ("name", "files", "labels", "class_names", "tracks")} | change
    images = decode(Listing(**values))
    assert images.labels.tolist() == values["labels"]
    assert images.class_names == tuple(values["class_names"])
    assert images.name == values["name"]


def test_an_unreadable_image_is_named_and_leaves_nothing_in_the_cache(listing, own_cache):
    listing.files[1].write_bytes(encoded("PNG")[:40])
    with pytest.raises(RobustnessError, match=r"1\.png: not a readable image"):
        decode(listing)
    assert kept(own_cache) == []


@pytest.mark.parametrize("kind", ["PNG", "PPM", "BMP", "TIFF"])
def test_lossless_files_are_read_to_the_very_pixels(tmp_path, kind):
    file = tmp_path / "image"
    file.write_bytes(encoded(kind))
    image = read_image(file)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, NOISE[0])


def test_a_grey_file_is_read_as_three_equal_channels(tmp_path):
    file = tmp_path / "grey.png"
    file.write_bytes(encoded("PNG", NOISE[0, ..., 0]))
    np.testing.assert_array_equal(read_image(file), np.repeat(NOISE[0, ..., :1], 3, axis=2))


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
        image = read_image(file)
    except RobustnessError as error:
        message = str(error)
    else:
        message = ""
        assert image.dtype == np.uint8
        assert image.shape[2] == 3
    assert message.startswith(f"{file}: not a readable image") or not message


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_more_than_eight_bits_are_refused_and_not_clipped(tmp_path, mode):
    file = tmp_path / "deep.tiff"
    Image.new(mode, (4, 4)).save(file)
    with pytest.raises(RobustnessError, match=r"deep\.tiff: .*more than 8 bits"):
        read_image(file)


def test_a_depth_that_shows_only_in_the_icon_is_refused_too(tmp_path):
    file = tmp_path / "deep.icns"
    Image.new("I;16", (16, 16), 60_000).save(file)
    with pytest.raises(RobustnessError, match=r"deep\.icns: .*more than 8 bits"):
        read_image(file)


def test_the_same_files_in_other_tracks_are_another_set(listing):
    for tracks in (listing.tracks, [1, 2, 3, 4]):
        found = decode(replace(listing, tracks=tracks)).tracks
        assert found is not None
        assert found.tolist() == tracks


# Pictures from anywhere


@pytest.mark.parametrize(("width", "height"), [(10_000, 9_000), (20_000, 20_000)])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path, width, height):
    file = tmp_path / "bomb.png"
    Image.new("1", (width, height)).save(file)
    with pytest.raises(RobustnessError, match=r"bomb\.png: not a readable image \(.*pixels"):
        read_image(file)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_that_pillow_only_warns_of_is_refused_too(tmp_path):
    file = tmp_path / "bomb.png"
    Image.new("1", (10_000, 9_000)).save(file)
    with pytest.raises(RobustnessError, match=r"10000 x 9000 pixels, more than 89,478,485"):
        read_image(file)


def test_postscript_is_a_program_and_started_by_nobody(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *arguments, **options: started.append(arguments))
    file = tmp_path / "picture.png"
    Image.new("RGB", (4, 4)).save(file, "EPS")
    with pytest.raises(RobustnessError, match=r"picture\.png: not a readable image"):
        read_image(file)
    assert started == []


@pytest.mark.filterwarnings("error")
def test_a_palette_with_transparency_is_read_to_its_colours_without_a_warning(tmp_path):
    file = tmp_path / "palette.png"
    image = Image.fromarray(NOISE[0]).quantize(8)
    image.save(file, transparency=bytes(range(0, 256, 32)))
    np.testing.assert_array_equal(read_image(file), np.asarray(image.convert("RGB")))


def test_alpha_is_left_out(tmp_path):
    file = tmp_path / "alpha.png"
    Image.fromarray(np.concatenate([NOISE[0], np.zeros_like(NOISE[0][..., :1])], axis=2)).save(file)
    np.testing.assert_array_equal(read_image(file), NOISE[0])


def test_cmyk_is_read_as_pillow_converts_it(tmp_path):
    file = tmp_path / "ink.tiff"
    image = Image.fromarray(NOISE[0]).convert("CMYK")
    image.save(file)
    np.testing.assert_array_equal(read_image(file), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_is_read_as_its_pixels_are_stored_and_not_turned_upright(tmp_path, kind):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    file = tmp_path / "turned"
    Image.fromarray(NOISE[0]).save(file, kind, exif=exif)
    assert read_image(file).shape == NOISE[0].shape
    np.testing.assert_array_equal(read_image(file), np.asarray(Image.open(file).convert("RGB")))


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(RobustnessError, match=r"pipe\.png: not a file"):
        decode(Listing("one", [tmp_path / "pipe.png"], [0], ["no"]))
