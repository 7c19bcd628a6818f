"""The study measured again: every declared model whose weights are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from robustness.evaluation.cost import cost_of
from robustness.evaluation.jobs import AnyJob, missing
from robustness.gate.workbench import Workbench
from robustness.models.checkpoint import load_card
from robustness.models.load import MissingWeightsError, weights_file
from robustness.study.table import Row


@dataclass(frozen=True)
class Study:
    rows: list[Row]
    left_out: dict[str, str]  # models whose weights are not there, and what is missing
    jobs: list[AnyJob]  # what is measured whatever comes of it
    job_seconds: float  # what these take at most, about, where no former run has measured them
    search_seconds: float  # and the equivalent magnitudes


def load_study(bench: Workbench) -> Study:
    rows, left_out = [], {}
    for name, declaration in bench.thresholds.models.items():
        try:
            classifier = bench.load(name)
        except MissingWeightsError as error:
            left_out[name] = str(error)
            continue
        card = load_card(weights_file(declaration, bench.thresholds.base)) if declaration.weights else {}
        rows.append(Row(classifier, card, bench))
    jobs = [job for row in rows for job in row.jobs()]
    seconds = cost_of(jobs, missing(jobs, bench.store, bench.run)).seconds
    return Study(rows, left_out, jobs, seconds, sum(row.search_seconds() for row in rows))


def measure_study(study: Study, bench: Workbench, say: Callable[[str], None]) -> dict[str, Any]:
    """All of it, fit for JSON. say: hears of each model that is done."""
    models, readings = [], []
    for row in study.rows:
        models.append(row.measure())
        readings += row.readings()
        say(f"{row.classifier.name}: {models[-1]['clean']:.2f} % clean")
    return {
        "data": bench.images.name,
        "data_hash": bench.images.content_hash,
        "images": len(bench.images),
        "seed": bench.thresholds.seed,
        "left_out": list(study.left_out),
        "models": models,
        "readings": readings,
    }
