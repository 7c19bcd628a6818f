"""`robustness flips` and `waves`: at which noise predictions change."""

from __future__ import annotations

import argparse
import json
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from robustness.cli.arguments import Commands, add_root, add_subject, known_kinds, subject, thresholds_of
from robustness.cli.engine import add_engine, prepare
from robustness.errors import RobustnessError

if TYPE_CHECKING:
    from robustness.data import ImageSet
    from robustness.declaration.scope import Scope
    from robustness.search.critical import Search

SHARES = ("0.9", "0.5")
"""Of clean accuracy, below which it is said where accuracy falls."""


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    flips = commands.add_parser("flips", help="the noise at which each prediction changes: search, replay")
    actions = flips.add_subparsers(metavar="ACTION", required=True)
    search = actions.add_parser(
        "search",
        help="the critical magnitude of every image",
        description="For every image, the smallest magnitude of a noise that changes what the model says: every 25th of 200 "
        "levels from below, then halving. At most 14 forward passes over the set.",
        epilog='Example: robustness flips search baseline-cnn --data signs --noise "gaussian(sigma=50)"',
    )
    add_subject(search)
    add_engine(search)
    search.add_argument("--noise", required=True, metavar="SPEC", help='at its highest, such as "gaussian(sigma=50)"')
    search.add_argument(
        "--every",
        type=int,
        choices=[25, 5, 1],
        default=25,
        help="try each image at every so many of the 200 levels, then halve: 5 misses next to no flip and takes up to 44 "
        "forward passes, 1 misses none and takes up to 201 (default: %(default)s)",
    )
    search.add_argument("--json", action="store_true", help="print JSON instead of tables")
    search.set_defaults(run=_search)

    replay = actions.add_parser(
        "replay",
        help="try again what a hunt found",
        description="Try a finding of the gate's hunts again, on the model as it is now. The thresholds file says what the "
        "model and the images are.",
        epilog="Exit codes: 0 mended or within today's budget, 1 the model still breaks, 2 something to mend first.",
    )
    replay.add_argument("file", type=Path, metavar="FILE", help="findings/MODEL-HASH.json")
    replay.add_argument(
        "--thresholds",
        type=Path,
        metavar="FILE",
        help="default: thresholds.toml beside the finding's folder, or else in the current one",
    )
    replay.add_argument("--picture", type=Path, metavar="FILE.png", help="write the image before and after")
    add_root(replay)
    replay.set_defaults(run=_replay)

    waves = commands.add_parser(
        "waves",
        help="accuracy under waves of equal energy, over frequency and orientation",
        description="A map of the waves that disrupt a model: accuracy over spatial frequency and orientation, all of one "
        "energy. 55 forward passes over the set.",
        epilog="Example: robustness waves baseline-cnn --data signs --amplitude 0.1",
    )
    add_subject(waves)
    waves.add_argument(
        "--amplitude", type=float, default=0.1, metavar="A", help="share of the full range (default: %(default)s)"
    )
    waves.add_argument("--json", action="store_true", help="print JSON instead of a table")
    waves.set_defaults(run=_waves)


def _search(args: argparse.Namespace) -> None:
    from robustness.declaration.scope import Scope
    from robustness.evaluation.store import Store
    from robustness.limits.flips import describe_flips
    from robustness.noise import parse_noises
    from robustness.report.text.flips import flip_lines
    from robustness.search.critical import search_flips, search_job

    highest, *others = parse_noises(args.noise, known_kinds(args))
    if others:
        raise RobustnessError(f"{args.noise}: a search wants one noise")
    thresholds = thresholds_of(args)
    claim = thresholds.scope if thresholds else Scope()
    classifier, images, seed = subject(args)
    store, run = Store(), uuid.uuid4().hex
    try:
        if not prepare(args, [search_job(classifier, images, highest, seed, run, args.every)], store, run):
            return
        search = search_flips(classifier, images, highest, seed, store, run, args.every)
    finally:
        store.end_run(run)
    described = describe_flips(search, images, claim)
    if args.json:
        print(json.dumps(described, indent=2))
    else:
        print("\n".join(flip_lines(classifier.name, images.name, described, _breaks(search, images, claim))))


