"""The study's cells beside ours: measured accuracy, and the magnitude at which ours falls to the published one."""

from __future__ import annotations

from typing import Any

from robustness.data import ImageSet
from robustness.evaluation.evaluate import measure
from robustness.evaluation.store import Store
from robustness.models.classifier import Classifier
from robustness.noise import Noise
from robustness.search.equivalent import equivalent_magnitude
from robustness.study.published import BASELINE_CNN, HIGHEST, READINGS


def reproduce(classifier: Classifier, images: ImageSet, seed: int, store: Store, run: str) -> dict[str, Any]:
    """Cells and readings as plain values, accuracies in per cent."""

    def percent(noise: Noise) -> float:
        return 100 * measure(classifier, images, noise, seed, store, run).accuracy

    def equivalent(noise: Noise, published: float) -> float | None:
        if noise.magnitude is None:
            return None
        return equivalent_magnitude(lambda magnitude: percent(noise.at(magnitude)), published, HIGHEST[noise.kind])

    cells = [
        {
            "noise": str(noise),
            "published": published,
            "measured": round(percent(noise), 2),
            "magnitude": noise.magnitude,
            "equivalent": equivalent(noise, published),
            "searched_to": HIGHEST.get(noise.kind),
        }
        for noise, published in BASELINE_CNN.items()
    ]
    readings = [
        {
            "reading": reading.text,
            "kind": reading.noises[0].kind,
            "noises": [str(noise) for noise in reading.noises],
            "published": list(reading.published),
            "measured": [round(percent(noise), 2) for noise in reading.noises],
        }
        for reading in READINGS
    ]
    return {
        "model": classifier.name,
        "model_hash": classifier.content_hash(),
        "data": images.name,
        "data_hash": images.content_hash,
        "images": len(images),
        "seed": seed,
        "cells": cells,
        "readings": readings,
    }


def to_markdown(study: dict[str, Any], command: str) -> str:
    """The study as a page of tables."""
    lines = [
        f"# {study['model']} under the study's noise",
        "",
        f"{study['images']:,} images of {study['data']}, seed {study['seed']}. Made by `{command}`.",
        f"Model `{study['model_hash'][:12]}`, data `{study['data_hash'][:12]}`.",
        "",
        "## The ten cells",
        "",
        "The equivalent magnitude is where our model's accuracy falls to the published figure.",
        "",
        "| noise | published, % | measured, % | equivalent magnitude |",
        "|---|---:|---:|---:|",
        *(f"| {c['noise']} | {c['published']:.2f} | {c['measured']:.2f} | {_equivalent(c)} |" for c in study["cells"]),
        "",
        "## The readings tried",
        "",
        "The study's text leaves units open. Each row is one way to read it, at its min / avg / max level.",
        "",
        "| noise | reading | published, % | measured, % |",
        "|---|---|---:|---:|",
        *(
            f"| {r['kind']} | {r['reading']} | {_levels(r['published'])} | {_levels(r['measured'])} |"
            for r in study["readings"]
        ),
        "",
    ]
    return "\n".join(lines)


def _equivalent(cell: dict[str, Any]) -> str:
    if cell["magnitude"] is None:
        return ""
    if cell["equivalent"] is None:
        return f"above {cell['magnitude']} = {cell['searched_to']:g}"
    return f"{cell['magnitude']} = {cell['equivalent']:.4g}"


def _levels(values: list[float]) -> str:
    return " / ".join(f"{value:.2f}" for value in values)
