"""Sets as networks see them, prepared once and read in batches."""

from __future__ import annotations

import gc
import multiprocessing
import weakref
from collections import namedtuple

import numpy as np
import pytest
from PIL import Image

from robustness.data import Fit, ImageSet, Preparation, fit_images, load_image_set, prepared
from robustness.data import pictures as module
from robustness.data.preparation import prepare
from robustness.data.reading import read_picture
from robustness.errors import RobustnessError
from robustness.evaluation.verify import is_intact
from robustness.files.housekeeping import inventory

RANDOM = np.random.default_rng(0)
PIXELS = [RANDOM.integers(0, 256, (4 + n, 9 - n, 3), dtype=np.uint8) for n in range(5)]
FITS = (Fit(6), Fit(6, "resize"), Preparation(5, 7, 1, resize=8, interpolation="bicubic"))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images" / "one").mkdir(parents=True)
    for number, pixels in enumerate(PIXELS):
        Image.fromarray(pixels).save(tmp_path / "images" / "one" / f"{number}.png")
    return tmp_path / "images"


@pytest.fixture
def read(monkeypatch):
    """The files that are read."""
    files = []

    def spy(file):
        files.append(file.name)
        return read_picture(file)

    monkeypatch.setattr(module, "read_picture", spy)
    return files


def stored(own_cache):
    return sorted(file for file in own_cache.glob("images/*.safetensors") if "content" not in file.name)


@pytest.mark.parametrize("fit", FITS, ids=str)
def test_files_and_arrays_are_prepared_alike(folder, fit):
    in_files, in_memory = load_image_set(f"folder:{folder}"), ImageSet.from_images("made", PIXELS, [0] * 5, ["one"])
    wanted = np.stack([prepare(in_memory.picture(place), fit) for place in range(5)])
    for images in (in_files, in_memory):
        np.testing.assert_array_equal(fit_images(images, fit), wanted)
        np.testing.assert_array_equal(prepared(images, fit).batch(np.array([3, 0, 3])), wanted[[3, 0, 3]])
        np.testing.assert_array_equal(fit_images(images.take([4, 1]), fit), wanted[[4, 1]])
    assert in_files.content_hash == in_memory.content_hash


def test_files_are_read_once_for_a_preparation_and_their_hash_and_never_again(folder, read, own_cache):
    images = load_image_set(f"folder:{folder}")
    assert read == []
    fit_images(images, FITS[0])
    content = images.content_hash
    assert sorted(read) == [f"{number}.png" for number in range(5)]
    read.clear()
    again = load_image_set(f"folder:{folder}")
    assert again.content_hash == content
    prepared(again, FITS[0]).batch(np.arange(5))
    prepared(again.take([1, 2]), FITS[0]).whole()
    assert read == []
    fit_images(again, FITS[1])
    assert len(read) == 5
    assert len(stored(own_cache)) == 2


def test_a_few_images_are_prepared_by_themselves_where_the_set_is_not(folder, read, own_cache):
    images = load_image_set(f"folder:{folder}")
    assert prepared(images.take([2]), FITS[0]).whole().shape == (1, 6, 6, 3)
    assert read == ["2.png"]
    assert stored(own_cache) == []


def test_other_files_another_preparation_and_other_labels_are_other_stores(folder, own_cache):
    fit_images(load_image_set(f"folder:{folder}"), FITS[0])
    Image.fromarray(255 - PIXELS[2]).save(folder / "one" / "2.png")
    changed = load_image_set(f"folder:{folder}")
    np.testing.assert_array_equal(fit_images(changed, FITS[0])[2], prepare(changed.picture(2), FITS[0]))
    assert len(stored(own_cache)) == 2


