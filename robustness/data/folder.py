"""Images of the user's own in a folder, with a sub-folder for each class."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from robustness.data.class_folders import NAMES_FILE, read_class_names
from robustness.data.decode import Listing
from robustness.data.image_files import entries, find_images, is_hidden, is_image, mode_of
from robustness.data.image_set import check_class_names
from robustness.errors import RobustnessError, some
from robustness.files.atomic import PARTIAL


def list_folder(folder: Path) -> Listing:
    """The images of a folder with one sub-folder per class; classes and files in alphabetical order.

    Where the folder was written by this package, a file in it tells the classes' names. Every image in the folder is in the
    listing; a `RobustnessError` names one that cannot be.
    """
    rows: list[tuple[Path, Path]] = []
    beside: list[Path] = []
    others: list[Path] = []
    empty: list[str] = []
    for path in entries(folder):
        if path.name.endswith(PARTIAL):
            raise RobustnessError(f"{path}: the writing of this folder was cut off; delete it, and write the images again")
        mode = mode_of(path)
        if not stat.S_ISDIR(mode):
            if path.name != NAMES_FILE:
                (beside if is_image(path, mode) else others).append(path)
            continue
        _check_link(path, folder)
        found = find_images(path)
        rows += [(file, path) for file in found.images]
        others += found.others
        if not found.images and not is_hidden(path):
            empty.append(path.name)
    if not rows:
        raise RobustnessError(f"{folder}: no images in sub-folders; folder:PATH names one with a sub-folder per class")
    if beside:
        raise RobustnessError(f"{beside[0]}: an image beside the classes' folders; move it into one of them, or away")
    named = _class_names(folder, list(dict.fromkeys(class_folder.name for _, class_folder in rows)))
    folders = list(named)
    return Listing(
        name=f"folder:{folder.name}",
        files=[file for file, _ in rows],
        labels=[folders.index(class_folder.name) for _, class_folder in rows],
        class_names=list(named.values()),
        left_out=_left_out([file.relative_to(folder).as_posix() for file in others], [n for n in empty if n not in named]),
    )


def _check_link(class_folder: Path, folder: Path) -> None:
    """A class may lie elsewhere; what lies in this folder already would be read twice, or without end."""
    if class_folder.is_symlink():
        here, there = (Path(os.path.realpath(path)) for path in (folder, class_folder))
        if here.is_relative_to(there) or there.is_relative_to(here):
            raise RobustnessError(f"{class_folder}: a link into the same folder, whose images would count twice; delete it")


def _class_names(folder: Path, with_images: list[str]) -> dict[str, str]:
    """The classes' names by sub-folder, in the order of the classes."""
    named = read_class_names(folder) or {name: name for name in with_images}
    if unnamed := [name for name in with_images if name not in named]:
        raise RobustnessError(
            f"{folder / NAMES_FILE}: names no class for the sub-folder {unnamed[0]}; add it, or delete the file"
        )
    check_class_names(str(folder), list(named.values()))
    return named


def _left_out(others: list[str], empty: list[str]) -> str | None:
    """A sentence; None where all that there is are images."""
    parts = []
    if others:
        are = "file that is no image was" if len(others) == 1 else "files that are no images were"
        parts.append(f"{len(others):,} {are} left out: {some(others)}")
    if empty:
        are = "sub-folder without images is no class" if len(empty) == 1 else "sub-folders without images are no classes"
        parts.append(f"{len(empty):,} {are}: {some(empty)}")
    return "; ".join(parts) or None
