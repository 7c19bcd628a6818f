"""Ten cells of the baseline CNN on all GTSRB test images: a cluster predicts what this process does, whoever dies."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from robustness import Clean, load_image_set
from robustness.evaluation.evaluate import measure
from robustness.evaluation.jobs import evaluation_job
from robustness.evaluation.ray_engine import fill
from robustness.evaluation.result import Result
from robustness.evaluation.store import Store
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
from robustness.noise import PRESETS

CELLS = (Clean(), *PRESETS["paper"])
WORKERS, SHARD, KILLED = 4, 7, 3  # other numbers of workers: tests/ray, and tests/benchmarks/ray_on_gtsrb.py


def die_once(classifier, image_set, inner, marker):
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return inner(classifier, image_set)


@pytest.fixture(scope="module")
def images():
    return load_image_set("gtsrb")


@pytest.fixture(scope="module")
def network():
    return load_classifier(ModelDeclaration("baseline-cnn", "baseline-cnn", "gtsrb"), Path())


@pytest.fixture(scope="module")
def here(images, network):
    return [measure(network, images, noise, 0, Store(), "run").result.predictions for noise in CELLS]


@pytest.fixture(scope="module")
def _cluster():
    import ray

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(address="local", num_cpus=WORKERS, _node_ip_address="127.0.0.1", include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.mark.usefixtures("_cluster")
def test_predictions_are_those_of_this_process_though_workers_are_killed(images, network, here, tmp_path):
    jobs = [evaluation_job(network, images, noise, 0, "run") for noise in CELLS]
    for number in range(KILLED):
        inner = jobs[3 * number].compute
        jobs[3 * number] = replace(jobs[3 * number], compute=partial(die_once, inner=inner, marker=tmp_path / str(number)))
    store = Store(tmp_path / "store")
    fill(jobs, store, "run", WORKERS, SHARD)
    assert len(list(tmp_path.glob("[0-9]"))) == KILLED
    for job, expected in zip(jobs, here, strict=True):
        found = store.read(job.case().key, "run", Result)
        assert found is not None
        np.testing.assert_array_equal(found.predictions, expected)
