"""Whether a file of the cache folder still is what was written."""

from __future__ import annotations

import json

from robustness.data.cache import read_kept
from robustness.data.prepared_images import is_whole
from robustness.data.spool import is_spool
from robustness.files.arrays import read_arrays
from robustness.files.housekeeping import Kept


def is_intact(file: Kept) -> bool:
    """Reads all of it. Sentences in JSON, as the first versions kept them, have no digest: they are tried as JSON alone."""
    if file.kind == "images":
        return read_arrays(file.path) is not None or read_kept(file.path) is not None or is_whole(file.path)
    if file.path.suffix == ".json":
        try:
            return isinstance(json.loads(file.path.read_text(encoding="utf-8")), list)
        except (OSError, ValueError):
            return False
    return read_arrays(file.path) is not None or (file.kind == "runs" and is_spool(file.path))
