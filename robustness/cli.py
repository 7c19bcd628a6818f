"""The command-line door: parse, call, print."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import uuid
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from robustness.errors import RobustnessError
from robustness.models.declaration import BUILT_IN

if TYPE_CHECKING:
    from fractions import Fraction

    from robustness.data import ImageSet
    from robustness.gate.calibrate import Asked, Change, Subject
    from robustness.gate.thresholds import Thresholds
    from robustness.models.classifier import Classifier
    from robustness.noise import Noise

USAGE_ERROR = 2
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run a command. Exit codes: 0 done or passed, 1 the gate failed, 2 something to mend, 130 interrupted."""
    parser = _parser()
    args, rest = parser.parse_known_args(arguments)
    if rest and args.run is not _gate:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    args.rest = rest
    try:
        return int(args.run(args) or 0)
    except RobustnessError as error:
        print(f"robustness: {error}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print("robustness: interrupted; what is finished is kept", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="robustness",
        description="How much noise until an image classifier fails, and does it keep its limits?",
        epilog="Start with: robustness init, then robustness gate. Each command has its own --help.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    gate = commands.add_parser(
        "gate",
        help="measure every limit in thresholds.toml; exit 1 when one breaks or is not measured",
        usage="robustness gate [-h] [--root FOLDER] [THRESHOLDS.toml] [TEST-FILE ...] [PYTEST-OPTION ...]",
        description="Measure every limit in a thresholds file, by default thresholds.toml in this folder. Rules of your own "
        "run with it when you name their test files. All other options go to pytest: -n auto spreads large gates over the "
        "processor's cores, -x stops at the first that breaks.",
        epilog="Exit codes: 0 all limits hold, 1 a limit broke or was not measured, 2 something to mend.",
    )
    _add_root(gate)
    gate.add_argument(
        "--robustness-report",
        type=Path,
        default=Path("robustness-report"),
        metavar="FOLDER",
        help="where report.html and results.json go (default: %(default)s)",
    )
    gate.set_defaults(run=_gate)

    init = commands.add_parser(
        "init",
        help="write a commented thresholds.toml to start from",
        description="Write a thresholds file to start from: what to gate, on which images, and one limit of each kind, "
        "with a comment on every line. A file that is there already stays as it is.",
    )
    init.add_argument(
        "file", nargs="?", type=Path, default=Path("thresholds.toml"), metavar="FILE", help="default: %(default)s"
    )
    init.set_defaults(run=_init)

    evaluate = commands.add_parser(
        "evaluate",
        help="accuracy of a model under noise",
        description="Accuracy of a model on an image set, clean and under the given noises.",
        epilog='Example: robustness evaluate baseline-cnn --data gtsrb --noise paper --noise "gaussian(sigma=10)"',
    )
    _add_subject(evaluate)
    evaluate.add_argument(
        "--noise",
        action="append",
        default=[],
        metavar="SPEC",
        help='such as "gaussian(sigma=25)", "imagenet-c(severity=3)" or "paper" (the study\'s nine cells); repeatable; '
        "without it: clean",
    )
    evaluate.add_argument("--json", action="store_true", help="print JSON instead of a table")
    evaluate.set_defaults(run=_evaluate)

    sweep = commands.add_parser(
        "sweep",
        help="accuracy over magnitudes of one noise",
        description="Accuracy of a model from no noise up to the given magnitude, in even steps.",
        epilog='Example: robustness sweep baseline-cnn --data gtsrb --noise "gaussian(sigma=50)" --steps 10',
    )
    _add_subject(sweep)
    sweep.add_argument("--noise", required=True, metavar="SPEC", help='the highest level, such as "gaussian(sigma=50)"')
    sweep.add_argument("--steps", type=int, default=10, metavar="N", help="levels above zero (default: %(default)s)")
    sweep.add_argument("--json", action="store_true", help="print JSON instead of a table")
    sweep.set_defaults(run=_sweep)

    compare = commands.add_parser(
        "compare",
        help="two models on the same images under the same noise",
        description="What changed from model A to model B: images newly wrong and newly right, the drop in accuracy with its "
        "95 % interval, and the probability of as many newly wrong ones by chance (McNemar's exact test).",
        epilog='Example: robustness compare baseline-cnn small-resnet --data signs --noise "gaussian(sigma=25)"',
    )
    compare.add_argument("before", metavar="A", help="as MODEL of `robustness evaluate`")
    _add_subject(compare, "B")
    compare.add_argument("--noise", action="append", default=[], metavar="SPEC", help="repeatable; without it: clean")
    compare.set_defaults(run=_compare)

    baseline = commands.add_parser("baseline", help="freeze a release, for later ones to be compared with: save")
    actions = baseline.add_subparsers(metavar="ACTION", required=True)
    save = actions.add_parser(
        "save",
        help="write the predictions of the declared models into one file",
        description="Measure every model of a thresholds file, clean and under each noise it has a limit for, and freeze the "
        "predictions in one small file. Name the file as baseline in [run], and limit a drop with max_drop.",
    )
    save.add_argument("name", metavar="NAME", help="of the release, such as v1; the file is baselines/NAME.safetensors")
    save.add_argument(
        "--thresholds", type=Path, metavar="FILE", help="default: thresholds.toml", default=Path("thresholds.toml")
    )
    _add_root(save)
    save.set_defaults(run=_save_baseline)

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
    _add_root(calibrate)
    calibrate.set_defaults(run=_calibrate)

    study = commands.add_parser(
        "study",
        help="the traffic-sign study's cells beside ours",
        description="Measure a model on the study's ten cells, find the equivalent magnitudes, try the readings of its text.",
    )
    _add_subject(study)
    study.add_argument("--out", type=Path, default=Path("docs/study"), metavar="FOLDER", help="default: %(default)s")
    study.set_defaults(run=_study)

    noise = commands.add_parser(
        "noise",
        help="noisy copies of an image set, or a sheet to look at",
        description="Write an image set under noise, as PNG files, or one sheet of a few images under every noise.",
        epilog="Example, the study's nine copies: robustness noise --data signs --noise paper --out copies",
    )
    _add_data(noise)
    noise.add_argument(
        "--noise",
        action="append",
        required=True,
        metavar="SPEC",
        help='such as "gaussian(sigma=25)", "cifar-c(severity=1)" or "paper"',
    )
    noise.add_argument("--split", choices=["train", "test"], default="test", help="default: %(default)s")
    noise.add_argument("--seed", type=int, default=0, help="of the noise (default: %(default)s)")
    _add_fit(noise)
    where = noise.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path, metavar="FOLDER", help="write every image, a folder per noise and class")
    where.add_argument("--sheet", type=Path, metavar="FILE.png", help="write a contact sheet")
    noise.set_defaults(run=_noise)

    train = commands.add_parser(
        "train",
        help="train a built-in network",
        description="Train a built-in network. An interrupted training goes on where its last epoch ended.",
    )
    train.add_argument("network", choices=list(BUILT_IN), help="the network")
    _add_data(train)
    train.add_argument(
        "--recipe",
        choices=["default", "study"],
        default="default",
        help="default: Adam at 0.001. study: Adam at 0.01, classes balanced, rotated, contrast changed and mirrored both "
        "ways; mirroring changes what some signs mean",
    )
    train.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    train.add_argument("--epochs", type=int, metavar="N", help="instead of the recipe's")
    _add_fit(train)
    train.add_argument("--out", type=Path, metavar="FILE", help="safetensors; a card is written beside it")
    train.set_defaults(run=_train)

    bench = commands.add_parser(
        "bench",
        help="how fast noise is made on this machine, beside other libraries",
        description="Time each noise on this machine: this package's kernels, its reference, and other libraries where they "
        "are installed; on a CUDA device also the share of the memory's bandwidth.",
    )
    bench.add_argument("--images", type=int, default=256, metavar="N", help="images in a batch (default: %(default)s)")
    bench.add_argument("--size", type=int, default=40, metavar="PIXELS", help="width and height (default: %(default)s)")
    bench.set_defaults(run=_bench)

    data = commands.add_parser("data", help="image sets: fetch").add_subparsers(metavar="ACTION", required=True)
    fetch = data.add_parser("fetch", help="download an image set", description="Download, check and unpack an image set.")
    fetch.add_argument("name", choices=["gtsrb"], help="the German Traffic Sign Recognition Benchmark (365 MB)")
    _add_root(fetch)
    fetch.set_defaults(run=_fetch)
    return parser


