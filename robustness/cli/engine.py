"""Options of commands whose cases may be measured on other machines, or only be reckoned up."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from robustness.errors import RobustnessError

if TYPE_CHECKING:
    from robustness.evaluation.jobs import AnyJob
    from robustness.gate.workbench import Workbench

START_UP = 10
"""Seconds until a cluster on this machine has started and its workers have imported torch."""


def add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine",
        choices=["local", "ray"],
        default="local",
        help="where to measure: in this process, or on Ray, on this machine's cores or on the cluster that $RAY_ADDRESS names "
        "(default: %(default)s)",
    )
    parser.add_argument("--workers", type=int, metavar="N", help="of Ray, at once (default: one for each core)")
    parser.add_argument("--dry-run", action="store_true", help="print what is missing and what it would cost, and stop")


def prepare(args: argparse.Namespace, jobs: Sequence[AnyJob], bench: Workbench, besides: float = 0) -> bool:
    """Fill the store as the options say; false where they ask for the cost alone, which is printed.

    besides: seconds of work in this process that no job stands for.
    """
    if args.workers is not None and (args.engine != "ray" or args.workers < 1):
        raise RobustnessError("--workers is a number of Ray's workers, 1 or more, and goes with --engine ray")
    workers = (args.workers or os.cpu_count() or 1) if args.engine == "ray" else None
    if args.dry_run:
        print("\n".join(cost_lines(jobs, bench, besides, workers)))
        return False
    if args.engine == "ray":
        from robustness.evaluation.ray_engine import fill

        fill(jobs, bench.store, bench.run, args.workers)
    return True


def cost_lines(jobs: Sequence[AnyJob], bench: Workbench, besides: float = 0, workers: int | None = None) -> list[str]:
    """What jobs cost, in words. workers: of Ray; None in this process. besides: see `prepare`."""
    import torch

    from robustness.evaluation.cost import cost_of
    from robustness.evaluation.jobs import missing
    from robustness.process import torch_threads

    threads = torch.get_num_threads()
    with torch_threads(1 if workers else threads):  # as each of its workers has
        cost = cost_of(jobs, missing(jobs, bench.store, bench.run))
    if workers and cost.seconds:
        seconds, where = cost.seconds / workers + START_UP, f"on {workers} workers, {START_UP} s of it to start them"
    else:
        seconds, where = cost.seconds, f"in this process, with {threads} threads"
    return [
        f"cases           {cost.cases:,}, of which {cost.stored:,} are stored",
        f"forward passes  {cost.forward_passes:,} images at most" + (f", {cost.flops / 1e12:,.3g} TFLOP" if cost.flops else ""),
        f"time            about {_duration(seconds + besides)} {where}",
        *([f"sent            {_size(cost.sent)} to each node"] if workers else []),
        f"stored          {_size(cost.written)}",
    ]


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.3g} GB"
