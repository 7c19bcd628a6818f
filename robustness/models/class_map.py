"""A network of more classes than the images have: which logit stands for which class, and what becomes of the others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from robustness.errors import RobustnessError

if TYPE_CHECKING:
    import torch

OUTSIDE = "(another class)"
"""The name of the class that predictions outside of a set's classes have; no image is of it."""


@dataclass(frozen=True)
class ClassMap:
    """logits: name of a class, and the number of its logit; there may be classes that a set does not have. open: whether the
    network may also name another class, which is wrong; else the largest of these logits alone decides.
    """

    logits: tuple[tuple[str, int], ...]
    open: bool

    def numbers(self, class_names: Sequence[str]) -> list[int]:
        """The logit of each class of a set. A `RobustnessError` names one that has none."""
        known = dict(self.logits)
        names = [name for name in class_names if name != OUTSIDE]
        if missing := [name for name in names if name not in known]:
            raise RobustnessError(f"the class {missing[0]!r} of the data has no logit: add it to `classes` of the model")
        return [known[name] for name in names]

    def apply(self, logits: torch.Tensor, class_names: Sequence[str]) -> torch.Tensor:
        """Logits of a set's classes, of shape (N, classes) with one for `OUTSIDE` where the set or the map has it.

        logits: of shape (N, all of the network's classes).
        """
        import torch  # not where a thresholds file is only read

        numbers = self.numbers(class_names)
        if max(numbers) >= logits.shape[1]:
            raise RobustnessError(f"the network has {logits.shape[1]} logits, and `classes` names number {max(numbers)}")
        own = logits[:, numbers]
        others = torch.ones(logits.shape[1], dtype=torch.bool)
        others[numbers] = False
        asked = logits if self.open else own
        undecided = (asked == asked[:, :1]).all(dim=1)
        column = torch.full((logits.shape[1],), len(numbers))
        column[numbers] = torch.arange(len(numbers))
        decides = logits if self.open else logits.masked_fill(others, -torch.inf)
        winner = column[decides.argmax(dim=1)]  # of equal logits the lowest, as without a map
        mapped = own
        if self.open or class_names[-1] == OUTSIDE:
            outside = logits[:, others].max(dim=1).values if self.open and bool(others.any()) else own.min(dim=1).values - 1
            mapped = torch.cat([own, torch.where(undecided, own[:, 0], outside)[:, None]], dim=1)
        tied = ~undecided & (mapped.argmax(dim=1) != winner)
        if bool(tied.any()):
            mapped = mapped.clone()
            largest = mapped[tied].max(dim=1).values
            mapped[tied, winner[tied]] = torch.nextafter(largest, torch.full_like(largest, torch.inf))
        return mapped

    def rivals(self, logits: torch.Tensor, class_names: Sequence[str]) -> tuple[torch.Tensor, list[int]]:
        """The logits that compete for the largest, and the column of each of a set's classes in them.

        logits: as `apply` takes them.
        """
        numbers = self.numbers(class_names)
        return (logits, numbers) if self.open else (logits[:, numbers], [*range(len(numbers))])


def read_class_map(written: Mapping[str, int] | str, outside: str, base: Path) -> ClassMap:
    """written: by class, the number of its logit; or a JSON file with such an object, from `base`."""
    numbers: object = written
    if isinstance(written, str):
        file = base / written
        try:
            numbers = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=_once_each)
        except (OSError, ValueError, RecursionError) as error:
            raise RobustnessError(
                f"{file}: not a JSON object of class names and the numbers of their logits ({error})"
            ) from error
    if not isinstance(numbers, Mapping) or not numbers:
        raise RobustnessError("classes: an object of class names and the numbers of their logits is wanted")
    for name, number in numbers.items():
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise RobustnessError(f"classes: {name!r} has {number!r}, not the number of a logit, 0 or more")
    doubled = {number for number in numbers.values() if list(numbers.values()).count(number) > 1}
    if doubled:
        names = [name for name, number in numbers.items() if number in doubled][:2]
        raise RobustnessError(f"classes: {names[0]!r} and {names[1]!r} have the same logit; give each class its own")
    return ClassMap(tuple(sorted(numbers.items())), outside == "wrong")


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands twice")
    return found


def without_outside(class_names: Sequence[str]) -> tuple[str, ...]:
    """The classes that images are of."""
    return tuple(class_names[:-1] if class_names and class_names[-1] == OUTSIDE else class_names)