def _add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", type=Path, metavar="FOLDER", help="where image sets live (default: $ROBUSTNESS_DATA)")


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="NAME", help="signs, gtsrb, folder:PATH or python:package.module:factory")
    _add_root(parser)


def _add_fit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size", type=int, metavar="PIXELS", help="width and height of the network's input (built-in networks: 40)"
    )
    parser.add_argument(
        "--fit", choices=["crop-or-pad", "resize"], default="crop-or-pad", help="how images come to it (default: %(default)s)"
    )


def _add_subject(parser: argparse.ArgumentParser, metavar: str = "MODEL") -> None:
    parser.add_argument(
        "model",
        metavar=metavar,
        help="baseline-cnn, small-resnet, python:package.module:factory, or with --thresholds a name in it",
    )
    parser.add_argument(
        "--thresholds",
        type=Path,
        metavar="FILE",
        help="take the model, data and seed from this file (default, without --data: thresholds.toml)",
    )
    parser.add_argument("--weights", metavar="NAME", help="a shipped set's name or a safetensors file (default: --data's)")
    _add_fit(parser)
    _add_data(parser)
    parser.add_argument("--seed", type=int, help="of the noise (default: 0)")


def _subject(args: argparse.Namespace) -> tuple[Classifier, ImageSet, int]:
    """The model, the images and the seed that a command names, directly or through a thresholds file."""
    from robustness.data import load_image_set
    from robustness.errors import nearest
    from robustness.models.declaration import ModelDeclaration
    from robustness.models.load import load_classifier

    if thresholds := _thresholds(args):
        if args.model not in thresholds.models:
            raise RobustnessError(
                f"{thresholds.file} declares no model {args.model!r}: {nearest(args.model, thresholds.models)}"
            )
        declaration, base = thresholds.models[args.model], thresholds.base
        data, seed = args.data or thresholds.data, thresholds.seed if args.seed is None else args.seed
        images = load_image_set(data, root=args.root, base=Path.cwd() if args.data else base)
    else:
        if not args.data:
            raise RobustnessError("name the images with --data, for example --data gtsrb")
        weights = args.weights or (args.data if args.model in BUILT_IN else None)
        declaration = ModelDeclaration(args.model, args.model, weights, args.size, args.fit)
        base, seed = Path.cwd(), args.seed or 0
        images = load_image_set(args.data, root=args.root)
    return load_classifier(declaration, base), images, seed


