"""Values of the kinds that tests need, with sensible defaults: each function takes the fields that matter as keywords."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import stats
from torch import nn

from robustness.claims.declare import DeclaredClaim
from robustness.claims.record import (
    BreakEvidence,
    ClaimRecord,
    Distortion,
    GainCell,
    GainEvidence,
    LevelPair,
    LevelsEvidence,
    OrderEvidence,
    OrderPair,
    PatternPair,
    PatternsEvidence,
)
from robustness.data import Fit, ImageSet
from robustness.evaluation.case import Case
from robustness.evaluation.evaluate import Measurement
from robustness.evaluation.result import Result
from robustness.evaluation.store import Store
from robustness.gan.condition import Condition
from robustness.gan.sample import Generator
from robustness.gate.ledger import Ledger
from robustness.gate.notes import NoiseWarning, RuleMeasured
from robustness.gate.promise import Promise
from robustness.gate.thresholds import Thresholds
from robustness.gate.workbench import Workbench
from robustness.generators.record import ClassMarks, GeneratorRecord, Marks
from robustness.hunts.declare import Hunt
from robustness.hunts.record import HuntRecord
from robustness.kinds import KINDS
from robustness.limits.record import (
    ClassFlips,
    DifferencesFound,
    DifferentImage,
    DropFound,
    FlippedImage,
    FlipsFound,
    LimitRecord,
    Quantile,
    WaveMap,
)
from robustness.models.classifier import Classifier
from robustness.models.declaration import ModelDeclaration
from robustness.noise import KINDS as NOISES
from robustness.noise import Clean, Gaussian, Noise, Periodic, parse_noise
from robustness.report.environment import Environment
from robustness.report.misclassified import pack
from robustness.report.results import (
    ClassCounts,
    Confusions,
    DeclaredModel,
    DeclaredNoise,
    Hypothesis,
    ImageClass,
    Images,
    Misclassified,
    NoisyImages,
    PromiseTest,
    Results,
    RunDetails,
    Seen,
    ThresholdsFile,
    Timing,
    Turned,
    TurnedImage,
    UnmeasuredPromise,
)
from robustness.search.critical import Flips, Search, SearchCase
from robustness.search.curve import FlipCurve
from robustness.search.finding import Finding
from robustness.statistics.verdict import Verdict

LEVELS = 200
"""Of a search."""
STRONG = Gaussian(50)


# Limits.


def limit_record(noise: Noise | str = "gaussian(sigma=25)", **more) -> LimitRecord:
    """A limit on accuracy, kept, unless `verdict` says otherwise; one that is not stops the release unless `stops` is given."""
    noise = parse_noise(noise) if isinstance(noise, str) else noise
    asks, model = more.get("asks", "accuracy"), more.get("model", "net")
    seen, total = more.get("seen", 100), more.get("total", more.get("seen", 100))
    right = more.get("right", round(more.get("accuracy", 0.8) * seen))
    accuracy = more.get("accuracy", right / seen)
    value = more.get("value", accuracy)
    subject = more.get("subject", str(noise) if asks == "accuracy" else f"{noise}-{asks}")
    required = more.get("required", "0.75")
    verdict = Verdict(more.get("verdict", "FAIL" if more.get("stops") else "PASS"))
    fields: dict[str, Any] = {
        "limit": f"{model}-{subject}",
        "place": "thresholds.toml:9",
        "model": model,
        "data": "signs",
        "subject": subject,
        "is_plain": asks == "accuracy",
        "noise": str(noise),
        "family": noise.family,
        "magnitude": noise.magnitude,
        "level": None if noise.level is None else float(noise.level),
        "identity": None if noise.identity is None else float(noise.identity),
        "bit_identical": noise.bit_identical,
        "seed": 0,
        "asks": asks,
        "required": required,
        "needed": 75,
        "value": value,
        "words": None,
        "right": right,
        "seen": seen,
        "total": total,
        "accuracy": accuracy,
        "claim": "test-set",
        "confidence": None,
        "low": None,
        "high": None,
        "to_decide": None,
        "stops": verdict is not Verdict.PASS,
        "key": "ab" * 32,
        "model_hash": "cd" * 32,
        "size": 8,
        "fit": "resize",
        "stored": False,
        "seconds": 0.5,
        "repeat": f"robustness evaluate {model}",
        "reason": f"accuracy {accuracy:.4f}: {right:,} of {seen:,} right, the limit {required} asks for 75",
    }
    return LimitRecord(**fields | more | {"verdict": verdict})


def drop_found(**more) -> DropFound:
    fields: dict[str, Any] = {
        "baseline": "v1.safetensors",
        "right_before": 90,
        "broken": 12,
        "mended": 2,
        "allowed": 5,
        "drop": 0.1,
        "low": 0.04,
        "high": 0.16,
    }
    return DropFound(**fields | {"p_value": 0.0625} | more)


def spread(values) -> tuple[float, ...]:
    """Lines between values at even levels, at each level of a search."""
    even = np.interp(np.linspace(0, 1, LEVELS + 1), np.linspace(0, 1, len(values)), values)
    return tuple(round(float(at), 6) for at in even)


def flip_curve(noise: Noise = STRONG, shares=(0.0, 0.5), **more) -> FlipCurve:
    """shares: flipped, at even levels; lines between them."""
    return FlipCurve(**_curve(noise, shares) | more)


def _curve(noise, shares):
    return {
        "noise": str(noise),
        "family": noise.family,
        "magnitude": noise.magnitude,
        "magnitudes": tuple(float(step.level) for step in noise.ladder(LEVELS)),
        "right": 10,
        "total": 10,
        "flipped": tuple(shares) if len(shares) > LEVELS else spread(shares),
    }


def flips_found(noise: Noise = STRONG, shares=(0.0, 0.5), name="stop", **more) -> FlipsFound:
    """A search with everything to show; no band unless it is given. name: of the class that flips."""
    fields: dict[str, Any] = {
        "resolution": f"{LEVELS} magnitudes up to {noise.magnitude} {noise.level:g}",
        "passes": 9.5,
        "accuracy": spread((0.9, 0.4)),
        "mended": 1,
        "confidence": 0.95,
        "band": None,
        "band_missing": "no claim about a population can be made" if more.get("band") is None else None,
        "quantiles": (
            Quantile(share=0.01, magnitude=5.0, low=2.5, high=None),
            Quantile(share=0.5, magnitude=None, low=None, high=None),
        ),
        "classes": (ClassFlips(name=name, flipped=4, right=10),),
        "images": tuple(FlippedImage(index=n, label=name, becomes=f"{name} after", magnitude=5.0 * n + 5) for n in range(2)),
    }
    return FlipsFound(**_curve(noise, shares) | fields | more)


def wave_map(**more) -> WaveMap:
    fields: dict[str, Any] = {
        "frequencies": (0.125, 0.5),
        "orientations": (0.0, 45.0, 90.0),
        "accuracies": ((0.9, 0.8, 0.7), (0.6, 0.2, 0.4)),
        "clean": 0.9,
        "band": (0.5, 0.5),
        "words": "waves at 0.5 cycles per pixel take half of the accuracy",
    }
    return WaveMap(**fields | more)


def differences_found(**more) -> DifferencesFound:
    image = DifferentImage(index=3, label="stop", says="go", source_says="stop", margin=0.25)
    fields: dict[str, Any] = {"source": "net", "differences": 1, "ties": 0, "images": (image,)}
    return DifferencesFound(**fields | more)


def flips_limit(noise: Noise = STRONG, shares=(0.0, 0.5), name="stop", band=None, found=None, **more) -> LimitRecord:
    found = found or flips_found(noise, shares, name, band=band)
    fields: dict[str, Any] = {"asks": "max_flips", "details": found, "value": found.flipped[-1], "required": "0.6"}
    return limit_record(noise, **fields | more)


def waves_limit(found: WaveMap | None = None, **more) -> LimitRecord:
    return limit_record(
        Periodic(0.1), **{"asks": "worst_band", "details": found or wave_map(), "value": 0.2, "required": "0.1"} | more
    )


def drop_limit(noise: Noise | str = "gaussian(sigma=25)", change: DropFound | None = None, **more) -> LimitRecord:
    fields: dict[str, Any] = {
        "asks": "max_drop",
        "change": change or drop_found(),
        "value": 0.1,
        "required": "0.2",
        "confidence": 0.95,
    }
    return limit_record(noise, **fields | more)


# Hunts, claims, generators.


def finding(**more) -> Finding:
    fields: dict[str, Any] = {
        "schema": 1,
        "model": "net",
        "model_hash": "cd" * 32,
        "data": "signs",
        "data_hash": "ef" * 32,
        "contract": (2,),
        "perturbation": "gaussian(sigma=3)",
        "seed": 7,
        "images": 100,
        "right": 90,
        "flipped": 7,
        "budget": "0.05",
        "flipped_images": (1, 2, 3, 4, 5, 6, 7),
        "image": 3,
        "label": "stop",
        "before": "stop",
        "after": "go",
        "smallest": "gaussian(sigma=2)",
    }
    return Finding(**fields | more)


def hunt_record(stops=False, **more) -> HuntRecord:
    model = more.get("model", "net")
    fields: dict[str, Any] = {
        "hunt": f"{model}-gaussian",
        "place": "thresholds.toml:20",
        "model": model,
        "safe": ("gaussian(sigma=3)",),
        "budget": "0.05",
        "tried": 30,
        "images": 100,
        "right": 90,
        "stops": stops,
        "words": "no noise up to gaussian(sigma=3) flips more than 0.05 of 90 right predictions",
    }
    caught = {
        "flipped": 7,
        "finding": finding(model=model),
        "file": f"findings/{model}-1234.json",
        "before": "stop",
        "after": "go",
        "replay": f"robustness flips replay findings/{model}-1234.json",
        "words": "gaussian(sigma=3), seed 7, flips 7 of 90 right predictions",
    }
    return HuntRecord(**fields | (caught if stops else {}) | more)


def break_evidence(**more) -> BreakEvidence:
    fields: dict[str, Any] = {
        "of_clean": "0.9",
        "break_point": 25.0,
        "interval": (20.0, 30.0),
        "confidence": 0.95,
        "expected": (10.0, 40.0),
        "clean_accuracy": 0.9,
        "looked_at": "200 magnitudes",
    }
    return BreakEvidence(**fields | more)


def distortions(noise="gaussian(sigma=26)") -> tuple[Distortion, ...]:
    return (
        Distortion(noise=noise, psnr=19.98, ssim=0.7),
        Distortion(noise="offset(levels=25.5)", psnr=19.83, ssim=None),
    )


def patterns_evidence(**more) -> PatternsEvidence:
    pair = PatternPair(
        noises=("gaussian(sigma=26)", "offset(levels=25.5)"),
        accuracies=(0.5, 0.75),
        difference=-0.25,
        interval=(-0.5, 0.0),
        p_value=0.125,
        alarm=True,
    )
    fields: dict[str, Any] = {"confidence": 0.95, "negligible": 0.01, "pairs": (pair,), "distortions": distortions()}
    return PatternsEvidence(**fields | more)


def order_evidence(**more) -> OrderEvidence:
    pair = OrderPair(
        noises=("gaussian(sigma=26)", "offset(levels=25.5)"),
        accuracies={"net": (0.5, 0.75)},
        p_values={"net": (0.125, 1.0)},
        disrupts_more=(("net",), ()),
    )
    fields: dict[str, Any] = {"confidence": 0.95, "pairs": (pair,)}
    return OrderEvidence(**fields | more)


def levels_evidence(**more) -> LevelsEvidence:
    levels = ("gaussian(sigma=5)", "gaussian(sigma=25)")
    pair = LevelPair(levels=levels, accuracies=(0.75, 0.5), rise=-0.25, at_most=-0.125, p_value=1.0, alarm=False)
    fields: dict[str, Any] = {"confidence": 0.95, "negligible": 0.01, "pairs": (pair,)}
    return LevelsEvidence(**fields | more)


def gain_evidence(**more) -> GainEvidence:
    cell = GainCell(
        noise="gaussian(sigma=25)", accuracies=(0.75, 0.8), accuracies_of_others=(0.5,), gain=0.275, interval=(0.125, 0.5)
    )
    fields: dict[str, Any] = {"confidence": 0.95, "negligible": 0.01, "gain": 0.275, "interval": (0.125, 0.5), "cells": (cell,)}
    return GainEvidence(**fields | more)


def claim_record(stops=False, **more) -> ClaimRecord:
    """A claim that came out supported; declared to be refuted where it stops."""
    models = more.get("models", ("net", "other"))
    fields: dict[str, Any] = {
        "claim": f"{models[0]}-breaks-gaussian",
        "place": "thresholds.toml:30",
        "says": "breaks",
        "models": models,
        "expected": "refuted" if stops else "supported",
        "outcome": "supported",
        "stops": stops,
        "words": "accuracy falls below 0.9 of clean accuracy at sigma 25",
        "evidence": break_evidence(),
    }
    return ClaimRecord(**fields | more)


def marks(name="stop", classes=True, **more) -> Marks:
    """All marks of a generator; one class, of which a third is classified so, unless it knows none."""
    label = ClassMarks(
        name=name, images=9, right=3, real_right=9, low=0.07, high=0.7, variety=0.1, fidelity=1 / 3, collapsed=True
    )
    fields: dict[str, Any] = {
        "judge": "net",
        "samples": 9,
        "fidelity": 1 / 3 if classes else None,
        "classes": (label,) if classes else (),
        "collapsed": (name,) if classes else (),
        "precision": 0.5,
        "recall": 0.25,
        "frechet": 12.0,
        "nearest": 1.0,
        "copied": 0.0,
        "losses": {},
        "sheet": "UklGRg==",
        "pairs": "cGFpcnM=",
    }
    return Marks(**fields | more)


def generator_record(stops=False, **more) -> GeneratorRecord:
    generator = more.get("generator", "signs")
    fields: dict[str, Any] = {
        "generator_limit": f"{generator}-fidelity",
        "place": "thresholds.toml:40",
        "generator": generator,
        "judge": "net",
        "asks": "fidelity",
        "required": "0.9" if stops else "0.3",
        "value": 1 / 3,
        "stops": stops,
        "words": f"fidelity 0.333, the limit asks for at least {0.9 if stops else 0.3}",
    }
    return GeneratorRecord(**fields | more)


# Results.


def noise_warning(**more) -> NoiseWarning:
    fields = {
        "noise": "gaussian(sigma=0.15)",
        "place": "thresholds.toml:12",
        "words": "gaussian(sigma=0.15) changes next to nothing",
    }
    return NoiseWarning(**fields | more)


def images(*names, **more) -> Images:
    """Of classes of these names."""
    classes = tuple(ImageClass(name=name, images=50, picture=None) for name in names or ("stop", "go"))
    fields: dict[str, Any] = {"name": "signs", "images": 50 * len(classes), "content_hash": "cd" * 32, "classes": classes}
    return Images(**fields | more)


def run_details(**more) -> RunDetails:
    fields: dict[str, Any] = {
        "command": ("robustness", "gate"),
        "started": "2026-01-02T03:04:05+00:00",
        "seconds": 1.0,
        "versions": {"torch": "2"},
        "python": "3.12",
        "platform": "Linux",
        "environment": Environment(
            commit="ab" * 20, tree="clean", ci="https://ci.example.org/1", device="cpu, 2 cores", threads=1
        ),
    }
    return RunDetails(**fields | more)


def results(*records, models=("net",), **more) -> Results:
    """Of a run with these records; FAIL where one of them, a gap or an error stops it, unless `verdict` is given."""
    stops = any(record.stops for record in records) or more.get("gaps") or more.get("errors")
    fields: dict[str, Any] = {
        "verdict": "FAIL" if stops else "PASS",
        "gaps": (),
        "left_out": (),
        "errors": {},
        "thresholds": ThresholdsFile(path="thresholds.toml", sha256="ab" * 32, text="schema = 1"),
        "data": "signs",
        "seed": 0,
        "models": {model: DeclaredModel(name=model, load="baseline-cnn") for model in models},
        "model_hashes": {},
        "noises": {},
        "measurements": {},
        "run": run_details(),
        "images": None,
        "gallery": (),
        "records": tuple(records),
    }
    return Results(**fields | more)


def rich_results() -> Results:
    """With something to show in every section of the report, and a value in every field."""
    noises = (Clean(), Gaussian(5), Gaussian(25))
    plain = [
        limit_record(noise, accuracy=accuracy, low=accuracy - 0.05, high=accuracy + 0.05, claim="population", confidence=0.95)
        for noise, accuracy in zip(noises, (0.95, 0.9, 0.8), strict=True)
    ]
    plain[2] = replace(plain[2], required="0.85", verdict=Verdict.FAIL, stops=True, to_decide=None)
    own = replace(limit_record("clean", model="other"), bit_identical=False, noise="mist(share=0.5)", family="mist", level=0.5)
    waived = limit_record(
        "clean", model="other", verdict="INCONCLUSIVE", stops=False, to_decide=900, waived_until="2026-12-31", waiver="why"
    )
    picture = "data:image/png;base64,AAAA"
    turned = TurnedImage(index=3, name="stop/3.png", before="stop", after="go", clean=picture, noisy=picture)
    return results(
        *plain,
        replace(own, magnitude="share", identity=None, limit="other-mist", subject="mist(share=0.5)"),
        waived,
        drop_limit(change=drop_found(broken_images=(3, 4), mended_images=(5,))),
        flips_limit(band=(spread((0, 0.4)), spread((0, 0.8)))),
        waves_limit(),
        limit_record("clean", asks="max_differences", words="1 of 100", details=differences_found()),
        hunt_record(stops=True),
        claim_record(evidence=break_evidence(search=flip_curve())),
        claim_record(claim="patterns", says="patterns-differ", evidence=patterns_evidence(), stops=True),
        claim_record(claim="order", says="order-differs", evidence=order_evidence()),
        claim_record(claim="levels", says="more-noise-never-helps", evidence=levels_evidence()),
        claim_record(claim="gain", says="outperforms", evidence=gain_evidence()),
        generator_record(),
        models=("net", "other"),
        gaps=("1 limit not measured: net-x",),
        left_out=("net-y",),
        unmeasured=(UnmeasuredPromise(kind="limit", id="net-y", place="thresholds.toml:8", models=("net",), left_out=True),),
        rules=("test_rules.py::test_another",),
        warnings=(noise_warning(),),
        tests={"net-clean": PromiseTest(id="test_limits.py::test_limit[net-clean]", seconds=0.5)},
        errors={"test_rules.py::test_mine": "it does not hold"},
        model_hashes={"net": "cd" * 32},
        seen={"net": Seen(preparation="resize 8", height=8, width=8, channels=3, mean=(0.0,) * 3, std=(1.0,) * 3)},
        noises={"mist": DeclaredNoise(load="python:mist:Mist", magnitude="share", arguments={"p": "1"})},
        generators={"signs": marks(losses={"generator": (1.0, 2.0), "discriminator": (1.0, 0.5)}, hash="ab" * 32)},
        measurements={
            "test_rules.py::test_mine": (RuleMeasured(case="net / signs / clean", key="ab" * 32, right=9, total=10),)
        },
        figures={"test_rules.py::test_mine": {"at night": 0.875, "camera": "left"}},
        published={"net": {"clean": 0.9}},
        hypotheses={"breaks": Hypothesis(name="H1", words="it breaks somewhere")},
        timings=(
            Timing(kind="accuracy", tests=5, seconds=2.5, stored=1, images_per_second=400.0),
            Timing(kind="hunt", tests=1, seconds=1.0, stored=None, images_per_second=None),
        ),
        images=images(classes=tuple(ImageClass(name=name, images=50, picture=picture) for name in ("stop", "go"))),
        confusions=(
            Confusions(model="net", noise="clean", accuracy=0.9, seen=(50, 50), right=(45, 40), pairs=((1, 0, 10), (0, 1, 5))),
        ),
        per_class=(ClassCounts(model="net", noise="clean", seen=(50, 50), right=(45, 40)),),
        misclassified=(Misclassified(model="net", noise="gaussian(sigma=25)", images=pack([3, 14, 15])),),
        turned=(Turned(model="net", noise="gaussian(sigma=25)", turned=9, pictures=(turned,)),),
        gallery=(NoisyImages(noise="clean", pictures=(picture,)),),
    )


# Cases and measurements.


def case(noise: Noise | str = "clean", **more):
    noise = parse_noise(noise) if isinstance(noise, str) else noise
    fields: dict[str, Any] = {
        "model": "net",
        "data": "signs",
        "noise": noise,
        "seed": 0,
        "model_hash": "cd" * 32,
        "data_hash": "ef" * 32,
        "arithmetic": "cpu",
    }
    return Case(**fields | more)


def measurement(noise: Noise | str = "clean", right=8, total=10, **more):
    """Of a set whose images are all of class 0, of which the first are classified correctly."""
    predictions = np.where(np.arange(total) < right, 0, 1).astype(np.int16)
    fields: dict[str, Any] = {
        "case": case(noise),
        "result": Result(predictions, np.ones(total, np.float32)),
        "looks": [(right, total)],
        "total": total,
        "seconds": 0.5,
        "stored": False,
    }
    return Measurement(**fields | more)


# Networks: two classes, by what a network sees


class ByLight(nn.Module):
    """Class 1 where the mean grey level is above the threshold; counts how often it was asked."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.tensor(threshold / 255))
        self.counted = SimpleNamespace(answers=0)  # no setting of the network's

    @property
    def answers(self) -> int:
        return int(self.counted.answers)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        self.counted.answers += 1
        excess = batch[:, :1].mean(dim=(1, 2, 3)) - self.threshold
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
        level = batch[:, :1].mean(dim=(1, 2, 3))
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


def hunt(model: str = "net", safe: Sequence[Noise] = (Gaussian(3),), budget: str = "0.5", images: int = 256) -> Hunt:
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
    fields: dict[str, Any] = {
        "file": file,
        "sha256": "",
        "data": "images",
        "seed": 0,
        "models": by_name,
        "noises": dict(NOISES),
    }
    return Thresholds(**fields | {"promise_kinds": KINDS, "promises": promises} | changes)


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
    return Workbench(declared, store=store, kept=kept, **{"run": "run"} | own)  # None: nothing is kept


def ledger(limit: Sequence[str] = (), **changes: Any) -> Ledger:
    """Of a run that was asked to gate. limit, hunt, claim, generator_limit: the ids of what is promised."""
    promised = {kind.name: changes.pop(kind.name, ()) for kind in KINDS}
    fields: dict[str, Any] = {"promised": promised | {"limit": limit}, "kinds": KINDS, "asked": True}
    return Ledger(**fields | changes)


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
