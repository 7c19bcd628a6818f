"""`robustness bench`."""

from __future__ import annotations

import argparse

from robustness.cli.arguments import Commands


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    bench = commands.add_parser(
        "bench",
        help="how fast noise is made on this machine, beside other libraries, and GANs are sampled and trained",
        description="Time each noise on this machine: this package's kernels, its reference, and other libraries where they "
        "are installed; on a CUDA device also the share of the memory's bandwidth. Then sampling and training of the GANs, "
        "sampling beside the matrix products and convolutions it consists of.",
    )
    bench.add_argument("--images", type=int, default=256, metavar="N", help="in a batch under noise (default: %(default)s)")
    bench.add_argument("--size", type=int, default=40, metavar="PIXELS", help="their width and height (default: %(default)s)")
    bench.set_defaults(run=_bench)


def _bench(args: argparse.Namespace) -> None:
    from robustness.bench.gan import gan_table, run_gan_benchmarks
    from robustness.bench.noise import bench_table, run_benchmarks

    print("\n".join(bench_table(run_benchmarks(args.images, args.size))))
    print()
    print("\n".join(gan_table(run_gan_benchmarks())))
