"""What tests are about, a line each: networks, images, searches, a workbench without a file, and records of every kind."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import stats
from torch import nn

from robustness.claims.declare import DeclaredClaim
from robustness.claims.record import BreakEvidence, ClaimRecord
from robustness.data import Fit, ImageSet
from robustness.evaluation.case import Case
from robustness.evaluation.store import Store
from robustness.gan.condition import Condition
from robustness.gan.sample import Generator
from robustness.gate.ledger import Ledger
from robustness.gate.promise import Promise
from robustness.gate.thresholds import Thresholds
from robustness.gate.workbench import Workbench
from robustness.generators.record import ClassMarks, GeneratorRecord, Marks
from robustness.hunts.declare import Hunt
from robustness.hunts.record import HuntRecord
from robustness.kinds import KINDS
from robustness.limits.record import LimitRecord
from robustness.models.classifier import Classifier
from robustness.models.declaration import ModelDeclaration
from robustness.noise import KINDS as NOISES
from robustness.noise import Gaussian, Noise
from robustness.search.critical import LEVELS, Flips, Search, SearchCase
from robustness.search.finding import Finding
from robustness.statistics.verdict import Verdict

# Networks: two classes, by what a network sees


class ByLight(nn.Module):
    """Class 1 where the mean grey level is above the threshold; counts how often it was asked."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.tensor(threshold / 255))
        self.answers = 0

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        self.answers += 1
        excess = batch.mean(dim=(1, 2, 3)) - self.threshold
        return torch.stack([-excess, excess], dim=1)


class ByContrast(ByLight):
    """Class 1 where neighbours in a row differ by more than the threshold on average."""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return super().forward(batch.diff(dim=3).abs())


class Between(nn.Module):
    """Class 1 where the mean grey level lies between the two."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low, self.high = low / 255, high / 255

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        level = batch.mean(dim=(1, 2, 3))
        inside = ((level > self.low) & (level < self.high)).float()
        return torch.stack([1 - inside, inside], dim=1)


class TurnedRound(nn.Module):
    """Predicts the other class."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return -self.module(batch)


def classifier(name: str = "net", module: nn.Module | None = None, size: int = 8, **changes: Any) -> Classifier:
    """Of class 1 from a middle grey on; without an architecture, so that results end with their run."""
    return Classifier(name, module or ByLight(128), **{"fit": Fit(size)} | changes)


# Images


def plain_images(
    levels: Iterable[int], name: str = "greys", size: int = 8, classes: Sequence[str] = ("dark", "bright"), **more: Any
) -> ImageSet:
    """One image of each grey level, all of the first class."""
    images = [np.full((size, size, 3), level, np.uint8) for level in levels]
    return ImageSet.from_images(name, images, [0] * len(images), classes, **more)


# Generators whose marks are known, and a judge that knows colours


COLOURS = ("blue", "green", "red")
CHANNEL = torch.tensor([2, 1, 0])


