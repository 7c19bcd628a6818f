"""`robustness study`."""

from __future__ import annotations

import argparse
import json
import uuid
from pathlib import Path

from robustness.cli.arguments import Commands, add_subject, command, subject


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    study = commands.add_parser(
        "study",
        help="the traffic-sign study's cells beside ours",
        description="Measure a model on the study's ten cells, find the equivalent magnitudes, try the readings of its text.",
    )
    add_subject(study)
    study.add_argument("--out", type=Path, default=Path("docs/study"), metavar="FOLDER", help="default: %(default)s")
    study.set_defaults(run=_study)


def _study(args: argparse.Namespace) -> None:
    from robustness.evaluation.store import Store
    from robustness.study.reproduce import reproduce, to_markdown

    classifier, images, seed = subject(args)
    store, run = Store(), uuid.uuid4().hex
    try:
        study = reproduce(classifier, images, seed, store, run)
    finally:
        store.end_run(run)
    args.out.mkdir(parents=True, exist_ok=True)
    page = args.out / f"{classifier.name}.md"
    page.write_text(to_markdown(study, command()), encoding="utf-8")
    page.with_suffix(".json").write_text(json.dumps(study, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {page} and {page.with_suffix('.json')}")
