"""Images, measurements and a workbench that gives them, made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
from torch import nn

from robustness.data import Fit, ImageSet, Preparation
from robustness.declaration.scope import Scope
from robustness.evaluation.case import Case
from robustness.evaluation.evaluate import Enough, Measurement
from robustness.evaluation.result import Result
from robustness.gate.thresholds import Thresholds
from robustness.gate.workbench import Workbench
from robustness.limits.asks import ASKS
from robustness.limits.asks.ask import Measured
from robustness.limits.limit import Limit
from robustness.models.classifier import Classifier
from robustness.models.declaration import ModelDeclaration
from robustness.noise import Clean, Gaussian, Noise


def images(labels, names=("a", "b", "c"), tracks=None):
    return ImageSet.from_images("set", [np.zeros((1, 1, 3), np.uint8)] * len(labels), list(labels), list(names), tracks)


def measurement(right, total, noise=None, model="net", predictions=None, margins=None, looks=None):
    """Of so many images correctly classified, whichever they are, where no predictions are given."""
    predictions = np.zeros(total) if predictions is None else predictions
    result = Result(np.array(predictions, np.int16), np.array(np.zeros(total) if margins is None else margins, np.float32))
    case = Case(model, "set", noise or Clean(), 0, "", "", "")
    return Measurement(case, result, looks or [(right, total)], total, 0.0, False)


def predicted(predictions, labels, **more):
    return measurement(int(np.sum(np.equal(predictions, labels))), len(labels), predictions=predictions, **more)


def limit(asks, required="0.5", noise=None, **more):
    return Limit("net", noise or Gaussian(20), asks, Decimal(required), "t:1", **more)


@dataclass(frozen=True, eq=False)
class Bench(Workbench):
    """Hands out the measurements it is given, and keeps what it was asked for."""

    given: Sequence[Measurement] = ()
    asked: list[tuple[str, Noise, int | None, Enough | None]] = field(default_factory=list)
    fits: Mapping[str, Preparation] = field(default_factory=dict)
    module: nn.Module | None = None

    def classifier(self, name):
        return Classifier(name, self.module or nn.Flatten(), self.fits.get(name, Fit(8)))

    def measure(self, classifier, noise, seed=None, enough=None):
        self.asked.append((classifier.name, noise, seed, enough))
        return self.given[len(self.asked) - 1]


def bench_of(images, given=(), scope=None, warn=False, baseline=None, **more):
    models = {name: ModelDeclaration(name, "fixture") for name in ("net", "old")}
    of = {"baseline": baseline, "scope": scope or Scope(), "warn": warn}
    thresholds = Thresholds(Path("t.toml"), "", "set", 0, models, {}, **of)
    return Bench(thresholds, test="test", kept={"images": images}, given=given, **more)


def judged(limit, cases, images=None, scope=None):
    """What a limit's ask says of the measurements of its cases."""
    return ASKS[limit.asks].judge(Measured(limit, cases, bench_of(images, scope=scope)))
