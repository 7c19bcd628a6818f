"""`robustness calibrate`."""

from __future__ import annotations

import argparse
import sys
import uuid
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from robustness.cli.arguments import Commands, add_root
from robustness.errors import RobustnessError

if TYPE_CHECKING:
    from fractions import Fraction

    from robustness.data import ImageSet
    from robustness.gate.thresholds import Thresholds
    from robustness.limits.calibrate import Asked, Change, Subject
    from robustness.models.classifier import Classifier


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    calibrate = commands.add_parser(
        "calibrate",
        help="measure the declared models and write the accuracy limits",
        description="Measure what thresholds.toml asks an accuracy of, and write into it what was measured, less a margin, "
        "rounded down to a tenth of a point. Comments, order and all else stay.",
        epilog="Example: robustness calibrate --margin 0.5 --ratchet",
    )
    calibrate.add_argument(
        "--thresholds", type=Path, metavar="FILE", help="default: %(default)s", default=Path("thresholds.toml")
    )
    calibrate.add_argument(
        "--margin", type=float, default=1.0, metavar="POINTS", help="below what was measured (default: %(default)g point)"
    )
    calibrate.add_argument(
        "--retrained",
        action="append",
        default=[],
        metavar="MODEL=FILE",
        help="weights of the same network trained with another seed, five times or more for a model: its limits are then what "
        "one more training reaches with a probability of 95 %%, by the spread of these and the declared one",
    )
    calibrate.add_argument("--ratchet", action="store_true", help="only raise limits, never lower one")
    add_root(calibrate)
    calibrate.set_defaults(run=_calibrate)


def _calibrate(args: argparse.Namespace) -> None:
    from datetime import date
    from fractions import Fraction

    from robustness.data import load_image_set
    from robustness.kinds import read_thresholds
    from robustness.limits.calibrate import asked_accuracies, calibrate, rewritten

    if not 0 <= args.margin <= 100:
        raise RobustnessError(f"a margin lies between 0 and 100 points, not {args.margin:g}")
    thresholds = read_thresholds(args.thresholds)
    text = args.thresholds.read_bytes().decode()
    fixtures = {name for name, model in thresholds.models.items() if model.load == "fixture"}
    asked = _without(fixtures, [*asked_accuracies(text, thresholds)])
    if not asked:
        raise RobustnessError(f"{args.thresholds}: no accuracy in it can be measured by a command")
    subjects = list(dict.fromkeys(subject for limit in asked for subject in limit.subjects))
    retrained = _retrained(args.retrained, {subject.model for subject in subjects})
    if thresholds.scope.about == "population":
        print("limits about a population also need room for chance: look whether the gate finds them PASS", file=sys.stderr)
    images = load_image_set(thresholds.data, root=args.root, base=thresholds.base)
    measured = _measure_all(subjects, retrained, thresholds, images)
    changes = calibrate(asked, measured, Fraction(str(args.margin)) / 100, args.ratchet)
    _print_changes(changes)
    if any(change.after != change.asked.accuracy for change in changes):
        how = [f"measured less {args.margin:g} point{'s' * (args.margin != 1)}"]
        how += [f"{name} by the spread of {len(files) + 1} trainings" for name, files in retrained.items()]
        how += ["only ever raised"] * args.ratchet + ["fixtures left as they were"] * bool(fixtures)
        _replace_thresholds(args.thresholds, text, rewritten(text, changes, ", ".join(how), date.today()))
        print(f"wrote {args.thresholds}")


def _without(fixtures: Set[str], asked: Sequence[Asked]) -> list[Asked]:
    """The accuracies that a command can measure; the others are said."""
    measurable = []
    for limit in asked:
        if found := [subject.model for subject in limit.subjects if subject.model in fixtures]:
            noise = limit.subjects[0].noise
            print(f"left as it is: {limit.accuracy} under {noise}; {found[0]} lives in a pytest fixture", file=sys.stderr)
        else:
            measurable.append(limit)
    return measurable


def _print_changes(changes: Sequence[Change]) -> None:
    from robustness.report.text.table import table

    rows = [
        [
            *(change.subject.model, str(change.subject.noise)),
            *(f"{100 * float(share):.2f}" for share in (change.measured, change.margin)),
            *(str(change.asked.accuracy), "->", str(change.after)),
        ]
        for change in changes
    ]
    print("\n".join(table(["model", "noise", "measured %", "less", "before", "", "after"], rows)))
    raised = sum(change.after > change.asked.accuracy for change in changes)
    lowered = sum(change.after < change.asked.accuracy for change in changes)
    print(f"{raised} raised, {lowered} lowered, {len(changes) - raised - lowered} kept")


def _retrained(texts: Sequence[str], models: Set[str]) -> dict[str, list[Path]]:
    """The weights files of networks trained like the declared ones, by model."""
    from robustness.errors import nearest
    from robustness.limits.calibrate import FEWEST

    files: dict[str, list[Path]] = {}
    for text in texts:
        name, equals, file = text.partition("=")
        if not (name and equals and file):
            raise RobustnessError(f"cannot read --retrained {text}: write MODEL=FILE")
        if name not in models:
            raise RobustnessError(f"--retrained {text}: no accuracy of {name!r} can be measured; {nearest(name, models)}")
        files.setdefault(name, []).append(Path(file).expanduser().absolute())
    for name, given in files.items():
        if len(given) < FEWEST:
            raise RobustnessError(
                f"--retrained: {len(given)} of {name}; give at least {FEWEST}: the spread of fewer says too little"
            )
    return files


def _measure_all(
    subjects: Sequence[Subject], retrained: Mapping[str, Sequence[Path]], thresholds: Thresholds, images: ImageSet
) -> dict[Subject, list[Fraction]]:
    """Accuracies of the declared network and then of those retrained like it."""
    from dataclasses import replace

    from robustness.evaluation.evaluate import measure
    from robustness.evaluation.store import Store
    from robustness.limits.calibrate import accuracy_of
    from robustness.models.load import load_classifier

    classifiers: dict[str, list[Classifier]] = {}
    for name in dict.fromkeys(subject.model for subject in subjects):
        declared = thresholds.models[name]
        others = [replace(declared, name=f"{name} {file.name}", weights=str(file)) for file in retrained.get(name, ())]
        classifiers[name] = [load_classifier(declaration, thresholds.base) for declaration in (declared, *others)]
        if len({classifier.content_hash() for classifier in classifiers[name]}) < len(classifiers[name]):
            raise RobustnessError(
                f"--retrained: two of the networks of {name} have the same weights; they say nothing of a spread"
            )
    store, run = Store(), uuid.uuid4().hex
    try:
        return {
            subject: [
                accuracy_of(measure(classifier, images, subject.noise, subject.seed, store, run), images, subject.classes)
                for classifier in classifiers[subject.model]
            ]
            for subject in subjects
        }
    finally:
        store.end_run(run)


def _replace_thresholds(file: Path, old: str, new: str) -> None:
    """The file with its new text, whole and readable, or else as it was."""
    import shutil

    from robustness.files.atomic import replacing
    from robustness.kinds import read_thresholds

    try:
        with replacing(file) as partial:
            partial.write_bytes(new.encode())
            shutil.copymode(file, partial)
            read_thresholds(partial)
            if file.read_bytes() != old.encode():
                raise RobustnessError(f"{file} changed while it was measured and stays as it is; run again")
    except OSError as error:
        raise RobustnessError(f"{file} stays as it is: {error.strerror}") from error
