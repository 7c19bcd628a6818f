"""`results.json`: everything a run found out, in one file that reports are made from.

Schema 1; keys may be added to it, and `robustness.report.read` knows what their absence means in an older file. An object with

    schema        1
    verdict       "PASS", "FAIL", or "PARTIAL": nothing failed, but a narrowed run is no release verdict
    gaps          sentences: what was to be measured and was not
    thresholds    the file: path, SHA-256 of its bytes
    data, seed    as the file names them; confidence too, of claims and of limits about a population
    models        by name: how the file declares each
    noises        by name: the transform, magnitude and arguments of each noise that the file declares
    limits        one object per measured limit, in the file's order (`robustness.limits.measure.Outcome`)
    hunts         one object per hunt that ran (`robustness.hunts.measure.Hunted`)
    claims        one object per claim that was tested (`robustness.claims.measure.Examined`)
    generator_limits  one object per limit on a generator that was judged (`robustness.generators.measure.GeneratorJudged`,
                  without `judged`)
    generators    by name: all marks of each generator that was judged (`robustness.generators.marks.marks_of`): those of each class,
                  the losses of its training, and a sheet of samples
    left_out      ids of limits, hunts, claims and generator limits that a narrowed run did not select
    errors        by test: why a limit could not be measured, or a rule of the project's own does not hold
    images        the image set: name, images, content_hash, and its classes with a picture each; null where it did not load
    published     by model and noise: the accuracy that the study published, where this is its test set
    gallery       pictures of a few images under every noise that has a limit
    confusions    by model, without noise and under the worst: which class was taken for which (`robustness.report.mistakes`)
    turned        images that a model names right without noise and wrong under one, before and after
    per_class     by model and noise: of each class, how many images were seen and named right (`robustness.report.per_class`)
    timings       where the time went, by kind of promise (`robustness.report.timings`)
    model_hashes  by model: what was measured, whether for a limit, a hunt, a claim or as a judge
    measurements  what the project's own rules measured, by test
    run           command, start (UTC, ISO 8601), seconds, versions, platform
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from robustness.data import load_image_set
from robustness.evaluation.result import Result
from robustness.evaluation.store import Store
from robustness.files.atomic import replacing
from robustness.gate.ledger import Ledger
from robustness.gate.thresholds import Thresholds
from robustness.noise import Custom
from robustness.report.mistakes import describe_confusions, draw_turned
from robustness.report.per_class import count_by_class
from robustness.report.pictures import describe_images, draw_gallery
from robustness.report.timings import describe_timings
from robustness.study.published import PUBLISHED

SCHEMA = 1
STUDIED = "gtsrb-test"
VERSIONS = ("pytest-robustness", "torch", "torchvision", "numpy", "pillow", "pytest")


def build_results(ledger: Ledger, thresholds: Thresholds, command: list[str], started: float, run: str) -> dict[str, Any]:
    """The content of results.json. started: seconds since the epoch. run: its name, which some predictions are bound to."""
    return {
        "schema": SCHEMA,
        "verdict": ledger.verdict,
        "gaps": ledger.gaps(),
        "thresholds": {"path": str(thresholds.file), "sha256": thresholds.sha256},
        "data": thresholds.data,
        "seed": thresholds.seed,
        "confidence": thresholds.scope.confidence,
        "models": {name: asdict(declaration) for name, declaration in thresholds.models.items()},
        "noises": {
            name: {
                "load": kind.load,
                "magnitude": kind.magnitude,
                "arguments": {key: str(value) for key, value in kind.arguments.items()},
            }
            for name, kind in thresholds.noises.items()
            if issubclass(kind, Custom)
        },
        "limits": list(ledger.outcomes.values()),
        "hunts": list(ledger.hunted.values()),
        "claims": list(ledger.tested.values()),
        "generator_limits": [
            {key: value for key, value in record.items() if key != "judged"} for record in ledger.judged.values()
        ],
        "generators": {record["generator"]: record["judged"] for record in ledger.judged.values()},
        "model_hashes": {
            record["model"]: record["hash"]
            for records in ledger.records.values()
            for record in records
            if record["kind"] == "model"
        },
        "images": None,
        "published": {},
        "gallery": [],
        "confusions": [],
        "turned": [],
        "per_class": [],
        **_pictures(thresholds, ledger, run),
        "left_out": ledger.left_out,
        "errors": ledger.errors,
        "measurements": {
            test: measured
            for test, records in ledger.records.items()
            if (measured := [record for record in records if record["kind"] == "measurement"])
        },
        "timings": describe_timings(ledger, thresholds.scope.early),
        "run": {
            "command": [Path(command[0]).name, *command[1:]],
            "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
            "seconds": round(time.time() - started, 3),
            "versions": {name: importlib.metadata.version(name) for name in VERSIONS},
            "python": platform.python_version(),
            "platform": platform.platform(),
        },
    }


def _pictures(thresholds: Thresholds, ledger: Ledger, run: str) -> dict[str, Any]:
    """What the images look like; nothing where they cannot be read, which the tests have said already."""
    try:
        image_set = load_image_set(thresholds.data, base=thresholds.base)
    except (Exception, SystemExit):  # a user's own data set may raise anything, and the results have to be written all the same
        return {}
    noises = dict.fromkeys(limit.noise for limit in thresholds.limits)
    outcomes, by_name = list(ledger.outcomes.values()), {str(noise): noise for noise in noises}

    def find(key: str) -> Result | None:
        return Store().read(key, run, Result)

    return {
        "images": describe_images(image_set),
        "published": _published(thresholds) if image_set.name == STUDIED else {},
        "gallery": draw_gallery(image_set, list(noises), thresholds.seed),
        "confusions": describe_confusions(outcomes, image_set, find),
        "turned": draw_turned(outcomes, by_name, image_set, thresholds.seed, find),
        "per_class": count_by_class(outcomes, image_set, find),
    }


def _published(thresholds: Thresholds) -> dict[str, dict[str, float]]:
    """What the study says of the models that bear its networks' names."""
    return {
        model: {str(noise): percent / 100 for noise, percent in PUBLISHED[model].items()}
        for model in thresholds.models
        if model in PUBLISHED
    }


def forget_results(folder: Path) -> None:
    """Remove what a former run wrote."""
    for name in ("results.json", "report.html"):
        (folder / name).unlink(missing_ok=True)


def write_results(results: dict[str, Any], folder: Path) -> Path:
    """Write results.json into the folder, whole or not at all."""
    file = folder / "results.json"
    with replacing(file) as partial:
        partial.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return file
