"""`robustness flips` and `waves`: at which noise predictions change."""

from __future__ import annotations

import argparse
from pathlib import Path

from robustness.cli.arguments import Commands, add_root, add_subject, declared_by, subject, to_json
from robustness.cli.engine import add_engine, prepare
from robustness.errors import RobustnessError


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
    from robustness.noise import parse_noises

    declared = declared_by(args)
    highest, *others = parse_noises(args.noise, declared.noises)
    if others:
        raise RobustnessError(f"{args.noise}: a search wants one noise")

    from robustness.claims.break_point import falls
    from robustness.limits.asks.max_flips import describe_flips
    from robustness.report.text.flips import at, between, flip_lines
    from robustness.search.critical import search_job

    with subject(args, declared) as bench:
        classifier, images, scope = bench.load(args.model), bench.images, bench.thresholds.scope
        if not prepare(args, [search_job(classifier, images, highest, bench.thresholds.seed, bench.run, args.every)], bench):
            return
        search = bench.search(classifier, highest, stride=args.every)
    found, end = describe_flips(search, images, scope), float(search.magnitudes[-1])
    if args.json:
        print(to_json(found))
        return
    breaks = []
    for share, point, confidence in falls(search, images, scope):
        interval = f" ({100 * confidence:g} % interval: {between(point.low, point.high, end)})" if confidence else ""
        breaks.append((str(share), f"at {highest.magnitude} {at(point.found, end)}{interval}"))
    print("\n".join(flip_lines(classifier.name, images.name, found, breaks)))


def _replay(args: argparse.Namespace) -> int:
    from robustness.gate.workbench import Workbench
    from robustness.hunts.replay import Fate, replay_today, thresholds_beside
    from robustness.kinds import read_thresholds
    from robustness.search.finding import draw_pair, read_finding

    if args.picture and (args.picture.suffix.lower() != ".png" or not args.picture.absolute().parent.is_dir()):
        raise RobustnessError(f"--picture {args.picture}: name a .png file in a folder that is there")
    finding = read_finding(args.file)
    with Workbench(read_thresholds(args.thresholds or thresholds_beside(args.file)), root=args.root) as bench:
        today = replay_today(args.file, finding, bench)
    replayed = today.replayed
    print(
        f"{finding.model} under {finding.perturbation}, seed {finding.seed}: {replayed.flipped:,} of {replayed.right:,} right "
        f"predictions flip, {replayed.flipped / replayed.right:.4f}; the budget is {today.budget}"
    )
    named = f"named {replayed.named_before}, and under {finding.smallest} {replayed.named_after}"
    print(f"image {finding.image}, {finding.label}: {named}")
    same = "a model with the weights it was found on" if replayed.same_model else "another model than it was found on"
    print(f"{today.fate}, on {same}")
    if args.picture:
        draw_pair(replayed.before, replayed.after).save(args.picture)
        print(f"wrote {args.picture}")
    return int(today.fate is Fate.BROKEN)


def _waves(args: argparse.Namespace) -> None:
    from robustness.limits.asks.worst_band import measure_waves
    from robustness.report.text.flips import wave_lines

    with subject(args, declared_by(args)) as bench:
        found, data = measure_waves(args.model, args.amplitude, bench), bench.images.name
    if args.json:
        print(to_json(found))
    else:
        print("\n".join(wave_lines(args.model, data, found, args.amplitude)))
