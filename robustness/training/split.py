"""Training and validation images, without leaking one physical object into both."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from robustness.data.image_set import ImageSet

Places = npt.NDArray[np.int64]


def split_by_track(image_set: ImageSet, share: float, seed: int) -> tuple[Places, Places]:
    """Places of training and validation images: whole tracks, drawn class by class, at least one of each on both sides.

    Where a set has no tracks, each image counts as its own. A class with a single track trains only.
    """
    generator = np.random.default_rng(seed)
    groups = np.arange(len(image_set)) if image_set.tracks is None else image_set.tracks
    held_out: list[Places] = []
    for label in range(len(image_set.class_names)):
        tracks = np.unique(groups[image_set.labels == label])
        count = min(max(1, round(share * len(tracks))), len(tracks) - 1)
        if count > 0:
            held_out.append(generator.permutation(tracks)[:count])
    validation = np.isin(groups, np.concatenate(held_out)) if held_out else np.zeros(len(groups), dtype=bool)
    return np.flatnonzero(~validation), np.flatnonzero(validation)
