"""Image sets that took time to make, kept on disk: made once, read back while their key stays the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from robustness.data.image_set import ImageSet
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
    arrays = {name: getattr(image_set, name) for name in ("pixels", "shapes", "labels", "index")}
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
        image_set = ImageSet(name=about["name"], class_names=tuple(json.loads(about["class_names"])), **arrays)
    except (SafetensorError, OSError, TypeError, KeyError, ValueError, RobustnessError):
        return None
    return image_set if about.get("digest") == _digest(image_set) else None


def _digest(image_set: ImageSet) -> str:
    """SHA-256 over everything that is kept."""
    types = [str(array.dtype) for array in (image_set.pixels, image_set.shapes, image_set.labels, image_set.index)]
    tracks = None if image_set.tracks is None else image_set.tracks.tolist()
    content = [image_set.content_hash, image_set.name, image_set.class_names, types, tracks]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
