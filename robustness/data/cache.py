"""Image sets that took time to make, kept on disk: made once, read back while their key stays the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from robustness.data.image_set import ImageSet
from robustness.data.pictures import Block
from robustness.errors import RobustnessError
from robustness.files.cache import keeping, locked, mark_used
from robustness.files.folders import cache_folder


def cached(key: str, make: Callable[[], ImageSet]) -> ImageSet:
    """The image set kept under the key (a file name), or made now and kept. Other processes that want it wait."""
    path = cache_folder() / "images" / f"{key}.safetensors"
    with locked(path):
        image_set = read_kept(path)
        if image_set is None:
            image_set = make()
            _save(path, image_set)
        else:
            mark_used(path)
    return image_set


def _save(path: Path, image_set: ImageSet) -> None:
    block = image_set.pictures
    assert isinstance(block, Block)
    arrays: dict[str, npt.NDArray[Any]] = {
        "pixels": block.pixels,
        "shapes": block.shapes,
        "labels": image_set.labels,
        "index": image_set.index,
    }
    if image_set.tracks is not None:
        arrays["tracks"] = image_set.tracks
    about = {"name": image_set.name, "class_names": json.dumps(image_set.class_names), "digest": _digest(image_set)}
    with keeping(path) as partial:
        save_file(arrays, partial, metadata=about)


def read_kept(path: Path) -> ImageSet | None:
    """The kept set; None where there is none, or where its content is not what was kept."""
    if not path.exists():
        return None
    try:
        with safe_open(path, "np") as stored:
            arrays = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
            about = stored.metadata()
        block = Block(arrays["pixels"], arrays["shapes"], name=about["name"])
        names = json.loads(about["class_names"])
        image_set = ImageSet.of(about["name"], block, arrays["labels"], names, arrays.get("tracks"))
        image_set = replace(image_set, index=arrays["index"])
        return image_set if about.get("digest") == _digest(image_set) else None
    except (SafetensorError, OSError, TypeError, KeyError, ValueError, RobustnessError):
        return None


def _digest(image_set: ImageSet) -> str:
    """SHA-256 over everything that is kept."""
    assert isinstance(image_set.pictures, Block)
    arrays = (image_set.pictures.pixels, image_set.pictures.shapes, image_set.labels, image_set.index)
    types = [str(array.dtype) for array in arrays]
    tracks = None if image_set.tracks is None else image_set.tracks.tolist()
    content = [image_set.content_hash, image_set.name, image_set.class_names, types, tracks]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