def _thresholds(args: argparse.Namespace) -> Thresholds | None:
    """The thresholds file that a command speaks of, if any."""
    from robustness.gate.thresholds import FILE_NAME, read_thresholds

    file = args.thresholds or (None if args.data else Path(FILE_NAME))
    return read_thresholds(file) if file and (args.thresholds or file.exists()) else None


def _kinds(args: argparse.Namespace) -> Mapping[str, type[Noise]]:
    """The kinds of noise that a command knows: the built-in ones and those of its thresholds file."""
    from robustness.noise import KINDS

    thresholds = _thresholds(args)
    return thresholds.kinds if thresholds else KINDS


def _gate(args: argparse.Namespace) -> int:
    import pytest

    from robustness.data import load_image_set
    from robustness.gate.thresholds import FILE_NAME, read_thresholds
    from robustness.report.results import forget_results

    if args.root:
        os.environ["ROBUSTNESS_DATA"] = str(args.root.absolute())
    if any(argument.startswith("--thresholds") for argument in args.rest):
        raise RobustnessError("name the thresholds file itself: robustness gate FILE.toml")
    forget_results(args.robustness_report)
    if not any(_thresholds_in(argument) for argument in args.rest):
        args.rest.insert(0, FILE_NAME)
    for file in filter(None, map(_thresholds_in, args.rest)):  # what can be mended is said before pytest starts
        thresholds = read_thresholds(file)
        if not thresholds.data.startswith("python:"):
            load_image_set(thresholds.data, base=thresholds.base)
    quiet = "ignore:Module already imported so cannot be rewritten:pytest.PytestAssertRewriteWarning"
    code = int(pytest.main([*args.rest, "--robustness-report", str(args.robustness_report), "-W", quiet]))
    return USAGE_ERROR if code == pytest.ExitCode.USAGE_ERROR else min(1, code)


def _thresholds_in(argument: str) -> Path | None:
    """The thresholds file that an argument names, alone or before a test's id."""
    file = argument.partition("::")[0]
    return Path(file) if file.endswith(".toml") else None


def _init(args: argparse.Namespace) -> None:
    starter = Path(__file__).parent / "starter.toml"
    try:
        with args.file.open("x", encoding="utf-8") as file:
            file.write(starter.read_text(encoding="utf-8"))
    except FileExistsError:
        raise RobustnessError(f"{args.file} is there already and stays as it is; name another file") from None
    except OSError as error:
        raise RobustnessError(f"{args.file}: {error.strerror}") from error
    print(f"wrote {args.file}: name your images and your model in it, then run `robustness gate`")


