"""From a reference such as `gtsrb` to an image set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from robustness.data.cache import cached
from robustness.data.csv_table import list_table
from robustness.data.dataset import read_twice
from robustness.data.decode import decode
from robustness.data.folder import list_folder
from robustness.data.gtsrb import TEST_TRACKS, list_gtsrb
from robustness.data.hugging_face import read_from_disk
from robustness.data.image_set import ImageSet
from robustness.data.signs.tracks import VERSION, draw_signs
from robustness.data.spool import once_a_run
from robustness.errors import RobustnessError, nearest
from robustness.factory import call_factory, importable
from robustness.files.folders import data_folder, path_from

SPLIT = ("gtsrb", "signs")
"""Sets with a split for training and one for tests."""
REFERENCES = (*SPLIT, "folder:PATH", "csv:FILE", "datasets:FOLDER", "python:package.module:factory")


def load_image_set(
    reference: str, split: str = "test", root: Path | None = None, base: Path | None = None, run: str | None = None
) -> ImageSet:
    """The image set a reference stands for.

    reference: `signs`, the embedded set; `gtsrb`; `folder:PATH`, one sub-folder per class; `csv:FILE`, a table of files and
    labels; `datasets:FOLDER`, a data set of Hugging Face's on disk; `python:package.module:factory`, a torch `Dataset` of image
    and label, which is read twice: a `RobustnessError` where that gives other images.
    split: "train" or "test", for those of `SPLIT`; the others are one and the same set.
    root: where downloaded sets live.
    base: the folder that relative paths and modules start from; the current one by default.
    run: names a run; what code gives is then read by its first process alone, and ends with it.
    """
    base = base or Path.cwd()
    if split not in ("train", "test"):
        raise RobustnessError(f'unknown split {split!r}: "train" or "test"')
    kind, _, rest = reference.partition(":")
    if reference == "signs":
        return cached(f"signs-{split}-{VERSION}", lambda: draw_signs(split))
    if reference == "gtsrb":
        image_set = decode(list_gtsrb(data_folder(root), split))
        return image_set if split == "train" else replace(image_set, dependent=TEST_TRACKS)
    if kind == "folder" and rest:
        return decode(list_folder(path_from(base, rest)))
    if kind == "csv" and rest:
        return decode(list_table(path_from(base, rest)))
    if kind == "datasets" and rest:
        return _once(reference, run, lambda: read_from_disk(path_from(base, rest)))
    if kind == "python" and rest:
        with importable(base):
            return _once(reference, run, lambda: read_twice(reference, lambda: call_factory(rest, base)))
    hint = (
        f"did you mean 'folder:{reference}'?" if reference and (base / reference).is_dir() else nearest(reference, REFERENCES)
    )
    raise RobustnessError(f"unknown data {reference!r}: {hint}")


def _once(reference: str, run: str | None, make: Callable[[], ImageSet]) -> ImageSet:
    return make() if run is None else once_a_run(reference, run, make)