def _breaks(search: Search, images: ImageSet, claim: Scope) -> list[tuple[str, str]]:
    """Where accuracy falls below shares of what it is without noise, with an interval where one can be given."""
    from decimal import Decimal

    from robustness.claims.break_point import find_break_point
    from robustness.declaration.scope import sampling_of
    from robustness.report.text.flips import at, between
    from robustness.statistics.sampling import Sampling

    if not search.right.any():
        return []
    try:
        sampling, known = sampling_of(claim, images), True
    except RobustnessError:
        sampling, known = Sampling(), False
    highest = float(search.magnitudes[-1])
    breaks = []
    for share in SHARES:
        point = find_break_point(search, Decimal(share), sampling, 1 - claim.confidence)
        interval = f" ({100 * claim.confidence:g} % interval: {between(point.low, point.high, highest)})" if known else ""
        breaks.append((share, f"at {search.of.case.noise.magnitude} {at(point.found, highest)}{interval}"))
    return breaks


def _replay(args: argparse.Namespace) -> int:
    from decimal import Decimal
    from fractions import Fraction

    from robustness.data import load_image_set
    from robustness.hunts.measure import is_within
    from robustness.kinds import read_thresholds
    from robustness.models.load import load_classifier
    from robustness.search.finding import draw_pair, read_finding
    from robustness.search.replay import replay

    if args.picture and (args.picture.suffix.lower() != ".png" or not args.picture.absolute().parent.is_dir()):
        raise RobustnessError(f"--picture {args.picture}: name a .png file in a folder that is there")
    finding = read_finding(args.file)
    thresholds = read_thresholds(args.thresholds or _thresholds_beside(args.file))
    if finding.model not in thresholds.models or thresholds.models[finding.model].load == "fixture":
        raise RobustnessError(
            f"{args.file}: {thresholds.file} declares no model {finding.model!r} that a command can load; name the file that "
            "does with --thresholds"
        )
    images = load_image_set(thresholds.data, root=args.root, base=thresholds.base)
    budgets = [hunt.budget for hunt in thresholds.hunts if hunt.model == finding.model and is_within(finding, hunt)]
    budget = min(budgets, default=Decimal(finding.budget))
    replayed = replay(finding, load_classifier(thresholds.models[finding.model], thresholds.base), images)
    print(
        f"{finding.model} under {finding.perturbation}, seed {finding.seed}: {replayed.flipped:,} of {replayed.right:,} right "
        f"predictions flip, {replayed.flipped / replayed.right:.4f}; the budget is {budget}"
    )
    named = f"named {replayed.named_before}, and under {finding.smallest} {replayed.named_after}"
    print(f"image {finding.image}, {finding.label}: {named}")
    same = "a model with the weights it was found on" if replayed.same_model else "another model than it was found on"
    broken = Fraction(replayed.flipped, replayed.right) > Fraction(budget)
    kept = "WITHIN TODAY'S BUDGET" if replayed.broken else "MENDED"
    print(f"{'BROKEN' if broken else kept}, on {same}")
    if args.picture:
        draw_pair(replayed.before, replayed.after).save(args.picture)
        print(f"wrote {args.picture}")
    return int(broken)


def _thresholds_beside(finding: Path) -> Path:
    """The file that a finding belongs to: findings lie in a folder beside it."""
    from robustness.gate.thresholds import FILE_NAME

    beside = Path(os.path.relpath(finding.absolute().parent.parent / FILE_NAME))
    return beside if beside.exists() else Path(FILE_NAME)


def _waves(args: argparse.Namespace) -> None:
    from decimal import Decimal

    from robustness.evaluation.evaluate import measure
    from robustness.evaluation.store import Store
    from robustness.limits.findings import worst_band
    from robustness.noise import Clean
    from robustness.report.text.flips import wave_lines
    from robustness.search.waves import waves

    if not 0 < args.amplitude <= 2:
        raise RobustnessError(f"an amplitude lies above 0 and is at most 2, not {args.amplitude:g}")
    classifier, images, seed = subject(args)
    store, run = Store(), uuid.uuid4().hex
    try:
        clean, *measured = [
            measure(classifier, images, noise, seed, store, run)
            for noise in (Clean(), *waves(args.amplitude, classifier.fit.size))
        ]
    finally:
        store.end_run(run)
    found = worst_band(clean.accuracy, measured, Decimal(0)).details or {}
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        print("\n".join(wave_lines(classifier.name, images.name, found, args.amplitude)))
