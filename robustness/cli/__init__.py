"""The command-line door: parse, call, print. A file for each family of commands."""

from __future__ import annotations

import argparse
import os
import sys

from robustness.cli import (
    baseline,
    bench,
    calibrate,
    corruptions,
    export,
    flips,
    gan,
    gate,
    harden,
    images,
    measure,
    models,
    regress,
    report,
    store,
    study,
    train,
)
from robustness.errors import RobustnessError

USAGE_ERROR = 2
INTERRUPTED = 130
NOT_READ = 141
"""As a shell says of a command whose reader went away, such as `head`."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command.

    Exit codes: 0 done or passed, 1 the gate failed, 2 something to mend, 130 interrupted, 141 nobody reads what is printed.
    """
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()  # or Python does at its end, where nothing can be done about a reader that is gone
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_READ


def _run(arguments: list[str] | None) -> int:
    parser = _parser()
    args, rest = parser.parse_known_args(arguments)
    if rest and args.run is not gate.run:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    args.rest, args.typed = rest, sys.argv[1:] if arguments is None else arguments
    try:
        return int(args.run(args) or 0)
    except RobustnessError as error:
        print(f"robustness: {error}", file=sys.stderr)
        return USAGE_ERROR
    except BrokenPipeError:
        raise
    except OSError as error:  # of a file or folder that a command names
        print(f"robustness: {f'{error.filename}: {error.strerror}' if error.filename else error}", file=sys.stderr)
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
    for family in (
        gate,
        report,
        measure,
        corruptions,
        flips,
        baseline,
        regress,
        calibrate,
        models,
        export,
        study,
        images,
        train,
        harden,
        gan,
        store,
        bench,
    ):
        family.add(commands)
    return parser
