"""Every kind of file that the cache folder keeps is known to be what was written, or not to be."""

from __future__ import annotations

import pytest
from hammer import Address, Numbers, result_of
from toy_classifiers import image_set

from robustness.data.cache import cached
from robustness.evaluation.store import Store
from robustness.evaluation.verify import is_intact
from robustness.files.housekeeping import inventory

KEY = "1234"


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A file of each kind, by its kind and ending."""
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path))
    cached("toy", image_set)
    store = Store()
    for run in (None, "this"):
        store.get_or_extend(Address(KEY, run), Numbers, lambda known: known or result_of(KEY))
    (store.folder / KEY[:2] / "1256.json").write_text('["as the first versions kept sentences"]')
    return {(file.kind, file.path.suffix): file for file in inventory(tmp_path)}


KINDS = [("images", ".safetensors"), ("results", ".safetensors"), ("results", ".json"), ("runs", ".safetensors")]


def test_what_was_written_is_intact(files):
    assert sorted(files) == sorted(KINDS)
    assert all(map(is_intact, files.values()))


@pytest.mark.parametrize("kind", KINDS, ids="".join)
@pytest.mark.parametrize("place", [0, -2])
def test_what_was_damaged_is_not_and_the_others_are(files, kind, place):
    content = bytearray(files[kind].path.read_bytes())
    content[place] ^= 0x10
    files[kind].path.write_bytes(content)
    assert [name for name, file in files.items() if not is_intact(file)] == [kind]
