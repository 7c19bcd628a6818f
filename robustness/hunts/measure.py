"""A declared hunt, run: first what former hunts found, then something new; what is found is kept beside the thresholds."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import hypothesis

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import make_case
from robustness.evaluation.forward import backing_off
from robustness.evaluation.store import Store
from robustness.gate.workbench import Workbench
from robustness.hunts.declare import FINDINGS, Hunt
from robustness.hunts.record import HuntRecord
from robustness.hunts.replay import Fate, Today, is_within
from robustness.models.classifier import Classifier
from robustness.noise import Clean
from robustness.search.finding import Finding, finding_from_json, finding_to_json, read_finding, save_finding
from robustness.search.hunt import PROFILES, Batch, hunt
from robustness.search.replay import Replayed, make_finding, replay

SHAREABLE = ("signs-test",)
"""Image sets whose pictures may be kept under version control: those that the package draws itself."""


@dataclass(frozen=True)
class Former:
    """A finding of a former hunt. tried_by: the hunts of this gate that it lies within."""

    file: Path
    finding: Finding
    tried_by: tuple[Hunt, ...]

    @property
    def shown(self) -> str:
        """The file, from the current folder."""
        return os.path.relpath(self.file)


def read_former(files: Iterable[Path], hunts: Sequence[Hunt]) -> list[Former]:
    """What former hunts found. hunts: all of this gate.

    A file that is no finding, or one on a model that none of them hunts, is a `RobustnessError`: what is not tried is not
    measured.
    """
    former = []
    for file in files:
        finding = read_finding(file)
        on_model = [hunt for hunt in hunts if hunt.model == finding.model]
        if not on_model:
            raise RobustnessError(
                f"{os.path.relpath(file)}: a finding on the model {finding.model!r}, which no hunt here covers, so it would go "
                "untried: write the model's new name into the file, hunt that model again, or delete the file"
            )
        former.append(Former(file, finding, tuple(hunt for hunt in on_model if is_within(finding, hunt))))
    return former


def measure_hunt(declared: Hunt, bench: Workbench) -> HuntRecord:
    """Replay the former findings that lie within what is declared safe, then hunt for a new one.

    One that still breaks the budget ends the hunt; one that does not stays as it is.
    """
    found = bench.started["hunt"]
    if isinstance(found, str):
        raise RobustnessError(found)
    former = read_former(map(Path, found), bench.thresholds.of(Hunt))
    classifier, profile = bench.classifier(declared.model), bench.profile
    mended: list[str] = []
    within_budget: list[str] = []
    beyond = [one.shown for one in former if one.finding.model == declared.model and not one.tried_by]

    def hunted(images: int, right: int) -> HuntRecord:
        return HuntRecord(
            hunt=str(declared),
            place=declared.place,
            model=declared.model,
            safe=tuple(map(str, declared.safe)),
            budget=str(declared.budget),
            profile=profile,
            tried=PROFILES[profile].max_examples,
            images=images,
            right=right,
            mended=tuple(mended),
            within_budget=tuple(within_budget),
            beyond=tuple(beyond),
            words="",
        )

    def caught(finding: Finding, replayed: Replayed, file: Path, known: bool) -> HuntRecord:
        shown = os.path.relpath(file)
        record = replace(
            hunted(finding.images, replayed.right),
            stops=True,
            flipped=replayed.flipped,
            finding=finding,
            file=shown,
            known=known,
            before=replayed.named_before,
            after=replayed.named_after,
            replay=_replay_command(declared, shown, bench),
        )
        return replace(record, words=_in_words(record))

    for one in former:
        if declared not in one.tried_by:
            continue
        try:
            replayed = replay(one.finding, classifier, bench.images)
        except RobustnessError as error:
            raise RobustnessError(f"{one.shown}: {error}; delete the file if it is of no more use") from error
        fate = Today(replayed, declared.budget).fate
        if fate is Fate.BROKEN:
            return caught(one.finding, replayed, one.file, known=True)
        (within_budget if fate is Fate.WITHIN else mended).append(one.shown)
    look = partial(_look, declared, classifier, bench.images, PROFILES[profile], bench.store, bench.run)
    (images, right), new = backing_off(look)
    if new is None:
        record = hunted(images, right)
        return replace(record, words=_in_words(record))
    replayed = replay(new, classifier, bench.images)
    file = _save(new, replayed, bench.thresholds.base / FINDINGS, bench.images)
    return caught(new, replayed, file, known=False)


def _replay_command(declared: Hunt, file: str, bench: Workbench) -> str:
    if bench.thresholds.models[declared.model].load == "fixture":  # which lives in pytest alone
        return f"pytest {shlex.quote(bench.test)}"
    return f"robustness flips replay {shlex.quote(file)} --thresholds {shlex.quote(os.path.relpath(bench.thresholds.file))}"


def _in_words(record: HuntRecord) -> str:
    """What was found, or how hard was looked; and what became of former findings."""
    former = {
        "mended": record.mended,
        f"within today's budget of {record.budget}": record.within_budget,
        "beyond what is declared safe today, so not tried": record.beyond,
    }
    return "; ".join([_found(record), *(f"{fate}: {', '.join(files)}" for fate, files in former.items() if files)])


def _found(record: HuntRecord) -> str:
    found = record.finding
    if found is None:
        return (
            f"no noise up to {', '.join(record.safe)}, alone or mixed, flips more than {record.budget} of {record.right:,} "
            f"right predictions, of up to {record.tried:,} tried (profile {record.profile})"
        )
    if record.known:
        known = " (found by an earlier hunt)"
        becomes = f"is named {record.before} without noise, and {record.after} under {found.smallest}"
    else:
        known = ""
        becomes = f"becomes {record.after} from {found.smallest} on"
    return (
        f"{found.perturbation}, seed {found.seed}, flips {record.flipped:,} of {record.right:,} right predictions, "
        f"{record.flipped / record.right:.4f}; the budget is {record.budget}{known}. Image {found.image}, {found.label}, "
        f"{becomes}"
    )


def _save(finding: Finding, replayed: Replayed, folder: Path, image_set: ImageSet) -> Path:
    try:
        return save_finding(finding, folder, replayed.before, replayed.after, image_set.name in SHAREABLE)
    except OSError as error:
        raise RobustnessError(
            f"{os.path.relpath(folder)}: {error.strerror}, so what a hunt found cannot be kept: {finding.perturbation}, seed "
            f"{finding.seed}, flips {replayed.flipped:,} of {replayed.right:,} right predictions of {finding.model}; make the "
            "folder one that can be written to"
        ) from error


def _look(
    declared: Hunt, classifier: Classifier, image_set: ImageSet, settings: hypothesis.settings, store: Store, run: str
) -> tuple[tuple[int, int], Finding | None]:
    """How many images were looked at and were right, and a finding if there is one.

    What is tried the same every time is tried once, and remembered.
    """
    case = make_case(classifier, image_set, Clean(), 0, run)

    def look() -> list[str]:
        batch = Batch(classifier, image_set, declared.images)
        found = hunt(batch, declared.safe, declared.budget, settings, case.model_hash)
        finding = None if found is None else make_finding(found, batch, declared.budget)
        return [json.dumps([batch.images, len(batch.right)]), *([finding_to_json(finding)] if finding else [])]

    noises = [(str(noise), noise.contract) for noise in declared.safe]
    of_hunt = [noises, str(declared.budget), declared.images, settings.max_examples, hypothesis.__version__]
    of_case = [classifier.name, image_set.name, case.key]
    key = hashlib.sha256(json.dumps(["hunt 2", of_hunt, of_case]).encode()).hexdigest()
    counts, *finding = store.remember(key, case.run, look, case.fingerprint) if settings.derandomize else look()
    images, right = json.loads(counts)
    return (images, right), finding_from_json(finding[0]) if finding else None
