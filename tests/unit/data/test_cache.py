from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kept import kept as kept_in
from safetensors import safe_open
from safetensors.numpy import save_file

from robustness.data import ImageSet
from robustness.data.cache import cached
from robustness.errors import RobustnessError


class Maker:
    """Makes an image set and counts how often."""

    def __init__(self, tracks=(7, 7, 8, 9)):
        self.calls, self.tracks = 0, tracks

    def __call__(self):
        self.calls += 1
        generator = np.random.default_rng(0)
        images = [generator.integers(0, 256, (height, 5, 3), dtype=np.uint8) for height in (3, 4, 5, 4)]
        return ImageSet.from_images("four", images, [0, 1, 1, 0], ["no", "sí"], self.tracks)


@pytest.fixture
def kept(own_cache):
    """The file of a set that was made and kept under the key `four`."""
    cached("four", Maker())
    (file,) = own_cache.rglob("*.safetensors")
    return file


def test_a_set_is_made_once_and_read_back_as_it_was():
    for tracks in ((7, 7, 8, 9), None):
        make = Maker(tracks)
        first, second = cached(f"tracks {tracks}", make), cached(f"tracks {tracks}", make)
        assert make.calls == 1
        assert (second.name, second.class_names, second.content_hash) == ("four", ("no", "sí"), first.content_hash)
        np.testing.assert_array_equal(
            np.concatenate([image.ravel() for image in second]), np.concatenate([image.ravel() for image in first])
        )
        for name in ("shapes", "labels", "index", "tracks"):
            np.testing.assert_array_equal(getattr(second, name), getattr(first, name))
            assert getattr(second, name) is None or getattr(second, name).dtype == getattr(first, name).dtype


def test_another_key_is_made_anew():
    make = Maker()
    cached("one", make)
    cached("two", make)
    assert make.calls == 2


@pytest.mark.parametrize("content", [b"", b"\0" * 7, b"not safetensors at all", "half", "one byte short", "nothing in it"])
def test_a_corrupted_file_is_silently_made_anew(kept, content):
    whole = kept.read_bytes()
    save_file({}, kept)
    cut = {"half": whole[: len(whole) // 2], "one byte short": whole[:-1], "nothing in it": kept.read_bytes()}
    kept.write_bytes(cut.get(content, content))
    make = Maker()
    cached("four", make)
    assert make.calls == 1
    cached("four", make)
    assert make.calls == 1


@pytest.mark.parametrize("lacking", ["name", "class_names"])
def test_a_file_that_lacks_what_is_known_of_the_set_is_made_anew(kept, lacking):
    with safe_open(kept, "np") as stored:
        arrays, metadata = {key: stored.get_tensor(key) for key in stored.keys()}, stored.metadata()  # noqa: SIM118
    del metadata[lacking]
    save_file(arrays, kept, metadata)
    make = Maker()
    assert cached("four", make).class_names == ("no", "sí")
    assert make.calls == 1


@pytest.mark.parametrize("name", ["pixels", "labels", "index", "shapes"])
def test_a_tampered_array_is_found_out_by_the_content_hash(kept, name):
    with safe_open(kept, "np") as stored:
        arrays, metadata = {key: stored.get_tensor(key) for key in stored.keys()}, stored.metadata()  # noqa: SIM118
    arrays[name].flat[0] += 1
    save_file(arrays, kept, metadata)
    make = Maker()
    found, made = cached("four", make), make()
    of = [images.pictures if name == "pixels" else images for images in (found, made)]
    np.testing.assert_array_equal(getattr(of[0], name), getattr(of[1], name))
    assert make.calls == 2


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_no_changed_byte_of_kept_data_ever_reaches_the_user(own_cache, place, flip):
    make = Maker(tracks=None)
    expected = cached("plain", make).content_hash
    (file,) = own_cache.rglob("*.safetensors")
    content = bytearray(file.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")  # safetensors: length of the header, header, data
    content[start + int(place * (len(content) - start))] ^= flip
    file.write_bytes(content)
    made = make.calls
    assert cached("plain", make).content_hash == expected
    assert make.calls == made + 1


@pytest.mark.parametrize("step", ["robustness.data.cache.save_file", "robustness.files.atomic.os.replace"])
def test_a_failed_write_leaves_no_file_behind_and_the_next_one_succeeds(own_cache, monkeypatch, step):
    def fail(first, second, **named):
        if step.endswith("save_file"):
            second.write_bytes(b"half a file")
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(step, fail)
        with pytest.raises(RobustnessError, match=r"images: cannot be written to \(no space left\)"):
            cached("four", Maker())
    assert kept_in(own_cache) == []
    assert len(cached("four", Maker())) == 4
    assert len(kept_in(own_cache)) == 1


def test_a_failed_making_leaves_no_file_behind(own_cache):
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cached("four", fail)
    assert kept_in(own_cache) == []


def test_whoever_wants_the_same_set_at_the_same_time_waits_for_one_making():
    make, hashes = Maker(), []
    threads = [threading.Thread(target=lambda: hashes.append(cached("four", make).content_hash)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert make.calls == 1
    assert len(hashes) == 4
    assert len(set(hashes)) == 1


def test_tampered_tracks_are_noticed(kept):
    with safe_open(kept, "np") as stored:
        arrays, about = {name: stored.get_tensor(name) for name in stored.keys()}, stored.metadata()  # noqa: SIM118
    save_file(arrays | {"tracks": arrays["tracks"] + 1}, kept, metadata=about)
    tracks = cached("four", Maker()).tracks
    assert tracks is not None
    assert tracks.tolist() == [7, 7, 8, 9]
