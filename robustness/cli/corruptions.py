"""`robustness corruptions`: a network's error under every corruption of a benchmark, as a table."""

from __future__ import annotations

import argparse
import json
from statistics import fmean
from typing import TYPE_CHECKING, Any

from robustness.cli.arguments import Commands, add_subject, declared_by, subject
from robustness.cli.engine import add_engine, prepare
from robustness.errors import RobustnessError

if TYPE_CHECKING:
    from robustness.gate.workbench import Workbench


def add(commands: Commands) -> None:
    """Add this command to the parser."""
    parser = commands.add_parser(
        "corruptions",
        help="a model's error under every corruption of a benchmark",
        description="The error of a model under each corruption of a preset at severity 1 to 5, their means, and the mean "
        "corruption error (mCE): relative to AlexNet's as published, or to another model of yours.",
        epilog="Example: robustness corruptions baseline-cnn --data signs --preset cifar-c-12 --reference small-resnet",
    )
    add_subject(parser)
    add_engine(parser)
    parser.add_argument("--preset", metavar="NAME", help="such as cifar-c-12 or imagenet-c-12; without it one is advised")
    parser.add_argument(
        "--reference", metavar="MODEL", help="as MODEL: the model that errors are relative to (imagenet-c: AlexNet, published)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=_corruptions)


def _corruptions(args: argparse.Namespace) -> None:
    from robustness.noise.benchmarks import refuse_what_is_missing
    from robustness.noise.presets import SEVERITIES

    declared = declared_by(args, *([args.reference] if args.reference else []))
    if args.preset:
        refuse_what_is_missing(args.preset)
    if args.preset is not None and args.preset not in SEVERITIES:
        raise RobustnessError(f"unknown preset {args.preset!r}: valid: {', '.join(SEVERITIES)}")
    with subject(args, declared) as bench:
        found = _measured(args, bench)
    if found:
        print(json.dumps(found, indent=2) if args.json else "\n".join(_lines(found)))


def _measured(args: argparse.Namespace, bench: Workbench) -> dict[str, Any]:
    """The errors of the model, and of the reference, by corruption; nothing where the engine has only been asked to prepare."""
    from robustness.evaluation.jobs import evaluation_job
    from robustness.noise import Clean, Noise
    from robustness.noise.benchmarks import PRESETS_OF, advice, by_corruption, nearest_benchmark, preset_of
    from robustness.noise.presets import SEVERITIES
    from robustness.statistics.corruption_error import ALEXNET, corruption_errors, mean_corruption_error

    classifier = bench.load(args.model)
    height, width = classifier.fit.height, classifier.fit.width
    if args.preset is None:
        suited = preset_of(nearest_benchmark(height, width))
        raise RobustnessError(
            f"{args.model} takes images of {height} x {width} pixels: {suited} is nearest in size, so add --preset {suited}, "
            f"or another of {', '.join(SEVERITIES)}"
        )
    corruptions = by_corruption(SEVERITIES[args.preset])
    noises = [noise for levels in corruptions.values() for noise in levels]
    other = bench.load(args.reference) if args.reference else None
    cases = [(classifier, noise) for noise in [Clean(), *noises]] + [(other, noise) for noise in noises if other is not None]
    jobs = [evaluation_job(model, bench.images, noise, bench.thresholds.seed, bench.run) for model, noise in cases]
    if not prepare(args, jobs, bench):
        return {}

    def error(model: Any, noise: Noise) -> float:
        return 1 - bench.measure(model, noise).accuracy

    errors = {name: [error(classifier, noise) for noise in levels] for name, levels in corruptions.items()}
    reference: dict[str, float] | None = None
    if other is not None:
        reference = {name: fmean(error(other, noise) for noise in levels) for name, levels in corruptions.items()}
    elif PRESETS_OF[args.preset][0] == "imagenet-c":
        reference = {name: ALEXNET[name] for name in corruptions if name in ALEXNET}
    of = {name: of_levels for name, of_levels in errors.items() if reference and name in reference}
    ratios = corruption_errors(of, reference) if reference else {}
    complete = [*ratios] == [*ALEXNET]
    return {
        "model": args.model,
        "preset": args.preset,
        "images": len(bench.images.labels),
        "advice": advice(args.preset, height, width),
        "clean": error(classifier, Clean()),
        "errors": errors,
        "reference": args.reference or ("AlexNet as published, which speaks of ImageNet alone" if reference else None),
        "relative": ratios,
        "mce": mean_corruption_error(ratios) if complete else None,
        "mean_relative": fmean(ratios.values()) if ratios else None,
    }


def _lines(found: dict[str, Any]) -> list[str]:
    from robustness.report.text.table import table

    ratios = found["relative"]
    head = ["error in %", *(f"severity {severity}" for severity in range(1, 6)), "mean", *(["CE"] if ratios else [])]
    rows = [
        [
            name,
            *map(_percent, levels),
            _percent(fmean(levels)),
            *([_percent(ratios[name])] if name in ratios else []),
        ]
        for name, levels in found["errors"].items()
    ]
    means = [fmean(levels) for levels in found["errors"].values()]
    lines = [f"{found['model']} under {found['preset']}, {found['images']} images, clean error {_percent(found['clean'])} %"]
    lines += table(head, [row + [""] * (len(head) - len(row)) for row in rows], left=1)
    lines.append(f"mean over {len(means)} corruptions: {_percent(fmean(means))} %")
    if found["mce"] is not None:
        lines.append(f"mCE, relative to {found['reference']}: {_percent(found['mce'])}")
    elif ratios:
        lines.append(
            f"mean CE, relative to {found['reference']}, over {len(ratios)} corruptions: {_percent(found['mean_relative'])}; "
            "that is no mCE, which is the mean over the fifteen"
        )
    return [*lines, *([found["advice"]] if found["advice"] else [])]


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
