"""`robustness gate` and `init`."""

from __future__ import annotations

import argparse
import sys
import uuid
from pathlib import Path

from robustness.cli.arguments import Commands, add_root, said_preparations
from robustness.cli.child import end_with_parent, run_as_child
from robustness.errors import RobustnessError
from robustness.process import environment
from robustness.report.former import RESULTS, take_over, verdict_of

USAGE_ERROR = 2
SHOWING = {"--collect-only", "--co", "--fixtures", "--fixtures-per-test", "--markers", "--version", "-V", "--cache-show"}
"""Options of pytest's that measure nothing on purpose."""


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    gate = commands.add_parser(
        "gate",
        help="measure every limit in thresholds.toml; exit 1 when one breaks or is not measured",
        usage="robustness gate [-h] [--root FOLDER] [THRESHOLDS.toml] [TEST-FILE ...] [PYTEST-OPTION ...]",
        description="Measure every limit in a thresholds file, by default thresholds.toml in this folder. Rules of your own "
        "run with it when you name their test files. All other options go to pytest: -n auto spreads large gates over the "
        "processor's cores, -x stops at the first that breaks.",
        epilog="Exit codes: 0 all limits hold, 1 a limit broke or was not measured, 2 something to mend.",
    )
    add_root(gate)
    gate.add_argument(
        "--robustness-report",
        type=Path,
        default=Path("robustness-report"),
        metavar="FOLDER",
        help="where report.html and results.json go (default: %(default)s)",
    )
    gate.add_argument(
        "--dry-run",
        action="store_true",
        help="print what the limits and sentinels would cost that is not measured yet, and stop",
    )
    gate.add_argument("--robustness-run", help=argparse.SUPPRESS)  # told to the child, by its parent: the id of this run
    gate.set_defaults(run=run)

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


def run(args: argparse.Namespace) -> int:
    """Exit code 0 stands for a verdict of this very run. Pytest is a process of its own: what ends that ends it alone."""
    if args.robustness_run:
        return _measure(args)
    if any(argument.startswith("--thresholds") for argument in args.rest):
        raise RobustnessError("name the thresholds file itself: robustness gate FILE.toml")
    if args.dry_run:
        return _print_costs(args)
    folder, showing = args.robustness_report, SHOWING & {argument.partition("=")[0] for argument in args.rest}
    for file in [] if showing else _thresholds_files(args):
        take_over(folder, file)
    run_id = uuid.uuid4().hex
    command, *rest = args.typed
    code = run_as_child([command, "--robustness-run", run_id, *rest])
    if code or showing:
        return code
    match verdict_of(folder, run_id):
        case "PASS" | "PARTIAL":
            return 0
        case "":
            reason = (
                f"pytest ended without a verdict: none of this run is in {folder / RESULTS}; look for sys.exit and os._exit, "
                "for an option in addopts that measures nothing, and for another run in this folder at the same time"
            )
        case verdict:
            reason = f"the verdict is {verdict}, though pytest ended with exit code 0"
    print(f"robustness: {reason}", file=sys.stderr)
    return 1


def _measure(args: argparse.Namespace) -> int:
    """In the child: what can be mended is said before pytest starts."""
    import pytest

    from robustness.data import load_image_set, prepared
    from robustness.data.pictures import Files
    from robustness.kinds import read_thresholds

    end_with_parent()
    sys.argv[:] = ["robustness", args.typed[0], *args.typed[3:]]  # as it was typed, for the report
    with environment({"ROBUSTNESS_DATA": str(args.root.absolute())} if args.root else {}):
        files = _thresholds_files(args)
        for file in files:
            thresholds = read_thresholds(file)
            seen = said_preparations(thresholds)
            if thresholds.data.partition(":")[0] not in ("python", "datasets"):  # those are read once, by the run
                images = load_image_set(thresholds.data, base=thresholds.base)
                if isinstance(images.pictures, Files):
                    for fit in seen:
                        prepared(images, fit)
        named = [] if any(map(_thresholds_in, args.rest)) else map(str, files)
        quiet = "ignore:Module already imported so cannot be rewritten:pytest.PytestAssertRewriteWarning"
        options = ["--robustness-report", str(args.robustness_report), "--robustness-run", args.robustness_run, "-W", quiet]
        code = int(pytest.main([*named, *args.rest, *options]))
    return USAGE_ERROR if code == pytest.ExitCode.USAGE_ERROR else min(1, code)


def _print_costs(args: argparse.Namespace) -> int:
    from robustness.cli.engine import cost_lines
    from robustness.gate.sentinels import PASSES, is_known
    from robustness.gate.workbench import Workbench
    from robustness.kinds import read_thresholds
    from robustness.limits.limit import Limit

    for file in _thresholds_files(args):
        with Workbench(read_thresholds(file), root=args.root) as bench:
            limits, promises = bench.thresholds.of(Limit), bench.thresholds.promises
            loads = {model.name: model.load for model in bench.thresholds.models.values()}
            here = [limit for limit in limits if all(loads[name] != "fixture" for name in limit.models)]
            networks = [bench.load(name) for name in dict.fromkeys(name for limit in here for name in limit.models)]
            known = sum(is_known(network, bench.images, bench.store, bench.run) for network in networks)
            print("\n".join(cost_lines([job for limit in here for job in limit.ask.jobs(limit, bench)], bench)))
            print(
                f"sentinels       at most {PASSES} images through each network: {len(networks)}, of which {known} known already"
            )
            if others := len(promises) - len(here):
                print(f"not counted     limits on fixtures, hunts, claims and limits on generators: {others}")
    return 0


def _thresholds_files(args: argparse.Namespace) -> list[Path]:
    """Those that the command names, else the one in this folder."""
    return [file for file in map(_thresholds_in, args.rest) if file] or [Path("thresholds.toml")]


def _thresholds_in(argument: str) -> Path | None:
    """The thresholds file that an argument names, alone or before a test's id."""
    file = argument.partition("::")[0]
    return Path(file) if file.endswith(".toml") else None


def _init(args: argparse.Namespace) -> None:
    starter = Path(__file__).parents[1] / "starter.toml"
    try:
        with args.file.open("x", encoding="utf-8") as file:
            file.write(starter.read_text(encoding="utf-8"))
    except FileExistsError:
        raise RobustnessError(f"{args.file} is there already and stays as it is; name another file") from None
    except OSError as error:
        raise RobustnessError(f"{args.file}: {error.strerror}") from error
    print(f"wrote {args.file}: name your images and your model in it, then run `robustness gate`")
