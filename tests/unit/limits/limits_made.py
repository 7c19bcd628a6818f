"""Images, measurements and a workbench that gives them, made by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
from torch import nn

from robustness.data import Fit, ImageSet
from robustness.declaration.scope import Scope
from robustness.evaluation.case import Case
from robustness.evaluation.evaluate import Measurement
from robustness.evaluation.result import Result
from robustness.gate.thresholds import Thresholds
from robustness.limits.asks import ASKS
from robustness.limits.asks.ask import Measured
from robustness.limits.limit import Limit
from robustness.models.classifier import Classifier
from robustness.models.declaration import ModelDeclaration
from robustness.noise import Clean, Gaussian


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


@dataclass
class Bench:
    """Hands out the measurements it is given, and keeps what it was asked for."""

    images: ImageSet
    given: list[Measurement] = field(default_factory=list)
    scope: Scope = field(default_factory=Scope)
    warn: bool = False
    baseline: Path | None = None
    test: str = "test"
    asked: list = field(default_factory=list)
    fits: dict[str, Fit] = field(default_factory=dict)
    module: nn.Module | None = None

    @property
    def thresholds(self):
        models = {name: ModelDeclaration(name, "fixture") for name in ("net", "old")}
        return Thresholds(Path("t.toml"), "", "set", 0, models, {}, baseline=self.baseline, scope=self.scope, warn=self.warn)

    def classifier(self, name):
        return Classifier(name, self.module or nn.Flatten(), self.fits.get(name, Fit(8)))

    def measure(self, classifier, noise, seed, enough):
        self.asked.append((classifier.name, noise, seed, enough))
        return self.given[len(self.asked) - 1]


def judged(limit, cases, images=None, scope=None, **more):
    """What a limit's ask says of the measurements of its cases."""
    return ASKS[limit.asks].judge(Measured(limit, cases, Bench(images, scope=scope or Scope(), **more)))
