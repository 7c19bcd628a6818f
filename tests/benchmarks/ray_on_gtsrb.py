"""Ten cells of the baseline CNN on all GTSRB test images: one process against 1, 2 and 4 workers of Ray, and what was reckoned.

    ROBUSTNESS_DATA=... uv run python tests/benchmarks/ray_on_gtsrb.py

Prints the table of docs/scaling.md, and fails where a prediction differs. Shards are of odd sizes; in the last run two workers
are killed in the middle. Ray's workers compute with one thread each.
"""

from __future__ import annotations

import logging
import os
import signal
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from robustness.data import load_image_set
from robustness.evaluation.cost import cost_of
from robustness.evaluation.evaluate import measure
from robustness.evaluation.jobs import evaluation_job
from robustness.evaluation.ray_engine import fill
from robustness.evaluation.result import Result
from robustness.evaluation.store import Store
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
from robustness.noise import PRESETS, Clean

CELLS = (Clean(), *PRESETS["paper"])
SHARDS = {1: 1, 2: 3, 4: 7}
"""Batches in a shard, by the number of workers."""


def main() -> None:
    import ray

    images = load_image_set("gtsrb")
    network = load_classifier(ModelDeclaration("baseline-cnn", "baseline-cnn", "gtsrb"), Path())
    jobs = [evaluation_job(network, images, noise, 0, "run") for noise in CELLS]
    cores = torch.get_num_threads()
    in_this_process(network, images.take(np.arange(512)), 1)  # whatever a first batch needs
    table = []
    for threads in dict.fromkeys((cores, 1)):
        seconds, expected = in_this_process(network, images, threads)
        table.append((f"this process, {threads} threads", seconds, reckoned(jobs, threads)))
    for workers, killed in ((1, 0), (2, 0), (4, 0), (2, 2)):
        started = time.perf_counter()
        ray.init(
            address="local",
            num_cpus=workers,
            _node_ip_address="127.0.0.1",
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
        try:
            with tempfile.TemporaryDirectory() as folder:
                fill([evaluation_job(network, images, Clean(), 1, "run")], Store(Path(folder)), "run")  # imports torch
                seconds_to_start = time.perf_counter() - started
                started = time.perf_counter()
                fill(deadly(jobs, killed, Path(folder)), Store(Path(folder)), "run", shard=SHARDS[workers])
                seconds = time.perf_counter() - started
                assert len(list(Path(folder).glob("killed-*"))) == killed
                for job, predictions in zip(jobs, expected, strict=True):
                    stored = Store(Path(folder)).read(job.case().key, "run", Result)
                    assert stored is not None
                    np.testing.assert_array_equal(stored.predictions, predictions)
        finally:
            ray.shutdown()
        named = f"Ray, {workers} workers of one thread" + (f", {killed} killed" if killed else "")
        table.append((f"{named} (after {seconds_to_start:.1f} s to start)", seconds, reckoned(jobs, 1) / workers))
    floor = table[0][1]
    print("\n| | seconds | times the first | reckoned |\n|---|---|---|---|")
    for named, seconds, guess in table:
        print(f"| {named} | {seconds:.1f} | {seconds / floor:.2f} | {guess:.1f} |")
    print("\nall predictions are the same")


def in_this_process(network, images, threads):
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        predictions = [measure(network, images, noise, 0, Store(Path(folder)), "run").result.predictions for noise in CELLS]
        return time.perf_counter() - started, predictions


def reckoned(jobs, threads):
    torch.set_num_threads(threads)
    return cost_of(jobs, jobs).seconds


def deadly(jobs, killed, folder):
    """The jobs, of which some kill the first worker that begins them."""
    return [
        replace(job, compute=partial(die_once, inner=job.compute, marker=folder / f"killed-{number}"))
        if number < killed
        else job
        for number, job in enumerate(jobs)
    ]


def die_once(classifier, image_set, inner, marker):
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return inner(classifier, image_set)


if __name__ == "__main__":
    main()
