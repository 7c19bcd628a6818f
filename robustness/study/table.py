"""The study's cells measured again for any network, as plain values; accuracies in per cent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from robustness.evaluation.cost import seconds_of
from robustness.evaluation.jobs import AnyJob, evaluation_job
from robustness.gate.workbench import Workbench
from robustness.limits.asks.accuracy import EARLY_ERROR
from robustness.models.classifier import Classifier
from robustness.noise import PRESETS, Clean, Noise, Resolution
from robustness.search.equivalent import equivalent_magnitude
from robustness.statistics.sequential import FinitePopulation
from robustness.study.published import HIGHEST, PUBLISHED, READINGS

CELLS: tuple[Noise, ...] = (Clean(), *PRESETS["paper"], *(Resolution(factor) for factor in (2, 3, 4)))
"""The study's ten, and images first reduced to a half, a third and a quarter of their resolution."""
FINISHED = 80.0
"""A network that classifies fewer of the clean images correctly is not trained yet: what breaks it says nothing."""
TOLERANCE = Decimal("0.5")
"""In points: nearer than that an accuracy is as good as the published one, which itself is known to 0.9 at worst, at 95 %."""
PASSES = 1.75
"""Over the images, to find one equivalent magnitude: the mean of the baseline CNN's nine on GTSRB."""


class Row:
    """One network on the images of a workbench. card: what is known of its training."""

    def __init__(self, classifier: Classifier, card: Mapping[str, Any], bench: Workbench) -> None:
        self.classifier, self.card, self.bench = classifier, card, bench
        self.published: Mapping[Noise, float] = PUBLISHED.get(classifier.name, {})
        self.read = READINGS if classifier.name == "baseline-cnn" else ()

    def percent(self, noise: Noise) -> float:
        return 100 * self.bench.measure(self.classifier, noise).accuracy

    def measure(self) -> dict[str, Any]:
        """The row: its cells, where it is finished, and what its card says of its training."""
        clean, card = self.percent(Clean()), self.card
        about = {
            "model": self.classifier.name,
            "model_hash": self.classifier.content_hash(),
            "input": str(self.classifier.fit),
            "parameters": card.get("parameters"),
            "start": card.get("start", "from scratch"),
            "epochs": len(card.get("losses", [])),
            "trained_by": card.get("command"),
            "clean": round(clean, 2),
            "finished": clean >= FINISHED,
        }
        if clean < FINISHED:
            return about
        measured = {noise: self.percent(noise) for noise in CELLS}  # before what is searched for between them
        return {**about, "cells": [self._cell(noise, percent) for noise, percent in measured.items()]}

    def readings(self) -> list[dict[str, Any]]:
        """Of the study's own network: each way to read its noises, at its three levels; beside the published figures."""
        return [
            {
                "reading": reading.text,
                "kind": reading.noises[0].kind,
                "noises": [str(noise) for noise in reading.noises],
                "published": list(reading.published),
                "measured": [round(self.percent(noise), 2) for noise in reading.noises],
            }
            for reading in self.read
        ]

    def jobs(self) -> list[AnyJob]:
        """Every cell that is measured whatever comes of the others."""
        noises = [*CELLS, *(noise for reading in self.read for noise in reading.noises)]
        bench = self.bench
        return [evaluation_job(self.classifier, bench.images, noise, bench.thresholds.seed, bench.run) for noise in noises]

    def search_seconds(self) -> float:
        """What the equivalent magnitudes take, about, where no result is stored."""
        magnitudes = sum(noise.magnitude is not None for noise in self.published)
        return PASSES * magnitudes * len(self.bench.images) * seconds_of(self.classifier, self.bench.images)

    def _excess(self, percent: float, noise: Noise) -> float:
        """By how many points accuracy under the noise is above so many per cent, about; 0 within `TOLERANCE` of them.

        Its sign is decided from no more images than it takes, with an error of `EARLY_ERROR` for each side.
        """
        total = len(self.bench.images)
        rules = [
            FinitePopulation(total, min(max(math.ceil((Decimal(str(percent)) + end) * total / 100), 0), total), EARLY_ERROR)
            for end in (-TOLERANCE, TOLERANCE)
        ]

        def sign(right: int, seen: int) -> int | None:
            reaches_lower, reaches_upper = (rule.decide(right, seen) for rule in rules)
            if reaches_upper:
                return 1
            if reaches_lower is False:
                return -1
            return 0 if reaches_lower and reaches_upper is False else None

        measured = self.bench.measure(self.classifier, noise, enough=lambda *look: sign(*look) is not None)
        decided = next(said for look in reversed(measured.looks) if (said := sign(*look)) is not None)
        return decided * max(abs(100 * measured.accuracy - percent), float(TOLERANCE))

    def _cell(self, noise: Noise, percent: float) -> dict[str, Any]:
        published = self.published.get(noise)
        cell = {"noise": str(noise), "published": published, "measured": round(percent, 2)}
        if published is None or noise.magnitude is None:
            return cell
        highest = HIGHEST[noise.kind]
        known = [other.level for other in self.published if other.kind == noise.kind and other.level]
        equivalent = equivalent_magnitude(lambda level: self._excess(published, noise.at(level)), highest, known)
        return {**cell, "magnitude": noise.magnitude, "equivalent": equivalent, "searched_to": highest}