class Painter(nn.Module):
    """Images of the class's colour, lighter or darker by the first latent number, with columns lighter or darker by others.

    `paint` may change what is asked.
    """

    def __init__(self, paint: Any = lambda labels, latents: (labels, latents)) -> None:
        super().__init__()
        self.paint = paint

    def forward(self, latents: torch.Tensor, labels: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
        labels, latents = self.paint(labels, latents)
        images = torch.full((len(labels), 3, 28, 28), -1.0)
        images[torch.arange(len(labels)), CHANNEL[labels]] = (latents[:, 0].tanh() * 0.35 + 0.35)[:, None, None]
        columns = latents[:, 2:30].tanh() * 0.04
        lighter = latents[:, 1].tanh() * 0.05 + 0.15
        return images + (lighter[:, None] + columns - columns.mean(dim=1, keepdim=True))[:, None, None]


class NamesColours(nn.Module):
    """Features: the mean of each channel; the class: the largest."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(3, 3, bias=False)
        with torch.no_grad():
            self.last.weight.copy_(torch.eye(3).flip(0))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.last(images.mean(dim=(2, 3)))


def painted(count: int, seed: int, names: Sequence[str] = COLOURS) -> ImageSet:
    """Real images: what a faithful painter paints from other latent vectors."""
    generator = Generator(Painter(), Condition(COLOURS))
    labels = np.arange(count) % 3
    images = generator.images(labels, np.arange(count), seed)
    return ImageSet.from_images("real", images, labels.tolist(), names)


# Searches


NEVER = LEVELS + 1
"""The level of an image that does not change."""


def case(model: str = "net", data: str = "set", noise: Noise = Gaussian(25)) -> Case:  # noqa: B008 - a frozen value
    return Case(model, data, noise, 0, "", "", "")


def searched(
    levels: npt.ArrayLike,
    right: npt.ArrayLike | None = None,
    mended: npt.ArrayLike | None = None,
    noise: Noise = Gaussian(sigma=100),  # noqa: B008 - a frozen value
) -> Search:
    """A search in which each image changes at a level, or `NEVER`. Half a grey level of sigma lies between two levels.

    right: correct without noise, by default all. mended: correct after the change, by default none.
    """
    levels = np.asarray(levels)
    right = np.ones(len(levels), dtype=bool) if right is None else np.asarray(right)
    mended = np.zeros(len(levels), dtype=bool) if mended is None else np.asarray(mended)
    magnitudes = np.array([*(step.level for step in noise.ladder(LEVELS)), math.inf])
    after = np.where(levels == NEVER, -1, np.where(mended, 1, 2)).astype(np.int16)
    flips = Flips(np.where(right, 1, 0).astype(np.int16), magnitudes[levels], after, np.ones(len(levels), dtype=np.int16))
    return Search(SearchCase(case(noise=noise), 25), flips, np.ones(len(levels), dtype=np.int64), 0.0, False)


# Error rates


def most(draws: int, level: float) -> float:
    """The largest count of errors in so many draws that agrees with the level, but for one draw of a thousand."""
    return float(stats.binom.ppf(0.999, draws, level))


# Thresholds and a workbench, without a file


def hunt(model: str = "net", safe: Sequence[Noise] = (Gaussian(3),), budget: str = "0.5", images: int = 256) -> Hunt:  # noqa: B008
    return Hunt(model, tuple(safe), Decimal(budget), images, "thresholds.toml:7")


def claim(says: Any, *noises: Noise, models: Sequence[str] = ("net",), **changes: Any) -> DeclaredClaim:
    """Declared supported; patterns are compared at 20 dB."""
    matched = {"metric": "psnr", "target": 20.0} if says in ("patterns-differ", "order-differs") else {}
    fields: dict[str, Any] = {"expected": "supported", "place": "t:7", "negligible": "0.02"} | matched | changes
    return DeclaredClaim(says, tuple(models), noises, **fields | {"negligible": Decimal(str(fields["negligible"]))})


def thresholds(
    *promises: Promise,
    models: Iterable[str | ModelDeclaration] = ("net",),
    file: Path = Path("thresholds.toml"),
    **changes: Any,
) -> Thresholds:
    declared = (ModelDeclaration(model, "toy") if isinstance(model, str) else model for model in models)
    by_name = {model.name: model for model in declared}
    fields = {"file": file, "sha256": "", "data": "images", "seed": 0, "models": by_name, "noises": dict(NOISES)}
    return Thresholds(**fields | {"kinds": KINDS, "promises": promises} | changes)


def bench(
    images: ImageSet, *classifiers: Classifier, promises: Sequence[Promise] = (), store: Store | None = None, **changes: Any
) -> Workbench:
    """Measures these classifiers, by name, on these images. changes: of the workbench or of its thresholds."""
    own = {name: changes.pop(name) for name in ("run", "profile", "started", "fixture", "test", "note") if name in changes}
    kept: dict[object, Any] = {"images": images}
    for each in classifiers:
        kept |= {("model", each.name): each, ("sentinels", each.name): None}
    names = [each.name for each in classifiers]
    declared = thresholds(*promises, **{"models": names, "data": images.name} | changes)
    return Workbench(declared, store=store, kept=kept, **{"run": "run"} | own)  # type: ignore[arg-type]  # None: nothing is kept


def ledger(limit: Sequence[str] = (), **changes: Any) -> Ledger:
    """Of a run that was asked to gate. limit, hunt, claim, generator_limit: the ids of what is promised."""
    promised = {kind.name: changes.pop(kind.name, ()) for kind in KINDS}
    return Ledger(**{"promised": promised | {"limit": limit}, "kinds": KINDS, "asked": True} | changes)


# Records


def limit_record(limit: str = "net-gaussian(sigma=5)", verdict: str = "PASS", **changes: Any) -> LimitRecord:
    """90 of 100 images correct, under gaussian(sigma=5) and a limit of 0.8."""
    fields: dict[str, Any] = {
        "limit": limit,
        "place": "thresholds.toml:9",
        "model": "net",
        "data": "images",
        "subject": limit.removeprefix("net-"),
        "is_plain": True,
        "noise": "gaussian(sigma=5)",
        "family": "gaussian",
        "magnitude": "sigma",
        "level": 5.0,
        "identity": 0.0,
        "bit_identical": True,
        "seed": 0,
        "asks": "accuracy",
        "required": "0.8",
        "needed": 80,
        "value": 0.9,
        "words": None,
        "right": 90,
        "seen": 100,
        "total": 100,
        "accuracy": 0.9,
        "claim": "test-set",
        "confidence": None,
        "low": None,
        "high": None,
        "to_decide": None,
        "verdict": Verdict(verdict),
        "stops": verdict != "PASS",
        "key": "k" * 64,
        "model_hash": "m" * 64,
        "stored": False,
        "seconds": 2.0,
        "repeat": 'robustness evaluate net --noise "gaussian(sigma=5)"',
        "reason": "accuracy 0.9000: 90 of 100 right, the limit 0.8 asks for 80",
    }
    return LimitRecord(**fields | changes)


def finding(**changes: Any) -> Finding:
    fields: dict[str, Any] = {
        "schema": 1,
        "model": "net",
        "model_hash": "m" * 64,
        "data": "images",
        "data_hash": "d" * 64,
        "contract": (Gaussian.contract,),
        "perturbation": "gaussian(sigma=3)",
        "seed": 4,
        "images": 20,
        "right": 18,
        "flipped": 2,
        "budget": "0.05",
        "flipped_images": (2, 5),
        "image": 2,
        "label": "bright",
        "before": "bright",
        "after": "dark",
        "smallest": "gaussian(sigma=2)",
    }
    return Finding(**fields | changes)


def hunt_record(hunt: str = "net-gaussian", finding: Finding | None = None, **changes: Any) -> HuntRecord:
    """With a finding it stops the release."""
    fields: dict[str, Any] = {
        "hunt": hunt,
        "place": "thresholds.toml:17",
        "model": "net",
        "safe": ("gaussian(sigma=3)",),
        "budget": "0.05",
        "tried": 100,
        "images": 20,
        "right": 18,
        "words": "no noise flips more",
    }
    if finding is not None:
        found = {"stops": True, "flipped": finding.flipped, "file": f"findings/{finding.name}.json", "finding": finding}
        fields |= found | {"before": finding.before, "after": finding.after, "replay": f"robustness flips replay {found['file']}"}
    return HuntRecord(**fields | changes)


def break_evidence(**changes: Any) -> BreakEvidence:
    fields: dict[str, Any] = {
        "of_clean": "0.9",
        "break_point": 25.0,
        "interval": (23.0, None),
        "confidence": 0.95,
        "expected": (20.0, 30.0),
        "clean_accuracy": 0.9,
        "looked_at": "200 magnitudes",
    }
    return BreakEvidence(**fields | changes)


def claim_record(
    claim: str = "net-breaks-gaussian", outcome: str = "supported", expected: str = "supported", **changes: Any
) -> ClaimRecord:
    fields: dict[str, Any] = {
        "claim": claim,
        "place": "thresholds.toml:25",
        "says": "breaks",
        "models": ("net",),
        "expected": expected,
        "outcome": outcome,
        "stops": outcome != expected,
        "words": "accuracy falls below 0.9 of clean accuracy at sigma 25",
        "evidence": break_evidence(),
    }
    return ClaimRecord(**fields | changes)


def class_marks(name: str, fidelity: float | None = 1.0, variety: float | None = 1.0, **changes: Any) -> ClassMarks:
    fields: dict[str, Any] = {"images": 10, "right": 9, "real_right": 9, "low": 0.5, "high": 1.0, "collapsed": False}
    return ClassMarks(name=name, fidelity=fidelity, variety=variety, **fields | changes)


def marks(**changes: Any) -> Marks:
    fields: dict[str, Any] = {
        "judge": "judge",
        "samples": 30,
        "fidelity": 0.7,
        "classes": (class_marks("Go", 1.2), class_marks("Stop", 0.02), class_marks("Yield", 0.9)),
        "collapsed": ("Stop", "Yield"),
        "worst_class": "Stop",
        "precision": 0.5,
        "recall": 0.25,
        "frechet": 1234.5,
        "nearest": 1.75,
        "copied": 0.01,
        "copy_distance": 0.5,
        "divergence": -0.5,
        "losses": {"generator": (1.0, 2.0), "discriminator": (1.0, 1.0)},
        "sheet": "",
    }
    return Marks(**fields | changes)


def generator_record(generator_limit: str = "signs-fidelity", **changes: Any) -> GeneratorRecord:
    fields: dict[str, Any] = {
        "generator_limit": generator_limit,
        "place": "thresholds.toml:33",
        "generator": generator_limit.partition("-")[0],
        "judge": "judge",
        "asks": generator_limit.partition("-")[2],
        "required": "0.5",
        "value": 0.7,
        "stops": False,
        "words": "fidelity 0.7, the limit asks for at least 0.5",
    }
    return GeneratorRecord(**fields | changes)


# TOML


def to_toml(value: Any) -> str:
    """A value as TOML, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{to_toml(key)} = {to_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(to_toml, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)


def line_of(text: str, marked: str) -> int:
    """The line on which a text has a part for the first time."""
    return text[: text.index(marked)].count("\n") + 1
