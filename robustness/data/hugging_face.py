"""Data sets that Hugging Face's `datasets` wrote with `save_to_disk`. Nothing is downloaded, and no code of theirs runs."""

from __future__ import annotations

from pathlib import Path

from robustness.data.dataset import read_dataset
from robustness.data.image_set import ImageSet
from robustness.errors import RobustnessError, described
from robustness.extras import import_extra


def read_from_disk(folder: Path) -> ImageSet:
    """The images of a folder with one split. A `RobustnessError` where it has several: name the folder of one."""
    if not folder.is_dir():
        raise RobustnessError(f"{folder}: no such folder; datasets:FOLDER names one that save_to_disk wrote")
    datasets = import_extra("datasets", "datasets")
    try:
        found = datasets.load_from_disk(str(folder))
    except Exception as error:  # whatever a damaged folder makes of it
        raise RobustnessError(f"{folder}: not a data set that save_to_disk wrote ({described(error)})") from error
    if isinstance(found, dict):
        raise RobustnessError(
            f"{folder}: has the splits {', '.join(found)}: name the folder of one, such as {folder / next(iter(found))}"
        )
    return read_dataset(f"datasets:{folder.name}", found)
