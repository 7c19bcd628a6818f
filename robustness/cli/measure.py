"""`robustness evaluate`, `sweep` and `compare`: accuracies, outside of a gate."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from robustness.cli.arguments import Commands, add_subject, declared_by, subject
from robustness.cli.engine import add_engine, prepare
from robustness.errors import RobustnessError

NEAR_CHANCE = 0.05
"""How much more than the commonest label's share still looks like chance."""

if TYPE_CHECKING:
    from robustness.evaluation.evaluate import Measurement
    from robustness.gate.thresholds import Thresholds
    from robustness.gate.workbench import Workbench
    from robustness.models.classifier import Classifier
    from robustness.noise import Noise


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    evaluate = commands.add_parser(
        "evaluate",
        help="accuracy of a model under noise",
        description="Accuracy of a model on an image set, clean and under the given noises.",
        epilog='Example: robustness evaluate baseline-cnn --data gtsrb --noise paper --noise "gaussian(sigma=10)"',
    )
    add_subject(evaluate)
    add_engine(evaluate)
    evaluate.add_argument(
        "--noise",
        action="append",
        default=[],
        metavar="SPEC",
        help='such as "gaussian(sigma=25)", "imagenet-c(severity=3)" or "paper" (the study\'s nine cells); repeatable; '
        "without it: clean",
    )
    evaluate.add_argument(
        "--limit",
        metavar="ID",
        help="instead of accuracies: measure this limit of the thresholds file, whatever it asks; exit code 1 where it stops a "
        "release",
    )
    evaluate.add_argument("--json", action="store_true", help="print JSON instead of a table")
    evaluate.set_defaults(run=_evaluate)

    sweep = commands.add_parser(
        "sweep",
        help="accuracy over magnitudes of one noise",
        description="Accuracy of a model from no noise up to the given magnitude, in even steps.",
        epilog='Example: robustness sweep baseline-cnn --data gtsrb --noise "gaussian(sigma=50)" --steps 10',
    )
    add_subject(sweep)
    add_engine(sweep)
    sweep.add_argument("--noise", required=True, metavar="SPEC", help='the highest level, such as "gaussian(sigma=50)"')
    sweep.add_argument("--steps", type=int, default=10, metavar="N", help="levels above zero (default: %(default)s)")
    sweep.add_argument("--json", action="store_true", help="print JSON instead of a table")
    sweep.set_defaults(run=_sweep)

    compare = commands.add_parser(
        "compare",
        help="two models on the same images under the same noise",
        description="What changed from model A to model B: images newly wrong and newly right, the drop in accuracy with its "
        "95 % interval, the probability of as many newly wrong ones by chance (McNemar's exact test), and how many predictions "
        "differ, right or wrong.",
        epilog='Example: robustness compare baseline-cnn small-resnet --data signs --noise "gaussian(sigma=25)"',
    )
    compare.add_argument("before", metavar="A", help="as MODEL of `robustness evaluate`")
    add_subject(compare, "B")
    compare.add_argument("--noise", action="append", default=[], metavar="SPEC", help="repeatable; without it: clean")
    compare.set_defaults(run=_compare)


def _evaluate(args: argparse.Namespace) -> int | None:
    declared = declared_by(args)
    if args.limit is not None:
        return _print_limit(args, declared)
    _print_measurements(args, declared, _noises(args, declared))
    return None


def _print_limit(args: argparse.Namespace, declared: Thresholds) -> int:
    """A limit as the gate judges it, by itself: what only the whole run can tell, which drop is an alarm, stays open."""
    from robustness.cli.arguments import to_json
    from robustness.errors import nearest
    from robustness.limits.limit import Limit
    from robustness.limits.measure import measure_limit

    limits = {str(limit): limit for limit in declared.of(Limit) if limit.model == args.model}
    if args.limit not in limits:
        raise RobustnessError(f"{declared.file} has no limit {args.limit!r} on {args.model}: {nearest(args.limit, limits)}")
    if args.noise:
        raise RobustnessError("--limit says under which noise: leave --noise out")
    limit = limits[args.limit]
    with subject(args, declared) as bench:
        if not prepare(args, limit.ask.jobs(limit, bench), bench):
            return 0
        record = measure_limit(limit, bench)
    print(to_json(record) if args.json else f"{record.verdict}: {record.reason}")
    return int(record.stops)


