"""A folder with a sub-folder for each class, where class names cannot all be folder names in their order.

Then the sub-folders are numbered. A file beside them tells the names, so that such a folder, read as `folder:PATH`, has the
classes of the set it was made of, also where some of them have no images.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from robustness.errors import RobustnessError
from robustness.files.atomic import PARTIAL

NAMES_FILE = "robustness-classes.json"
"""An object of the sub-folders, in the order of the classes, and their classes' names."""
LONGEST = 200
"""Bytes of a folder's name: file systems take 255, and some count more for letters that are not ASCII."""


def class_folders(names: Sequence[str]) -> list[str]:
    """A folder name for each class, so that alphabetical order is the classes' order.

    The classes' own names, where every system keeps them apart: some take "Cat" for "cat", or one way to write "é" for another.
    """
    apart = len({unicodedata.normalize("NFC", name).casefold() for name in names}) == len(names)
    usable = apart and list(names) == sorted(names) and all(map(_is_folder_name, names))
    return list(names) if usable else [f"{label:05d}" for label in range(len(names))]


def _is_folder_name(name: str) -> bool:
    plain = name.isprintable() and not set(name) & set('/\\:*?"<>|') and len(name.encode("utf-8", "replace")) <= LONGEST
    return plain and name == name.strip(" .") != "" and name not in (NAMES_FILE, "__MACOSX") and not name.endswith(PARTIAL)


def write_class_names(folder: Path, names: Sequence[str]) -> None:
    told = dict(zip(class_folders(names), names, strict=True))
    (folder / NAMES_FILE).write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_class_names(folder: Path) -> dict[str, str] | None:
    """The classes' names by sub-folder, in the order of the classes, or None where no file tells them."""
    file = folder / NAMES_FILE
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise RobustnessError(f"{file}: not JSON ({error}); delete it, and the sub-folders' names are the classes'") from error
    if not isinstance(told, dict) or not all(isinstance(name, str) for name in told.values()):
        raise RobustnessError(f"{file}: an object of sub-folders and class names is wanted; delete it, or write it again")
    if len(set(told.values())) < len(told):
        raise RobustnessError(f"{file}: two sub-folders have one class name; delete the file, or write it again")
    return told
