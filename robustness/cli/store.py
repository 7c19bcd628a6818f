"""`robustness store`: what is kept between runs."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from robustness.cli.arguments import Commands
from robustness.errors import RobustnessError

if TYPE_CHECKING:
    from pathlib import Path

    from robustness.files.housekeeping import Kept


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    store = commands.add_parser(
        "store",
        help="what is kept between runs: info, prune, verify",
        description="What is kept between runs, so that nothing is computed twice: predictions and searches, decoded images, "
        "and features that last layers are trained on. It lies in one folder, which ROBUSTNESS_CACHE moves, and is kept to a "
        "size, 20GB or what ROBUSTNESS_CACHE_SIZE says: what was not used for longest goes first, and is computed again when "
        "it is wanted. Deleting any of it, or all of it, costs time and nothing else.",
        epilog="Example: robustness store prune --to 5GB",
    )
    actions = store.add_subparsers(metavar="ACTION", required=True)
    info = actions.add_parser(
        "info",
        help="where it is, how much there is of what, and how much may be",
        description="Where the store is, how many files and bytes there are of each kind, when they were last used, and the "
        "limit. runs: results of code that cannot be hashed, which end with their run.",
    )
    info.set_defaults(run=_info)
    prune = actions.add_parser(
        "prune",
        help="remove what killed runs left, and what was not used for longest",
        description="Remove what runs that were killed left behind, and then what was not used for longest, until what stays "
        "is within a size. Other runs may be at work meanwhile: they compute again what they miss.",
        epilog="Example: robustness store prune --to 5GB; with --to 0 nothing stays.",
    )
    prune.add_argument("--to", metavar="SIZE", help="such as 5GB or 500MB; default: the limit, ROBUSTNESS_CACHE_SIZE or 20GB")
    prune.set_defaults(run=_prune)
    verify = actions.add_parser(
        "verify",
        help="read everything, and name what is damaged",
        description="Read every file, and name those that are not what was written. Exit code 1 where there are any. Nothing "
        "has to be done about them: whoever wants one computes it again.",
    )
    verify.set_defaults(run=_verify)


def _info(args: argparse.Namespace) -> None:
    from robustness.files.housekeeping import KINDS, inventory, left_over, size_limit
    from robustness.report.text.table import table

    folder = _existing_folder()
    files = inventory(folder)
    rows = [_row(kind, [file for file in files if file.kind == kind]) for kind in KINDS]
    print(f"store: {folder}")
    print("\n".join(table(["kind", "files", "size", "oldest use", "latest use"], [*rows, _row("all", files)], left=1)))
    print(f"limit: {_size(size_limit())}; ROBUSTNESS_CACHE_SIZE changes it")
    if left := len(left_over(folder, time.time())):
        print(f"left over from runs that were killed: {left}; `robustness store prune` removes them")


def _prune(args: argparse.Namespace) -> None:
    from robustness.files.housekeeping import prune, size_limit, size_of

    folder = _existing_folder()
    pruned = prune(folder, size_limit() if args.to is None else size_of(args.to, "--to"))
    print(f"left over from runs that were killed: {pruned.left_over} removed")
    print(f"not used for longest: {_sum(pruned.removed)} removed")
    print(f"kept: {_sum(pruned.kept)}")


def _verify(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from robustness.evaluation.verify import is_intact
    from robustness.files.housekeeping import inventory

    files = inventory(_existing_folder())
    read = tqdm(files, "verify", unit="file", leave=False, delay=0.5, disable=None)
    damaged = [file for file in read if not is_intact(file) and file.path.exists()]  # or else removed meanwhile
    for file in damaged:
        print(f"damaged: {file.path}")
    print(f"{_sum(files)} read, {len(damaged)} damaged" + ("; they are computed again when they are wanted" if damaged else ""))
    return 1 if damaged else 0


def _existing_folder() -> Path:
    from robustness.files.folders import cache_folder

    folder = cache_folder()
    if not folder.is_dir():
        raise RobustnessError(f"{folder}: nothing is stored there yet; ROBUSTNESS_CACHE names another folder")
    return folder


def _row(name: str, files: Sequence[Kept]) -> tuple[str, ...]:
    ends = [files[0], files[-1]] if files else []
    used = [time.strftime("%Y-%m-%d %H:%M", time.localtime(file.used)) for file in ends] or ["", ""]
    return name, f"{len(files):,}", _size(sum(file.size for file in files)), *used


def _sum(files: Sequence[Kept]) -> str:
    return f"{len(files):,} {'file' if len(files) == 1 else 'files'}, {_size(sum(file.size for file in files))}"


def _size(size: float) -> str:
    """In powers of 1000, as `size_of` reads them."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.3g} TB"
