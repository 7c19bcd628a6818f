"""The German Traffic Sign Recognition Benchmark on disk: three layouts in the wild, one listing.

Source: J. Stallkamp, M. Schlipsing, J. Salmen, C. Igel, "Man vs. computer: Benchmarking machine learning algorithms for
traffic sign recognition", Neural Networks 32, 2012. 43 classes; 39,209 training images in tracks of 30 frames of one
physical sign, 12,630 test images whose tracks are not published.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from robustness.data.decode import Listing
from robustness.data.sign_names import SIGN_NAMES
from robustness.errors import RobustnessError

COUNTS = {"train": 39_209, "test": 12_630}
TEST_TRACKS = "GTSRB's test images are 421 signs photographed 30 times each, and which show the same sign is not published"
FETCH = "`robustness data fetch gtsrb` downloads the official archives"

# Under the root or its folder `gtsrb` (torchvision's): torchvision's name first, then the official archive's.
TRAIN_FOLDERS = ("GTSRB/Training", "GTSRB/Final_Training/Images", "Final_Training/Images")
TEST_FOLDERS = ("GTSRB/Final_Test/Images", "Final_Test/Images")
TEST_LABELS = "GT-final_test.csv"
KAGGLE_TABLES = {"train": "Train.csv", "test": "Test.csv"}

Row = tuple[Path, int, int | None]  # file, label, track number within its class


def list_gtsrb(root: Path, split: str) -> Listing:
    """The files of a split ("train" or "test") under root, in a fixed order, with their labels and, in training, tracks."""
    rows = list(_rows(root, split))
    if split == "train":  # Kaggle's table has an order of its own; an image's place must not depend on the layout
        rows.sort(key=lambda row: (row[1], row[0].stem.split("_")[-2:]))
    if len(rows) != COUNTS[split]:
        hint = " (26,640 is torchvision's own, smaller archive)" if len(rows) == 26_640 else ""
        raise RobustnessError(f"{root}: {len(rows):,} images in GTSRB's {split} split, not {COUNTS[split]:,}{hint}; {FETCH}")
    file, count = Counter(file for file, _, _ in rows).most_common(1)[0]
    if count > 1:
        raise RobustnessError(f"{file}: stands {count} times in GTSRB's {split} split, so others are left out; {FETCH}")
    tracks = [label * 100_000 + track for _, label, track in rows if track is not None]
    return Listing(
        name=f"gtsrb-{split}",
        files=[file for file, _, _ in rows],
        labels=[label for _, label, _ in rows],
        class_names=SIGN_NAMES,
        tracks=tracks if len(tracks) == len(rows) else None,
    )


def _rows(root: Path, split: str) -> Iterator[Row]:
    for base in (root / "gtsrb", root):
        if (base / KAGGLE_TABLES[split]).exists():
            return _kaggle_rows(base, split)
        if split == "train":
            for folder in (base / name for name in TRAIN_FOLDERS):
                if folder.is_dir():
                    return _training_rows(folder)
        else:
            for folder in (base / name for name in TEST_FOLDERS):
                if folder.is_dir():
                    return _test_rows(folder, base / TEST_LABELS)
    raise RobustnessError(
        f"{root}: no GTSRB {split} split here, in torchvision's, the official or Kaggle's layout; "
        f"name its folder with --root or ROBUSTNESS_DATA, or fetch it: {FETCH}"
    )


def _training_rows(folder: Path) -> Iterator[Row]:
    """`00014/00003_00029.ppm`: class 14, track 3, frame 29; each class folder has a table `GT-00014.csv`."""
    for label in range(len(SIGN_NAMES)):
        class_folder = folder / f"{label:05d}"
        table = class_folder / f"GT-{label:05d}.csv"
        for place, row in _read_table(table, ";"):
            found = _label(row, table, place)
            if found != label:
                raise RobustnessError(f"{table}:{place}: class {found} in the folder of class {label}")
            name = row["Filename"]
            yield _inside(class_folder, name, table, place), label, _track(name, table, place)


def _test_rows(folder: Path, table: Path) -> Iterator[Row]:
    for place, row in _read_table(table, ";"):
        yield _inside(folder, row["Filename"], table, place), _label(row, table, place), None


def _kaggle_rows(base: Path, split: str) -> Iterator[Row]:
    """`Train.csv` and `Test.csv` name PNG files in `Path`; training files read `00014_00003_00029.png`."""
    table = base / KAGGLE_TABLES[split]
    for place, row in _read_table(table, ","):
        label, path = _label(row, table, place), row["Path"]
        name = Path(path).name.partition("_")[2]
        yield _inside(base, path, table, place), label, _track(name, table, place) if split == "train" else None


def _read_table(table: Path, delimiter: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV file with the line each stands in."""
    wanted = {"ClassId", "Filename" if delimiter == ";" else "Path"}
    try:
        with table.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, delimiter=delimiter)
            if absent := wanted - set(reader.fieldnames or ()):
                raise RobustnessError(f"{table}:1: no column {' or '.join(sorted(absent))}; {FETCH}")
            for row in reader:
                if None in row.values():
                    raise RobustnessError(f"{table}:{reader.line_num}: the row is cut short; {FETCH}")
                yield reader.line_num, row
    except FileNotFoundError:
        raise RobustnessError(f"{table}: missing; {FETCH}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RobustnessError(f"{table}: not a table in UTF-8 ({error}); {FETCH}") from error


def _inside(folder: Path, name: str, table: Path, place: int) -> Path:
    """The file that a table names; one elsewhere on the disk is none of the set's."""
    if Path(name).is_absolute() or ".." in Path(name).parts or not name.isprintable():
        raise RobustnessError(f"{table}:{place}: {name!r} is no file in {folder}")
    return folder / name


def _label(row: dict[str, str], table: Path, place: int) -> int:
    text = row["ClassId"]
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) < len(SIGN_NAMES)):
        raise RobustnessError(f"{table}:{place}: ClassId {text!r} lies outside 0..{len(SIGN_NAMES) - 1}")
    return int(text)


def _track(name: str, table: Path, place: int) -> int:
    track = name.partition("_")[0]
    if not (track.isascii() and track.isdigit() and len(track) <= 5):
        raise RobustnessError(f"{table}:{place}: {name!r} does not begin with a track number")
    return int(track)