@pytest.mark.parametrize("place", [0, 50, -1])
def test_a_damaged_byte_is_found_when_its_image_is_read_and_prepared_anew_in_the_next_run(folder, own_cache, place):
    images = load_image_set(f"folder:{folder}")
    wanted = fit_images(images, FITS[0]).copy()
    (file,) = stored(own_cache)
    content = bytearray(file.read_bytes())
    start = 4096
    content[start + place % wanted.size] ^= 1
    file.write_bytes(content)
    damaged = prepared(load_image_set(f"folder:{folder}"), FITS[0])
    whole = (place % wanted.size) // wanted[0].size
    others = np.array([number for number in range(5) if number != whole])
    np.testing.assert_array_equal(damaged.batch(others), wanted[others])
    with pytest.raises(RobustnessError, match=r"was damaged on the disk, and is removed; run again"):
        damaged.batch(np.array([whole]))
    np.testing.assert_array_equal(fit_images(load_image_set(f"folder:{folder}"), FITS[0]), wanted)


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, "half", "one byte short", "another preparation"])
def test_a_file_that_is_not_what_was_written_is_made_anew(folder, own_cache, content):
    images = load_image_set(f"folder:{folder}")
    wanted = fit_images(images, FITS[0]).copy()
    (file,) = stored(own_cache)
    whole = file.read_bytes()
    fit_images(images, FITS[1])
    (other,) = set(stored(own_cache)) - {file}
    made = {"half": whole[: len(whole) // 2], "one byte short": whole[:-1], "another preparation": other.read_bytes()}
    file.write_bytes(made.get(content, content))
    np.testing.assert_array_equal(fit_images(load_image_set(f"folder:{folder}"), FITS[0]), wanted)
    assert file.read_bytes() == whole


def test_what_cannot_be_prepared_is_named_all_at_once_and_nothing_is_kept(folder, own_cache):
    for number in (1, 3):
        Image.fromarray(np.full((4, 5, 4), 100, np.uint8)).save(folder / "one" / f"{number}.png")
    with pytest.raises(RobustnessError) as caught:
        fit_images(load_image_set(f"folder:{folder}"), FITS[0])
    head, *lines = str(caught.value).splitlines()
    assert head == "2 of 5 images cannot be used:"
    assert all(line.startswith(str(folder)) and "transparent pixels: the file is fine" in line for line in lines)
    assert stored(own_cache) == []


def test_a_disk_without_room_is_refused_before_an_image_is_read(folder, read, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage(100, 99, 10))
    with pytest.raises(RobustnessError, match=r"takes .* GB, and .* has 1e-08 GB left: make room"):
        fit_images(load_image_set(f"folder:{folder}"), FITS[0])
    assert read == []


def test_more_than_the_store_may_hold_is_said_before_the_work_starts(folder, monkeypatch, capfd):
    monkeypatch.setenv("ROBUSTNESS_CACHE_SIZE", "100")
    fit_images(load_image_set(f"folder:{folder}"), FITS[0])
    assert "more than the store's limit of 1e-07 GB" in capfd.readouterr().err


def test_nothing_holds_a_set_that_nobody_uses():
    images = ImageSet.from_images("made", PIXELS, [0] * 5, ["one"])
    fit_images(images, FITS[0])
    held = weakref.ref(images.pictures)
    del images
    gc.collect()
    assert held() is None


def count(folder, wanted):
    assert int(fit_images(load_image_set(f"folder:{folder}"), FITS[0]).sum()) == wanted


def test_processes_prepare_once_and_read_the_same(folder, own_cache):
    wanted = sum(int(prepare(read_picture(folder / "one" / f"{n}.png"), FITS[0]).sum()) for n in range(5))
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=count, args=(folder, wanted)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(stored(own_cache)) == 1


def test_the_store_can_tell_whether_its_images_are_whole(folder, own_cache):
    images = load_image_set(f"folder:{folder}")
    fit_images(images, FITS[0])
    kept = [one for one in inventory(own_cache) if one.kind == "images"]
    assert len(kept) == 2
    assert all(map(is_intact, kept))
    for one in kept:
        content = bytearray(one.path.read_bytes())
        content[-9 if "content" in one.path.name else 4100] ^= 1
        one.path.write_bytes(content)
    assert not any(map(is_intact, kept))
