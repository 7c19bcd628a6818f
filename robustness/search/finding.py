"""A finding: what a hunt found, in a small file that can be kept with the code and read back."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import ConfigDict, TypeAdapter, ValidationError

from robustness.data.picture import viewable
from robustness.errors import RobustnessError, in_one_line
from robustness.files.atomic import replacing
from robustness.files.schemas import unreadable
from robustness.search.perturbation import Perturbation, parse_perturbation

SCHEMA = 1

ENLARGED, SMALL = 4, 128
"""How many times pictures of up to so many pixels are enlarged."""
GAP = 2
"""Pixels of an image, before it is enlarged."""

PICTURES = "*.png"

BUDGET = re.compile(r"[0-9]+(\.[0-9]+)?(E-[0-9]{1,3})?")
"""As Python writes a share in decimal. An exponent without end would be worked out without end."""

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Finding:
    """Numbers and texts only, as they stand in the file.

    model: its name in the thresholds file; where it changes there, it is changed here by hand. contract: of each noise.
    perturbation: its text form; seed: its seed. images: how many were looked at; right: how many of them were named right
    without noise; flipped: how many of those are named otherwise with it, more than the share budget; flipped_images: their
    indices in the original set, rising. image: the index of the one that flips first, label: what it is, before and after:
    what it was named without noise and under `smallest`, the least of the perturbation that does it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    schema: int
    model: str
    model_hash: str
    data: str
    data_hash: str
    contract: tuple[int, ...]
    perturbation: str
    seed: int
    images: int
    right: int
    flipped: int
    budget: str
    flipped_images: tuple[int, ...]
    image: int
    label: str
    before: str
    after: str
    smallest: str

    @property
    def sha256(self) -> str:
        """Of the content but the model's name, which may be changed."""
        content = {name: value for name, value in asdict(self).items() if name != "model"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def name(self) -> str:
        """Of the files, without an ending."""
        return f"{self.model}-{self.sha256[:8]}"


def save_finding(finding: Finding, folder: Path, before: Picture, after: Picture, may_share: bool) -> Path:
    """Write the finding and, beside it, the picture of its image; the same finding makes the same bytes. Returns the file.

    before, after: uint8 of shape (H, W, channels). may_share: whether the data may be handed on; if not, Git is told to
    leave the pictures of this folder out.
    """
    if not may_share:
        _ignore_pictures(folder)
    with replacing(folder / f"{finding.name}.png") as partial:
        draw_pair(before, after).save(partial, "PNG", optimize=True)
    file = folder / f"{finding.name}.json"
    with replacing(file) as partial:
        partial.write_bytes(finding_to_json(finding).encode())  # as bytes, or Windows would end its lines otherwise
    return file


def draw_pair(before: Picture, after: Picture) -> Image.Image:
    """Two pictures, uint8 of shape (H, W, channels), side by side; small ones `ENLARGED`, each pixel a square."""
    gap = np.full((len(before), GAP, before.shape[2]), 255, dtype=np.uint8)
    pair = np.concatenate([before, gap, after], axis=1)
    times = ENLARGED if max(before.shape[:2]) <= SMALL else 1
    return viewable(pair.repeat(times, axis=0).repeat(times, axis=1))


def read_finding(file: Path) -> Finding:
    """The content of a finding's file; whatever is not what was written is a `RobustnessError` that names the file."""
    try:
        return finding_from_json(file.read_bytes())
    except FileNotFoundError:
        raise RobustnessError(f"{file}: no such finding") from None
    except OSError as error:
        raise RobustnessError(f"{file}: {error.strerror}") from error
    except RobustnessError as error:
        raise RobustnessError(f"{file}: {error}") from error


def finding_to_json(finding: Finding) -> str:
    """The fields in the order of their names, and the SHA-256 that tells whether they are still those that were written."""
    return json.dumps(asdict(finding) | {"sha256": finding.sha256}, indent=2, sort_keys=True) + "\n"


def finding_from_json(text: str | bytes) -> Finding:
    """The inverse of `finding_to_json`; anything else is a `RobustnessError`."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RobustnessError(f"not a finding: {error}") from error
    if not isinstance(content, dict):
        raise RobustnessError("not a finding, but JSON of something else")
    if content.get("schema") != SCHEMA:
        raise RobustnessError(unreadable("findings", content.get("schema"), SCHEMA, content.get("made_by")))
    sha256 = content.pop("sha256", None)
    try:
        finding = TypeAdapter(Finding).validate_json(json.dumps(content))
    except ValidationError as error:
        raise RobustnessError(f"not a finding: {'; '.join(map(_in_words, error.errors()))}") from error
    if sha256 not in (finding.sha256, _first_sha256(finding)):
        raise RobustnessError("damaged: the content is not what was saved")
    perturbations(finding)
    if not BUDGET.fullmatch(finding.budget) or Fraction(finding.budget) >= 1:
        raise RobustnessError(f"the budget is not a share below 1: {finding.budget!r}")
    flipped = list(finding.flipped_images)
    if flipped != sorted(set(flipped)) or not 0 < len(flipped) == finding.flipped <= finding.right <= finding.images:
        raise RobustnessError("the numbers of images, those named right and those flipped contradict each other")
    return finding


def _first_sha256(finding: Finding) -> str:
    """As findings were kept at first: of the model's name too."""
    return hashlib.sha256(json.dumps(asdict(finding), sort_keys=True).encode()).hexdigest()


def perturbations(finding: Finding) -> tuple[Perturbation, Perturbation]:
    """The one of the finding, and the smallest of its image."""
    return parse_perturbation(finding.perturbation, finding.seed), parse_perturbation(finding.smallest, finding.seed)


def _ignore_pictures(folder: Path) -> None:
    """A line for Git in the folder; what else stands there stays."""
    file = folder / ".gitignore"
    lines = file.read_text().splitlines() if file.exists() else []
    if PICTURES not in lines:
        with replacing(file) as partial:
            partial.write_text("\n".join([*lines, PICTURES, ""]))


def _in_words(problem: Any) -> str:
    where = in_one_line(".".join(map(str, problem["loc"])))
    match problem["type"]:
        case "missing":
            return f"{where} is missing"
        case "unexpected_keyword_argument":
            return f"{where} is unknown"
    return f"{where}: {problem['msg'][0].lower()}{problem['msg'][1:]}"
