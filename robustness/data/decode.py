"""From a listing of image files to an image set."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from robustness.data.image_set import ImageSet
from robustness.data.pictures import Files, stamp_of
from robustness.data.pillow import readers

VERSION = 3  # of how files are read; raise it when a picture comes to be another


@dataclass(frozen=True)
class Listing:
    """The files of a set in their order, and what is known of each."""

    name: str
    files: Sequence[Path]
    labels: Sequence[int]
    class_names: Sequence[str]
    tracks: Sequence[int] | None = None
    group_names: Sequence[str] | None = None
    left_out: str | None = None  # what lies beside the images and is none, in a sentence


def decode(listing: Listing) -> ImageSet:
    """The image set behind a listing. Its files are read when they are asked for; here each is looked at, whether it is one."""
    stamps = [stamp_of(file) for file in listing.files]
    about = [VERSION, readers(), listing.name, list(listing.class_names), listing.tracks and list(listing.tracks)]
    digest = hashlib.sha256(json.dumps(about).encode())
    for file, label, stamp in zip(listing.files, listing.labels, stamps, strict=True):
        digest.update(f"{os.path.abspath(file)}|{label}|{stamp}\n".encode())
    pictures = Files(list(listing.files), stamps, digest.hexdigest())
    return ImageSet.of(
        listing.name, pictures, listing.labels, listing.class_names, listing.tracks, listing.left_out, listing.group_names
    )
