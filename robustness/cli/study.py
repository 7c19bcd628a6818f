"""`robustness study`."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
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
    from robustness.data import load_image_set
    from robustness.evaluation.cost import cost_of
    from robustness.evaluation.jobs import missing
    from robustness.evaluation.store import Store
    from robustness.kinds import read_thresholds
    from robustness.models.checkpoint import load_card
    from robustness.models.load import MissingWeightsError, load_classifier, weights_file
    from robustness.study.page import to_markdown
    from robustness.study.table import Row

    thresholds = read_thresholds(args.thresholds)
    images = load_image_set(thresholds.data, root=args.root, base=thresholds.base)
    store, run = Store(), uuid.uuid4().hex
    cards, rows = {}, []
    for declaration in thresholds.models.values():
        try:
            classifier = load_classifier(declaration, thresholds.base)
        except MissingWeightsError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        rows.append(Row(classifier, images, thresholds.seed, store, run))
        cards[declaration.name] = load_card(weights_file(declaration, thresholds.base)) if declaration.weights else {}
    jobs, searches = [job for row in rows for job in row.jobs()], sum(row.search_seconds() for row in rows)
    minutes = (cost_of(jobs, missing(jobs, store, run)).seconds + searches) / 60
    print(f"{len(rows)} models: about {minutes:.0f} minutes at most", file=sys.stderr)
    measured, readings = [], []
    try:
        if not prepare(args, jobs, store, run, besides=searches):
            return
        for row in rows:
            measured.append(row.measure(cards[row.classifier.name]))
            readings += row.readings()
            print(f"{row.classifier.name}: {measured[-1]['clean']:.2f} % clean", file=sys.stderr)
    finally:
        store.end_run(run)
    study = {
        "command": command(),
        "thresholds": str(args.thresholds),
        "data": images.name,
        "data_hash": images.content_hash,
        "images": len(images),
        "seed": thresholds.seed,
        "left_out": [name for name in thresholds.models if name not in cards],
        "models": measured,
        "readings": readings,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(to_markdown(study), encoding="utf-8")
    args.out.with_suffix(".json").write_text(json.dumps(study, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {args.out} and {args.out.with_suffix('.json')}")
