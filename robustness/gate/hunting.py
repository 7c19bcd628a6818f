"""A declared hunt, run: first what former hunts found, then something new; what is found is kept beside the thresholds."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import hypothesis

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import is_hashable, make_case, model_identity
from robustness.evaluation.store import Store
from robustness.gate.hunts import Hunt
from robustness.models.classifier import Classifier
from robustness.noise import Clean
from robustness.search.finding import (
    Finding,
    finding_from_json,
    finding_to_json,
    make_finding,
    read_finding,
    replay,
    save_finding,
)
from robustness.search.hunt import Batch, hunt
from robustness.search.perturbation import parse_perturbation

SHAREABLE = ("signs-test",)
"""Image sets whose pictures may be kept under version control: those that the package draws itself."""


@dataclass(frozen=True)
class Hunted:
    """One hunt and what it found, in plain values.

    hunt: its id. budget: as written. images, right: how many were looked at, and named right without noise. flipped: by the
    finding; 0 without one. finding: the content of its file, file: where that is. tried: up to how many perturbations.
    mended: files of former findings that break the budget no more. stops: whether something was found.
    """

    hunt: str
    place: str
    model: str
    safe: tuple[str, ...]
    budget: str
    images: int
    right: int
    flipped: int
    finding: dict[str, Any] | None
    file: str | None
    known: bool
    tried: int
    mended: tuple[str, ...]
    stops: bool
    replay: str | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"words": self.words()}

    def explain(self) -> str:
        """The failure message."""
        return f"{self.place} {self.hunt}\n  {self.words()}\n  replay: {self.replay}"

    def words(self) -> str:
        """What was found, or how hard was looked."""
        mended = f"; mended: {', '.join(self.mended)}" if self.mended else ""
        if self.finding is None:
            return (
                f"no noise up to {', '.join(self.safe)}, alone or mixed, flips more than {self.budget} of {self.right:,} right "
                f"predictions, of up to {self.tried:,} tried{mended}"
            )
        found = self.finding
        known = " (found by an earlier hunt)" if self.known else ""
        return (
            f"{found['perturbation']}, seed {found['seed']}, flips {self.flipped:,} of {self.right:,} right predictions, "
            f"{self.flipped / self.right:.4f}; the budget is {self.budget}{known}. Image {found['image']}, {found['label']}, "
            f"becomes {found['after']} from {found['smallest']} on{mended}"
        )


def run_hunt(
    declared: Hunt,
    classifier: Classifier,
    image_set: ImageSet,
    settings: hypothesis.settings,
    folder: Path,
    replay_with: str,
    store: Store,
    run: str,
) -> Hunted:
    """Replay the folder's findings on this model that lie within what is declared safe, then hunt for a new one.

    A finding that still breaks the budget ends the hunt; one that does not is mended, and stays as it is. replay_with: a
    command, in which {file} stands for a finding. run: see `measure`.
    """
    mended: list[str] = []
    for file, finding in _kept(folder, declared.model):
        if not is_within(finding, declared):
            continue
        try:
            replayed = replay(finding, classifier, image_set)
        except RobustnessError as error:
            raise RobustnessError(f"{file}: {error}; delete the file if it is of no more use") from error
        if Fraction(replayed.flipped, replayed.right) > Fraction(declared.budget):
            images = (finding.images, replayed.right, replayed.flipped)
            return _hunted(declared, settings, replay_with, mended, images, finding, file, known=True)
        mended.append(os.path.relpath(file))
    images, new = _look(declared, classifier, image_set, settings, store, run)
    if new is None:
        return _hunted(declared, settings, replay_with, mended, images)
    folder.mkdir(parents=True, exist_ok=True)
    shown = replay(new, classifier, image_set)
    file = save_finding(new, folder, shown.before, shown.after, image_set.name in SHAREABLE)
    return _hunted(declared, settings, replay_with, mended, images, new, file)


def _look(
    declared: Hunt, classifier: Classifier, image_set: ImageSet, settings: hypothesis.settings, store: Store, run: str
) -> tuple[tuple[int, int, int], Finding | None]:
    """How many images were looked at, were right and flipped, and a finding if there is one.

    What is tried the same every time is tried once, and remembered.
    """

    def look() -> list[str]:
        batch = Batch(classifier, image_set, declared.images)
        found = hunt(batch, declared.safe, declared.budget, settings, model_identity(classifier))
        finding = None if found is None else make_finding(found, batch, declared.budget)
        counts = (batch.images, len(batch.right), finding.flipped if finding else 0)
        return [json.dumps(counts), *([finding_to_json(finding)] if finding else [])]

    noises = [(str(noise), noise.contract) for noise in declared.safe]
    of_hunt = [noises, str(declared.budget), declared.images, settings.max_examples, hypothesis.__version__]
    of_case = [classifier.name, image_set.name, make_case(classifier, image_set, Clean(), 0, run).key]
    key = hashlib.sha256(json.dumps(["hunt 1", of_hunt, of_case]).encode()).hexdigest()
    bound = None if is_hashable(classifier) else run
    counts, *finding = store.remember(key, bound, look) if settings.derandomize else look()
    images, right, flipped = json.loads(counts)
    return (images, right, flipped), finding_from_json(finding[0]) if finding else None


def _hunted(
    declared: Hunt,
    settings: hypothesis.settings,
    replay_with: str,
    mended: list[str],
    images: tuple[int, int, int],
    finding: Finding | None = None,
    file: Path | None = None,
    known: bool = False,
) -> Hunted:
    shown = None if file is None else os.path.relpath(file)
    return Hunted(
        hunt=str(declared),
        place=declared.place,
        model=declared.model,
        safe=tuple(map(str, declared.safe)),
        budget=str(declared.budget),
        images=images[0],
        right=images[1],
        flipped=images[2],
        finding=None if finding is None else asdict(finding),
        file=shown,
        known=known,
        tried=settings.max_examples,
        mended=tuple(mended),
        stops=finding is not None,
        replay=None if shown is None else replay_with.replace("{file}", shlex.quote(shown)),
    )


def is_within(finding: Finding, declared: Hunt) -> bool:
    """Whether a finding's noises lie, together, within what is declared safe."""
    safe = {noise.kind: noise for noise in declared.safe}
    total = 0.0
    for noise in parse_perturbation(finding.perturbation, finding.seed).noises:
        highest = safe.get(noise.kind)
        if highest is None or noise.level is None or noise.identity is None or highest.level is None:
            return False
        share = (noise.level - noise.identity) / (highest.level - noise.identity)
        if share < 0:
            return False
        total += share
    return total <= 1 + 1e-4  # magnitudes have six digits


def _kept(folder: Path, model: str) -> list[tuple[Path, Finding]]:
    """The findings on a model, in the order of their names; a file that is none is an error, not something to skip."""
    try:
        files = sorted(folder / entry.name for entry in os.scandir(folder) if entry.name.endswith(".json"))
    except FileNotFoundError:
        return []
    except OSError as error:  # findings that cannot be read must not count as none
        raise RobustnessError(f"{folder}: {error.strerror}; the findings of former hunts cannot be tried") from error
    return [(file, finding) for file in files if (finding := read_finding(file)).model == model]