def _sweep(args: argparse.Namespace) -> None:
    from robustness.noise import Clean, parse_noises

    declared = declared_by(args)
    highest, *others = parse_noises(args.noise, declared.noises)
    top = highest.level
    if others or top is None or args.steps < 1:
        raise RobustnessError('a sweep wants a noise with a magnitude and at least one step, for example "gaussian(sigma=50)"')
    if highest.mildest is not None:
        raise RobustnessError(
            f"{highest.kind} has no {highest.magnitude} that leaves images as they are, so none to rise from: name levels to "
            f'robustness evaluate, such as --noise "{highest}"'
        )
    if highest.identity is None:  # a transform of the user's own, of which 0 is taken to be none
        rise = [highest.at(float(f"{top * step / args.steps:.6g}")) for step in range(1, args.steps)]
        _print_measurements(args, declared, [Clean(), *rise, highest])
    else:
        _print_measurements(args, declared, highest.ladder(args.steps))


def _compare(args: argparse.Namespace) -> None:
    from robustness.report.text.measurements import comparison_table

    declared = declared_by(args, args.before)
    noises = _noises(args, declared)
    with subject(args, declared) as bench:
        after, before = bench.load(args.model), bench.load(args.before)
        pairs = [(bench.measure(before, noise), bench.measure(after, noise)) for noise in noises]
        print("\n".join(comparison_table(pairs, bench.images.labels)))


def _noises(args: argparse.Namespace, declared: Thresholds) -> list[Noise]:
    from robustness.noise import Clean, parse_noises

    return [noise for text in args.noise for noise in parse_noises(text, declared.noises)] or [Clean()]


def _print_measurements(args: argparse.Namespace, declared: Thresholds, noises: Sequence[Noise]) -> None:
    from robustness.evaluation.jobs import evaluation_job
    from robustness.report.text.measurements import measurement_table, to_plain

    with subject(args, declared) as bench:
        classifier, seed = bench.load(args.model), bench.thresholds.seed
        if not prepare(args, [evaluation_job(classifier, bench.images, noise, seed, bench.run) for noise in noises], bench):
            return
        measurements = [bench.measure(classifier, noise) for noise in noises]
        mistakes = _mistakes(bench, classifier, measurements)
    if args.json:
        print(json.dumps([to_plain(measurement) for measurement in measurements], indent=2))
    else:
        print("\n".join(measurement_table(measurements)))
    if mistakes:
        print(mistakes, file=sys.stderr)


def _mistakes(bench: Workbench, classifier: Classifier, measurements: Sequence[Measurement]) -> str:
    """What the gate's sentinels say where the accuracy without noise looks like chance; nothing where it does not."""
    from robustness.gate.sentinels import check_model

    labels = bench.images.labels
    chance = max(float((labels == label).mean()) for label in set(labels.tolist()))
    clean = [measurement.accuracy for measurement in measurements if measurement.case.noise.kind == "clean"]
    if not clean or clean[0] > chance + NEAR_CHANCE:
        return ""
    try:
        check_model(classifier, bench.images, [], bench.thresholds.seed, bench.store, bench.run)
    except RobustnessError as error:
        return f"robustness: an accuracy of {clean[0]:.1%} looks like chance: {error}"
    return (
        f"robustness: an accuracy of {clean[0]:.1%} looks like chance, and none of the usual mistakes explains it: "
        "is it another set of classes, or a network that was not trained?"
    )
