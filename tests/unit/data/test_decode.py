from __future__ import annotations

import io
import os
from dataclasses import replace

import numpy as np
import pytest
from kept import kept
from PIL import Image

from robustness.data import pictures as module
from robustness.data.decode import Listing, decode
from robustness.data.reading import read_picture
from robustness.errors import RobustnessError

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
    """The image files that are read."""
    files = []

    def spy(file):
        files.append(file)
        return read_picture(file)

    monkeypatch.setattr(module, "read_picture", spy)
    return files


def test_decoding_gives_the_pictures_of_the_listing_in_its_order(listing):
    images = decode(listing)
    np.testing.assert_array_equal(list(images), NOISE)
    assert images.labels.tolist() == listing.labels
    assert images.tracks is not None
    assert images.tracks.tolist() == listing.tracks
    assert (images.name, images.class_names) == ("four", ("no", "yes"))


def test_a_set_that_was_read_once_is_known_again_without_reading(listing, opened):
    first = decode(listing)
    assert opened == []
    content = first.content_hash
    assert sorted(opened) == sorted(listing.files)
    opened.clear()
    second = decode(listing)
    assert second.content_hash == content
    assert opened == []
    assert second.class_names == first.class_names
    np.testing.assert_array_equal(second.tracks, first.tracks)


def test_a_set_without_tracks_comes_back_from_the_cache_without_tracks(listing, opened):
    plain = Listing(listing.name, listing.files, listing.labels, listing.class_names)
    assert decode(plain).tracks is None
    assert opened == []


def test_a_changed_file_is_decoded_again(listing, opened):
    before = decode(listing).content_hash
    listing.files[2].write_bytes(encoded("PNG", 255 - NOISE[2]))
    os.utime(listing.files[2], ns=(1, 1))
    after = decode(listing)
    np.testing.assert_array_equal(after[2], 255 - NOISE[2])
    assert after.content_hash != before


def test_a_file_that_changes_after_it_was_listed_is_refused(listing):
    images = decode(listing)
    listing.files[2].write_bytes(encoded("PNG", 255 - NOISE[2]))
    with pytest.raises(RobustnessError, match=r"2\.png: changed while this run measured; run again once it is written"):
        _ = images.content_hash


def test_a_touched_file_is_decoded_again_to_the_same_content(listing, opened):
    before = decode(listing).content_hash
    opened.clear()
    os.utime(listing.files[0], ns=(1, 1))
    assert decode(listing).content_hash == before
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
        _ = decode(listing).content_hash
    assert kept(own_cache) == []


def test_all_unreadable_images_are_named_at_once(listing):
    for number in (1, 3):
        listing.files[number].write_bytes(encoded("PNG")[:40])
    with pytest.raises(RobustnessError) as caught:
        _ = decode(listing).content_hash
    first, *named = str(caught.value).splitlines()
    assert first == "2 of 4 images cannot be used:"
    assert [line.partition(": not a readable image")[0] for line in named] == [str(listing.files[number]) for number in (1, 3)]


def test_the_same_files_in_other_tracks_are_another_set(listing):
    for tracks in (listing.tracks, [1, 2, 3, 4]):
        found = decode(replace(listing, tracks=tracks)).tracks
        assert found is not None
        assert found.tolist() == tracks


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(RobustnessError, match=r"pipe\.png: not a file"):
        decode(Listing("one", [tmp_path / "pipe.png"], [0], ["no"]))
