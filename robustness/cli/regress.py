"""`robustness regress`: new weights in place of declared ones, before anything is released."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from robustness.cli.arguments import Commands, add_root, add_thresholds, said
from robustness.errors import RobustnessError, nearest, some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from robustness.evaluation.baseline import Baseline
    from robustness.gate.ledger import Ended
    from robustness.gate.promise import Promise, Record
    from robustness.gate.thresholds import Thresholds
    from robustness.gate.workbench import Workbench
    from robustness.limits.limit import Limit
    from robustness.limits.regression import Compared
    from robustness.models.classifier import Classifier
    from robustness.report.results import Results

PAGE = "regression.html"


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    regress = commands.add_parser(
        "regress",
        help="is a retrained model worse than the one declared? exit 1 when it is, or breaks a limit",
        description="Take new weights for a declared model, hold them against its limits, and lay them beside the last "
        "release image by image: the baseline, where [run] or --against names one, else the weights that are declared. "
        "Predictions that are known are not measured again. Nothing is changed but the report's page.",
        epilog="Exit codes: 0 every limit of the model holds, and under a noise without a max_drop no loss is more than chance "
        "explains; 1 not so; 2 something to mend. Example: robustness regress runs/seed2.pt --against v1",
    )
    regress.add_argument(
        "weights", type=Path, metavar="NEW", help="a file as the model's weights, or its load, names one: NEW.pt, NEW.onnx, ..."
    )
    regress.add_argument("--against", metavar="NAME", help="a baseline's name, as `robustness baseline save NAME` takes it")
    regress.add_argument("--model", metavar="NAME", help="which declared model they are of, where the file declares several")
    add_thresholds(regress)
    regress.add_argument(
        "--robustness-report",
        type=Path,
        default=Path("robustness-report"),
        metavar="FOLDER",
        help=f"where {PAGE} goes (default: %(default)s)",
    )
    add_root(regress)
    regress.set_defaults(run=_regress)


def _regress(args: argparse.Namespace) -> int:
    from robustness.evaluation.baseline import read_baseline
    from robustness.gate.workbench import Workbench
    from robustness.kinds import read_thresholds
    from robustness.limits.limit import Limit
    from robustness.models.declaration import with_weights

    started, thresholds = time.time(), read_thresholds(args.thresholds)
    if args.against is not None:  # an empty variable of a CI job names no other
        thresholds = replace(thresholds, baseline=thresholds.base / "baselines" / f"{args.against}.safetensors")
    name = _model(thresholds, args.model)
    if not args.weights.exists():
        raise RobustnessError(f"{args.weights}: no such file")
    declared = thresholds.models[name]
    changed = replace(thresholds, models={**thresholds.models, name: with_weights(declared, args.weights.absolute())})
    baseline = None if thresholds.baseline is None else read_baseline(thresholds.baseline)
    limits = [limit for limit in thresholds.of(Limit) if limit.model == name]
    if not limits:
        raise RobustnessError(f"{args.thresholds}: has no limit on {name}, so nothing says under which noise to compare")
    with Workbench(changed, root=args.root) as now, Workbench(thresholds, root=args.root) as then:
        said(now.images)
        then.once("images", lambda: now.images)
        former = _former(now, then, name, baseline, args.weights)
        print(f"{name}: {args.weights} against {baseline.file if baseline else 'the declared weights'}", file=sys.stderr)
        ended = _measured(now, limits)
        lenient = bool(ended.gaps or ended.errors)  # it fails in any case, and says why: what can be compared is shown
        compared = _compared(now, then, name, limits, baseline, former, lenient)
        results = [_results(bench, of, started) for bench, of in ((then, _quietly(then, former, limits)), (now, ended)) if of]
    print("\n".join(_lines(compared, results[-1], now)))
    _write(results, args)
    return _verdict(results[-1], compared, limits, changed)


def _model(thresholds: Thresholds, named: str | None) -> str:
    """The declared model that the weights are of."""
    models = thresholds.models
    if named is not None and named not in models:
        raise RobustnessError(f"{thresholds.file} declares no model {named!r}: {nearest(named, models)}")
    if named is None and len(models) > 1:
        raise RobustnessError(
            f"{thresholds.file} declares {', '.join(models)}: say which the weights are of, with --model NAME"
        )
    return named or next(iter(models))


def _former(now: Workbench, then: Workbench, name: str, baseline: Baseline | None, file: Path) -> Classifier | None:
    """The model with the weights that are declared; None where they are gone, or are the new ones, and a baseline tells."""
    new = now.load(name)
    try:
        former = then.load(name)
    except RobustnessError as error:
        if baseline is None:
            raise
        print(f"the declared weights cannot be measured any more, the baseline tells what they gave: {error}", file=sys.stderr)
        return None
    if former.content_hash() != new.content_hash():
        return former
    if baseline is None:
        raise RobustnessError(f"{file}: these are the weights that {name} is declared with; name a baseline with --against")
    return None


def _measured(bench: Workbench, limits: Sequence[Limit]) -> Ended:
    """The limits, held against the new weights, a line each as they come."""
    from robustness.gate.in_process import measured_here

    done = 0

    def tell(promise: Promise, found: Record | RobustnessError) -> None:
        nonlocal done
        done += 1
        became = f"not measured: {found}" if isinstance(found, RobustnessError) else f"{found.measured}, {found.asked}"
        print(f"{done}/{len(limits)} {promise}: {became}", file=sys.stderr, flush=True)

    return measured_here(bench, limits, tell)


def _quietly(bench: Workbench, former: Classifier | None, limits: Sequence[Limit]) -> Ended | None:
    """The same of the weights that are declared, for the page."""
    from robustness.gate.in_process import measured_here

    return None if former is None else measured_here(bench, limits, lambda promise, found: None)


def _compared(
    now: Workbench,
    then: Workbench,
    name: str,
    limits: Sequence[Limit],
    baseline: Baseline | None,
    former: Classifier | None,
    lenient: bool,
) -> list[Compared]:
    """lenient: what cannot be compared is passed over."""
    from robustness.limits.regression import compare, noises_of, right_before

    found = []
    for noise in noises_of(limits):
        try:
            after = now.measure(now.classifier(name), noise)
            before = right_before(after, baseline, former, then)
            found.append(compare(before, after, now.images, now.thresholds.scope.confidence))
        except RobustnessError:
            if not lenient:
                raise
    return found


def _results(bench: Workbench, ended: Ended, started: float) -> Results:
    from robustness.report.build import build_results

    return build_results(ended, bench.thresholds, ["robustness", *sys.argv[1:]], started, bench.run, bench.images)


def _lines(compared: Sequence[Compared], results: Results, bench: Workbench) -> list[str]:
    from robustness.limits.regression import by_class
    from robustness.report.text.bars import fits
    from robustness.report.text.regression import class_table, regression_table
    from robustness.report.text.terminal import error_lines, limit_rows

    rows = limit_rows(results, ascii_only=not fits(sys.stdout.encoding))
    why = [f"{record.place} {record.under}: {record.reason}" for record in results.limits if record.stops]
    lines = [*rows, *why, *error_lines(results)]
    if not compared:
        return lines
    paired = regression_table(compared, bench.thresholds.scope.confidence)
    return [*lines, "", *paired, "", *class_table(by_class(compared, bench.images.class_names))]


def _write(results: Sequence[Results], args: argparse.Namespace) -> None:
    """The page; where there is nothing to lay beside it, that of the new weights alone."""
    from robustness.files.atomic import replacing
    from robustness.report.html.comparison import Run
    from robustness.report.html.page import render_comparison, render_report

    *former, new = results
    names = ["declared weights"] * len(former) + [str(args.weights)]
    runs = [Run(name, one) for name, one in zip(names, results, strict=True)]
    text = render_comparison(runs) if former else render_report(new, "")
    with replacing(args.robustness_report / PAGE) as partial:
        partial.write_text(text, encoding="utf-8")
    print(f"report: {args.robustness_report / PAGE}")


def _verdict(results: Results, compared: Sequence[Compared], limits: Sequence[Limit], thresholds: Thresholds) -> int:
    """The exit code, once it is said why."""
    from robustness.limits.regression import noises_of, worse

    is_worse = worse(compared, thresholds.scope.confidence)
    allowed = noises_of([limit for limit in limits if limit.asks == "max_drop"], clean=False)
    lost = [str(one.noise) for one, alarm in zip(compared, is_worse, strict=True) if alarm and one.noise not in allowed]
    broken = [record.under for record in results.limits if record.stops]
    reasons = [*broken, *(promise.id for promise in results.unmeasured if not promise.left_out)]
    if reasons or results.verdict == "FAIL":
        print(f"FAIL: {len(reasons)} of {len(limits)} limits broken or not measured ({some(reasons)})")
        return 1
    if lost:
        print(f"FAIL: worse under {some(lost)}, more than chance explains, and no max_drop there allows it")
        return 1
    others = len(thresholds.promises) - len(limits)
    kept = sum(record.verdict == "PASS" for record in results.limits)
    hold = (
        f"all {len(limits)} limits hold"
        if kept == len(limits)
        else f"{kept} of {len(limits)} limits hold, the others stop nothing"
    )
    print(f"PASS: {hold}{f'; {others} promises more are for the gate' if others else ''}")
    return 0
