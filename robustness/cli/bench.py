"""`robustness bench`."""

from __future__ import annotations

import argparse

from robustness.cli.arguments import Commands


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    bench = commands.add_parser(
        "bench",
        help="how fast noise is made on this machine, beside other libraries",
        description="Time each noise on this machine: this package's kernels, its reference, and other libraries where they "
        "are installed; on a CUDA device also the share of the memory's bandwidth.",
    )
    bench.add_argument("--images", type=int, default=256, metavar="N", help="images in a batch (default: %(default)s)")
    bench.add_argument("--size", type=int, default=40, metavar="PIXELS", help="width and height (default: %(default)s)")
    bench.set_defaults(run=_bench)


def _bench(args: argparse.Namespace) -> None:
    from robustness.bench import bench_table, run_benchmarks

    print("\n".join(bench_table(run_benchmarks(args.images, args.size))))