def _evaluate(args: argparse.Namespace) -> None:
    from robustness.noise import Clean, parse_noises

    kinds = _kinds(args)
    noises = [noise for text in args.noise for noise in parse_noises(text, kinds)] or [Clean()]
    _print_measurements(args, noises)


def _sweep(args: argparse.Namespace) -> None:
    from robustness.noise import Clean, parse_noises

    highest, *others = parse_noises(args.noise, _kinds(args))
    top = highest.level
    if others or top is None or args.steps < 1:
        raise RobustnessError('a sweep wants a noise with a magnitude and at least one step, for example "gaussian(sigma=50)"')
    start = highest.identity or 0.0
    levels = [float(f"{start + (top - start) * step / args.steps:.6g}") for step in range(args.steps + 1)]
    nothing = highest.at(levels[0]) if highest.identity is not None else Clean()
    _print_measurements(args, [nothing, *(highest.at(level) for level in levels[1:-1]), highest])


def _compare(args: argparse.Namespace) -> None:
    from robustness.evaluation.evaluate import measure
    from robustness.evaluation.store import Store
    from robustness.noise import Clean, parse_noises
    from robustness.report.measurements import comparison_table

    kinds = _kinds(args)
    noises = [noise for text in args.noise for noise in parse_noises(text, kinds)] or [Clean()]
    after, images, seed = _subject(args)
    before, _, _ = _subject(argparse.Namespace(**{**vars(args), "model": args.before}))
    store, run = Store(), uuid.uuid4().hex
    try:
        pairs = [[measure(model, images, noise, seed, store, run) for model in (before, after)] for noise in noises]
    finally:
        store.end_run(run)
    print("\n".join(comparison_table([(one, other) for one, other in pairs], images.labels)))


def _save_baseline(args: argparse.Namespace) -> None:
    from robustness.data import load_image_set
    from robustness.evaluation.baseline import save_baseline
    from robustness.evaluation.evaluate import measure
    from robustness.evaluation.store import Store
    from robustness.gate.thresholds import read_thresholds
    from robustness.models.load import load_classifier
    from robustness.noise import Clean

    thresholds = read_thresholds(args.thresholds)
    file = thresholds.base / "baselines" / f"{args.name}.safetensors"
    if file.exists():
        raise RobustnessError(f"{file} is there already and stays as it is; name another release")
    images = load_image_set(thresholds.data, root=args.root, base=thresholds.base)
    noises: dict[str, list[Noise]] = {}
    left_out = []
    for limit in thresholds.limits:
        if thresholds.models[limit.model].load == "fixture":
            left_out.append(f"{limit.model} lives in a pytest fixture")
        elif not limit.noise.bit_identical:
            left_out.append(f"{limit.noise} may make other bytes elsewhere")
        else:
            noises.setdefault(limit.model, [Clean()]).append(limit.noise)
    for reason in dict.fromkeys(left_out):
        print(f"left out: {reason}", file=sys.stderr)
    store, run = Store(), uuid.uuid4().hex
    try:
        classifiers = {name: load_classifier(thresholds.models[name], thresholds.base) for name in noises}
        measured = [
            measure(classifiers[name], images, noise, thresholds.seed, store, run)
            for name in noises
            for noise in dict.fromkeys(noises[name])
        ]
    finally:
        store.end_run(run)
    if not measured:
        raise RobustnessError(f"{args.thresholds}: nothing in it can be saved")
    save_baseline(file, [(measurement.case, measurement.result) for measurement in measured])
    relative = os.path.relpath(file, thresholds.base)
    print(f'wrote {file}: {len(measured)} cases. Compare later releases with it: baseline = "{relative}" in [run]')


def _calibrate(args: argparse.Namespace) -> None:
    from datetime import date
    from fractions import Fraction

    from robustness.data import load_image_set
    from robustness.gate.calibrate import asked_accuracies, calibrate, parse, rewritten
    from robustness.gate.thresholds import read_thresholds

    if not 0 <= args.margin <= 100:
        raise RobustnessError(f"a margin lies between 0 and 100 points, not {args.margin:g}")
    thresholds = read_thresholds(args.thresholds)
    text = args.thresholds.read_bytes().decode()
    parse(text)  # what cannot be written is said before measuring
    fixtures = {name for name, model in thresholds.models.items() if model.load == "fixture"}
    asked = _without(fixtures, [*asked_accuracies(text, thresholds)])
    if not asked:
        raise RobustnessError(f"{args.thresholds}: no accuracy in it can be measured by a command")
    subjects = list(dict.fromkeys(subject for limit in asked for subject in limit.subjects))
    retrained = _retrained(args.retrained, {subject.model for subject in subjects})
    if thresholds.claim.about == "population":
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
    from robustness.report.table import table

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
    from robustness.gate.calibrate import FEWEST

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
    from robustness.gate.calibrate import accuracy_of
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

    from robustness.atomic import replacing
    from robustness.gate.thresholds import read_thresholds

    try:
        with replacing(file) as partial:
            partial.write_bytes(new.encode())
            shutil.copymode(file, partial)
            read_thresholds(partial)
            if file.read_bytes() != old.encode():
                raise RobustnessError(f"{file} changed while it was measured and stays as it is; run again")
    except OSError as error:
        raise RobustnessError(f"{file} stays as it is: {error.strerror}") from error


