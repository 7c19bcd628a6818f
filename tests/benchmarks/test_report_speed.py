"""How long a report takes: of ten models under thirty levels of noise, two seconds at most, and its size."""

from __future__ import annotations

import numpy as np
import pytest
from builders import images, limit_record, results

from robustness.noise import Clean, Gaussian, Periodic, SaltAndPepper
from robustness.report.html.page import render_report
from robustness.report.results import ClassCounts, Confusions

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
    interval = {"low": accuracy - 0.02, "high": accuracy + 0.02, "claim": "population"}
    verdict = "PASS" if accuracy >= 0.7 else "FAIL"
    return limit_record(noise, model=model, accuracy=accuracy, required="0.7", verdict=verdict, **interval)


@pytest.fixture
def made():
    draws = np.random.default_rng(0)
    limits = [limit(model, noise, float(draws.uniform(0.5, 1))) for model in MODELS for noise in NOISES]
    pairs = tuple((int(a), int(b), 3) for a in range(CLASSES) for b in draws.permutation(CLASSES)[:12] if a != b)
    seen, right = (100,) * CLASSES, (64,) * CLASSES
    return results(
        *limits,
        models=MODELS,
        images=images(*(f"class {number}" for number in range(CLASSES))),
        confusions=tuple(
            Confusions(model=model, noise=noise, accuracy=0.8, seen=seen, right=right, pairs=pairs)
            for model in MODELS
            for noise in ("clean", "gaussian(sigma=50)")
        ),
        per_class=tuple(
            ClassCounts(model=model, noise=str(noise), seen=seen, right=tuple(draws.integers(0, 101, CLASSES).tolist()))
            for model in MODELS
            for noise in NOISES
        ),
    )


@pytest.mark.benchmark(group=f"report of {len(MODELS)} models under {len(NOISES)} noises")
def test_report(benchmark, made):
    page = benchmark(render_report, made)
    if benchmark.stats:
        benchmark.extra_info["MB"] = round(len(page.encode()) / 1e6, 2)
        assert benchmark.stats.stats.min < SECONDS
    assert len(page.encode()) < 5e6
