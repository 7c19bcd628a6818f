"""Ten cases on Ray's two workers, over the same in one process on as many threads: to be 1.3 at most, start-up left out."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from robustness.data import load_image_set
from robustness.evaluation.evaluate import measure
from robustness.evaluation.jobs import evaluation_job
from robustness.evaluation.ray_engine import fill
from robustness.evaluation.store import Store
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
from robustness.noise import PRESETS, Clean

CORES = 2
ROUNDS = 1
COPIES = 3
"""Of the 1,290 images of `signs`."""
CELLS = (Clean(), *PRESETS["paper"])


@pytest.fixture(scope="module")
def cluster():
    ray = pytest.importorskip("ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    started = time.perf_counter()
    ray.init(address="local", num_cpus=CORES, _node_ip_address="127.0.0.1", include_dashboard=False, log_to_driver=False)
    yield time.perf_counter() - started
    ray.shutdown()


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    torch.set_num_threads(min(CORES, os.cpu_count() or 1))
    yield
    torch.set_num_threads(before)


@pytest.mark.benchmark(group="ten cases of 3,870 images on Ray, over one process")
def test_ray(benchmark, cluster, threads, tmp_path):
    signs = load_image_set("signs")
    images = signs.take(np.tile(np.arange(len(signs)), COPIES))
    network = load_classifier(ModelDeclaration("baseline-cnn", "baseline-cnn", "signs"), Path())
    numbers, here = iter(range(100)), []

    def on_ray(cells=CELLS):
        number = next(numbers)
        jobs = [evaluation_job(network, images, noise, number, "run") for noise in cells]
        fill(jobs, Store(tmp_path / f"ray{number}"), "run")

    def in_this_process():
        number = next(numbers)
        started = time.perf_counter()
        for noise in CELLS:
            measure(network, images, noise, number, Store(tmp_path / f"here{number}"), "run")
        here.append(time.perf_counter() - started)

    on_ray(CELLS[:1])  # imports torch in the workers, and here whatever a first batch needs
    benchmark.pedantic(on_ray, setup=in_this_process, rounds=ROUNDS)
    if benchmark.stats:
        benchmark.extra_info |= {
            "seconds in one process": round(float(np.median(here)), 1),
            "times one process": round(float(np.median(np.divide(benchmark.stats.stats.data, here))), 2),
            "seconds to start the cluster": round(cluster, 1),
        }
