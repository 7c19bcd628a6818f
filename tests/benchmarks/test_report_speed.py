"""How long a report takes: of ten models under thirty levels of noise, two seconds at most, and its size."""

from __future__ import annotations

import numpy as np
import pytest

from robustness.noise import Clean, Gaussian, Periodic, SaltAndPepper
from robustness.report.html import render_report

MODELS = [f"model-{number}" for number in range(10)]
NOISES = [
    Clean(),
    *(Gaussian(sigma) for sigma in range(5, 55, 5)),
    *(Periodic(amplitude) for amplitude in np.linspace(0.1, 1, 10).round(2).tolist()),
    *(SaltAndPepper(amount) for amount in np.linspace(0.001, 0.009, 9).round(3).tolist()),
]
CLASSES = 43
SECONDS = 2.0


def limit(model, noise, accuracy):
    return {
        "limit": f"{model}-{noise}",
        "place": "thresholds.toml:9",
        "model": model,
        "noise": str(noise),
        "subject": str(noise),
        "family": noise.family,
        "magnitude": noise.magnitude,
        "level": noise.level,
        "identity": noise.identity,
        "bit_identical": True,
        "asks": "accuracy",
        "is_plain": True,
        "required": "0.7",
        "accuracy": accuracy,
        "low": accuracy - 0.02,
        "high": accuracy + 0.02,
        "verdict": "PASS" if accuracy >= 0.7 else "FAIL",
        "stops": accuracy < 0.7,
        "reason": f"accuracy {accuracy:.4f}, the limit asks for 0.7",
        "repeat": f"robustness evaluate {model}",
    }


@pytest.fixture
def results():
    draws = np.random.default_rng(0)
    limits = [limit(model, noise, float(draws.uniform(0.5, 1))) for model in MODELS for noise in NOISES]
    pairs = [[int(a), int(b), 3] for a in range(CLASSES) for b in draws.permutation(CLASSES)[:12] if a != b]
    confusions = [
        {"model": model, "noise": noise, "accuracy": 0.8, "seen": [100] * CLASSES, "right": [64] * CLASSES, "pairs": pairs}
        for model in MODELS
        for noise in ("clean", "gaussian(sigma=50)")
    ]
    per_class = [
        {"model": model, "noise": str(noise), "seen": [100] * CLASSES, "right": draws.integers(0, 101, CLASSES).tolist()}
        for model in MODELS
        for noise in NOISES
    ]
    return {
        "verdict": "FAIL",
        "gaps": [],
        "thresholds": {"path": "thresholds.toml", "sha256": "ab" * 32},
        "data": "made",
        "seed": 0,
        "confidence": 0.95,
        "models": {model: {} for model in MODELS},
        "model_hashes": {},
        "images": {
            "name": "made",
            "images": 4300,
            "content_hash": "cd" * 32,
            "classes": [{"name": f"class {number}", "images": 100, "picture": None} for number in range(CLASSES)],
        },
        "published": {},
        "gallery": [],
        "confusions": confusions,
        "turned": [],
        "per_class": per_class,
        "timings": [],
        "limits": limits,
        "hunts": [],
        "claims": [],
        "generator_limits": [],
        "generators": {},
        "errors": {},
        "left_out": [],
        "run": {
            "command": ["robustness", "gate"],
            "started": "2026-01-01T00:00:00+00:00",
            "seconds": 1,
            "python": "3",
            "platform": "here",
            "versions": {},
        },
    }


@pytest.mark.benchmark(group=f"report of {len(MODELS)} models under {len(NOISES)} noises")
def test_report(benchmark, results):
    page = benchmark(render_report, results)
    if benchmark.stats:
        benchmark.extra_info["MB"] = round(len(page.encode()) / 1e6, 2)
        assert benchmark.stats.stats.min < SECONDS
    assert len(page.encode()) < 5e6