def _print_measurements(args: argparse.Namespace, noises: Sequence[Noise]) -> None:
    from robustness.evaluation.evaluate import measure
    from robustness.evaluation.store import Store
    from robustness.report.measurements import measurement_table, to_plain

    classifier, images, seed = _subject(args)
    store, run = Store(), uuid.uuid4().hex
    try:
        measurements = [measure(classifier, images, noise, seed, store, run) for noise in noises]
    finally:
        store.end_run(run)
    if args.json:
        print(json.dumps([to_plain(measurement) for measurement in measurements], indent=2))
    else:
        print("\n".join(measurement_table(measurements)))


def _noise(args: argparse.Namespace) -> None:
    from robustness.data import Fit, load_image_set
    from robustness.noise import parse_noises
    from robustness.noise.write import write_copies, write_sheet

    if not args.data:
        raise RobustnessError("name the images with --data, for example --data signs")
    noises = [noise for text in args.noise for noise in parse_noises(text)]
    images, fit = load_image_set(args.data, args.split, args.root), Fit(args.size or 40, args.fit)
    if args.sheet:
        write_sheet(images, fit, noises, args.seed, args.sheet)
        print(f"wrote {args.sheet}")
    else:
        print(f"wrote {write_copies(images, fit, noises, args.seed, args.out):,} images to {args.out}")


def _study(args: argparse.Namespace) -> None:
    from robustness.evaluation.store import Store
    from robustness.study.reproduce import reproduce, to_markdown

    classifier, images, seed = _subject(args)
    store, run = Store(), uuid.uuid4().hex
    try:
        study = reproduce(classifier, images, seed, store, run)
    finally:
        store.end_run(run)
    args.out.mkdir(parents=True, exist_ok=True)
    page = args.out / f"{classifier.name}.md"
    page.write_text(to_markdown(study, _command()), encoding="utf-8")
    page.with_suffix(".json").write_text(json.dumps(study, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {page} and {page.with_suffix('.json')}")


def _train(args: argparse.Namespace) -> None:
    from dataclasses import replace

    from robustness.data import Fit, load_image_set
    from robustness.training.recipes import RECIPES
    from robustness.training.train import train_network

    if not args.data:
        raise RobustnessError("name the images with --data, for example --data gtsrb")
    recipe = RECIPES[args.recipe]
    if args.recipe == "study":
        print("the study's recipe mirrors images both ways, which changes what some signs mean", file=sys.stderr)
    if args.epochs is not None:
        recipe = replace(recipe, epochs=args.epochs)
    out = (
        args.out or Path("runs") / f"{args.network}-{args.data.replace(':', '-').replace('/', '-')}-seed{args.seed}.safetensors"
    )
    images = load_image_set(args.data, "train", args.root)
    test_set = load_image_set(args.data, "test", args.root) if args.data in ("signs", "gtsrb") else None
    fit = Fit(args.size or 40, args.fit)
    card = train_network(args.network, images, test_set, fit, recipe, args.seed, out, _command())
    test_accuracy = card["test_accuracy"]
    print(f"wrote {out}" + ("" if test_accuracy is None else f": {test_accuracy:.4f} on the test set"))


def _bench(args: argparse.Namespace) -> None:
    from robustness.bench import bench_table, run_benchmarks

    print("\n".join(bench_table(run_benchmarks(args.images, args.size))))


def _fetch(args: argparse.Namespace) -> None:
    from robustness.data.fetch import fetch_gtsrb
    from robustness.folders import data_folder

    root = data_folder(args.root)
    fetch_gtsrb(root)
    print(f"GTSRB is complete under {root / 'gtsrb'}: 39,209 training and 12,630 test images")


def _command() -> str:
    return shlex.join(["robustness", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
