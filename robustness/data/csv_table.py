"""Images that a table names: a CSV file with a row for each, and columns for its file, its label and perhaps its group."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from robustness.data.decode import Listing
from robustness.data.image_set import MOST_CLASSES, check_class_names
from robustness.errors import RobustnessError

FILE, LABEL, GROUP = (
    ("file", "file_name", "filename", "path", "image"),
    ("label", "class", "target"),
    ("group", "track", "patient"),
)
"""Names of the columns, in capital or small letters; one of each."""


@dataclass(frozen=True)
class _Row:
    line: int
    file: Path
    label: str
    group: str | None


def list_table(table: Path) -> Listing:
    """The images of a table. Files are named from its folder. Labels are texts, whose classes stand in alphabetical order, or
    all of them whole numbers from 0. A `RobustnessError` names the line that cannot be used.
    """
    rows = list(_rows(table))
    if not rows:
        raise RobustnessError(f"{table}: no rows below the head; a row names an image file and its label")
    names = _class_names(table, rows)
    numbers = {name: number for number, name in enumerate(names)}
    (name, count), *_ = Counter(os.path.realpath(row.file) for row in rows).most_common(1)
    if count > 1:
        line = [row.line for row in rows if os.path.realpath(row.file) == name][1]
        raise RobustnessError(f"{table}:{line}: {name} stands in {count} rows, and would count {count} times; keep one")
    groups: dict[str | None, int] = {}
    return Listing(
        name=f"csv:{table.name}",
        files=[row.file for row in rows],
        labels=[numbers[row.label] for row in rows],
        class_names=names,
        tracks=None if rows[0].group is None else [groups.setdefault(row.group, len(groups)) for row in rows],
        group_names=None if rows[0].group is None else list(dict.fromkeys(str(row.group) for row in rows)),
    )


def _rows(table: Path) -> Iterator[_Row]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, dialect=_dialect(table), strict=True)
            heads = [name.strip().lower() for name in reader.fieldnames or () if name]
            if doubled := [name for name, count in Counter(heads).items() if count > 1]:
                raise RobustnessError(f"{table}:1: {doubled[0]!r} heads two columns; keep one")
            columns = {name.strip().lower(): name for name in reader.fieldnames or () if name}
            path, label = _column(table, columns, FILE), _column(table, columns, LABEL)
            group = next((columns[name] for name in GROUP if name in columns), None)
            for row in reader:
                line = reader.line_num
                cells = [row[path], row[label], *([row[group]] if group else [])]
                if None in row or None in cells or not all(str(cell).strip() for cell in cells):
                    raise RobustnessError(
                        f"{table}:{line}: a cell is empty or one too many; give a file and a label in each row"
                    )
                yield _Row(line, _file(table, line, row[path]), row[label].strip(), row[group].strip() if group else None)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        said = getattr(error, "strerror", None) or error
        raise RobustnessError(
            f"{table}: not a table in UTF-8 ({said}); csv:FILE names one with the columns file and label"
        ) from error


def _dialect(table: Path) -> type[csv.Dialect]:
    """Comma, semicolon or tab, as the head has it."""
    with table.open(newline="", encoding="utf-8-sig") as file:
        head = file.readline()
    return type("Found", (csv.excel,), {"delimiter": max(",;\t", key=head.count)})


def _column(table: Path, columns: dict[str, str], names: tuple[str, ...]) -> str:
    found = [columns[name] for name in names if name in columns]
    if len(found) != 1:
        have = ", ".join(columns.values()) or "none"
        raise RobustnessError(f"{table}:1: one column is named {' or '.join(names)}; its columns: {have}")
    return found[0]


def _file(table: Path, line: int, name: str) -> Path:
    name = name.strip()
    if not name.isprintable():
        raise RobustnessError(f"{table}:{line}: {name!r} is a name that cannot be printed; rename the file")
    file = table.parent / name
    if not file.is_file():
        raise RobustnessError(f"{table}:{line}: {file}: no such file; restore it, or take the row out")
    return file


def _class_names(table: Path, rows: list[_Row]) -> list[str]:
    labels = {row.label for row in rows}
    if all(label.isascii() and label.isdigit() for label in labels):
        if large := next((label for label in labels if len(label) > 5 or int(label) >= MOST_CLASSES), None):
            raise RobustnessError(f"{table}: the label {large[:20]} is a number above {MOST_CLASSES - 1:,}; write names")
        if other := next((label for label in labels if str(int(label)) != label), None):
            raise RobustnessError(f"{table}: the label {other} is a number with zeros before it; write {int(other)}, or a name")
        return [str(number) for number in range(max(map(int, labels)) + 1)]
    names = sorted(labels)
    check_class_names(str(table), names)
    return names
