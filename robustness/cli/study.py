"""`robustness study`."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

from robustness.cli.arguments import Commands, add_root, command
from robustness.cli.engine import add_engine, prepare


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    study = commands.add_parser(
        "study",
        help="the traffic-sign study's tables, measured again",
        description="Measure every model that a thresholds file declares on the study's ten cells and on images of reduced "
        "resolution, beside what the study published, with the magnitudes at which accuracy falls to the published figures; "
        "for the model baseline-cnn also under other readings of the study's text. A model whose weights are not there is left "
        "out, and the page says so. An interrupted study goes on where it stopped.",
    )
    study.add_argument("thresholds", type=Path, metavar="FILE", help="declares the models, the data and the seed")
    add_root(study)
    add_engine(study)
    study.add_argument(
        "--out", type=Path, default=Path("study.md"), metavar="FILE", help="Markdown, and JSON beside it (default: %(default)s)"
    )
    study.set_defaults(run=_study)


def _study(args: argparse.Namespace) -> None:
    from robustness.gate.workbench import Workbench
    from robustness.kinds import read_thresholds
    from robustness.study.measure import load_study, measure_study
    from robustness.study.page import to_markdown

    with Workbench(read_thresholds(args.thresholds), root=args.root) as bench:
        study = load_study(bench)
        say, minutes = partial(print, file=sys.stderr), (study.job_seconds + study.search_seconds) / 60
        for reason in study.left_out.values():
            say(f"left out: {reason}")
        say(f"{len(study.rows)} models: about {minutes:.0f} minutes at most")
        if not prepare(args, study.jobs, bench, besides=study.search_seconds):
            return
        measured = {"command": command(), "thresholds": str(args.thresholds), **measure_study(study, bench, say)}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(to_markdown(measured), encoding="utf-8")
    args.out.with_suffix(".json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {args.out} and {args.out.with_suffix('.json')}")
