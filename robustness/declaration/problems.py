"""What is wrong with a thresholds file: everything at once, each problem with its line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from robustness.declaration.places import KeyPath
from robustness.errors import RobustnessError


class Problems:
    """Collected over one reading of a file. lines: of its keys, by path."""

    def __init__(self, file: Path, lines: Mapping[KeyPath, int]) -> None:
        self.file, self.lines = file, lines
        self.found: set[tuple[int, str]] = set()

    def add(self, path: KeyPath, message: str, line: int | None = None) -> None:
        text = f"{_spell(path)}: {message}".replace("\n", "\\n")  # a key, quoted, may break the line that is its problem's
        self.found.add((line or self.line(path), text))

    def line(self, path: KeyPath) -> int:
        """The line of the key, or of the nearest table around it that is written down."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def place(self, path: KeyPath) -> str:
        """File and line, as a message names them."""
        return f"{self.file.name}:{self.line(path)}"

    def error(self) -> RobustnessError:
        listed = "\n".join(f"  {self.file.name}:{line}: {message}" for line, message in sorted(self.found))
        count = len(self.found)
        return RobustnessError(f"{self.file.name} cannot be used: {count} problem{'s' * (count > 1)}\n{listed}")


def _spell(path: KeyPath) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' * bool(text)}{part}"
    return text
