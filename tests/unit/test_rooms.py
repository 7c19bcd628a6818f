"""The house: each room imports only rooms above it in CONTRIBUTING.md's list, and no room has grown too big."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "robustness"
FILES = sorted(PACKAGE.rglob("*.py"))
BIGGEST = 0.17
"""Of the package's lines, what one room may have."""


def rooms() -> list[str]:
    """The rooms from above to below, as the tree in CONTRIBUTING.md lists them."""
    tree = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("\nrobustness/\n")[2].partition("\ntests/\n")[0]
    return [name for name in re.findall(r"^    ([a-z_]+)(?:/|\.py) ", tree, re.MULTILINE) if name != "weights"]


def room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """Line and room of every import of the package's own, inside functions and for type checking too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names: list[str] = []
        if not isinstance(node, ast.ImportFrom | ast.Import):
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are written in full"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            names = [alias.name for alias in node.names]
        for name in names:
            package, _, rest = name.partition(".")
            if package == "robustness" and rest:
                yield node.lineno, rest.partition(".")[0]


def test_the_list_has_every_room():
    assert {room_of(file) for file in FILES} - {"__init__"} == set(rooms())
    assert len(rooms()) == len(set(rooms()))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_go_one_way(file):
    order, room = rooms(), room_of(file)
    if room == "__init__":  # the names that users import
        return
    wrong = [
        f"{file.relative_to(ROOT)}:{line} imports {other}"
        for line, other in imported(file)
        if other not in order or order.index(other) > order.index(room)
    ]
    assert wrong == []


def test_there_are_imports_to_read():
    seen = Counter(other for file in FILES for _, other in imported(file))
    assert seen["errors"] > 50
    assert seen["gate"] > 10


@pytest.mark.parametrize(
    ("room", "may"),
    [("statistics", "errors"), ("declaration", "errors files statistics data noise models")],
    ids=lambda name: name,
)
def test_some_rooms_know_little(room, may):
    """Numbers in, numbers out; and a file is read by whoever does not know what it promises."""
    of_room = {other for file in FILES if room_of(file) == room for _, other in imported(file)}
    assert of_room <= {room, *may.split()}


def counted_in(file: Path) -> str:
    """The room; of noise, its kinds and its forms, which have a file and a folder for each, count by themselves."""
    parts = file.relative_to(PACKAGE).parts
    return "/".join(parts[:2]) if parts[:2] in (("noise", "kinds"), ("noise", "forms")) else room_of(file)


def test_no_room_is_too_big():
    lines = Counter()
    for file in PACKAGE.rglob("*"):
        if file.suffix in (".py", ".jinja"):
            lines[counted_in(file)] += len(file.read_text(encoding="utf-8").splitlines())
    room, most = lines.most_common(1)[0]
    assert most <= BIGGEST * lines.total(), f"{room} has {most} of {lines.total()} lines"
