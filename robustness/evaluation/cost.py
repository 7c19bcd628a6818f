"""What measuring costs before it is measured: time, floating-point operations, bytes sent and stored."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from robustness.data import ImageSet
from robustness.evaluation.batch import noisy_batch, predict
from robustness.evaluation.jobs import AnyJob
from robustness.models.classifier import Classifier
from robustness.noise import Gaussian

ROUNDS = 3
OVERHEAD = 512
"""Bytes of a stored result besides its arrays: names, types, the hash."""


@dataclass(frozen=True)
class Cost:
    """What it takes to bring the results of jobs into the store.

    cases, stored: how many results are asked for, and how many are there. forward_passes: images through a network, at most.
    flops: floating-point operations of these, 0 where no network tells (ONNX files, programs). seconds: on one worker with the
    threads that torch has now. sent: bytes that travel to each node of a cluster, images and weights. written: bytes that
    the store grows by.
    """

    cases: int
    stored: int
    forward_passes: int
    flops: float
    seconds: float
    sent: int
    written: int


def cost_of(jobs: Sequence[AnyJob], missing: Sequence[AnyJob]) -> Cost:
    """What the missing ones of these jobs cost, from the time of a few batches of each network among them."""
    forward_passes = flops = seconds = 0.0
    networks = {(id(job.classifier), id(job.image_set)): job for job in missing}
    for key, job in networks.items():
        passes = sum(other.passes for other in missing if (id(other.classifier), id(other.image_set)) == key)
        images = passes * len(job.image_set)
        forward_passes += images
        flops += images * flops_of(job.classifier)
        seconds += images * seconds_of(job.classifier, job.image_set)
    sizes = {
        (id(job.image_set), job.classifier.fit): len(job.image_set) * math.prod(job.classifier.fit.values) for job in missing
    }
    weights = {id(job.classifier): _bytes_of(job.classifier) for job in missing}
    cases = len({(case.key, case.fingerprint) for job in jobs for case in [job.case()]})  # several limits may want one
    return Cost(
        cases=cases,
        stored=cases - len(missing),
        forward_passes=round(forward_passes),
        flops=flops,
        seconds=seconds,
        sent=sum(sizes.values()) + sum(weights.values()),
        written=sum(_written(job) for job in missing),
    )


def seconds_of(classifier: Classifier, image_set: ImageSet) -> float:
    """For one image under Gaussian noise, from noise to prediction: the median of a few batches, after a first one."""
    places = np.arange(min(classifier.batch_size, len(image_set)))
    times = []
    for _ in range(1 + ROUNDS):
        started = time.perf_counter()
        predict(classifier, image_set, noisy_batch(classifier, image_set, places, Gaussian(sigma=25), 0))
        times.append(time.perf_counter() - started)
    return float(np.median(times[1:])) / classifier.batch_size


def flops_of(classifier: Classifier) -> int:
    """Floating-point operations of one image's forward pass, two for a multiplication with its sum; 0 where nothing tells."""
    image = torch.zeros((1, *classifier.fit.values), dtype=torch.uint8, device=classifier.device)
    with FlopCounterMode(display=False) as counter:
        classifier.logits(image)
    return int(counter.get_total_flops())


def _bytes_of(classifier: Classifier) -> int:
    return sum(tensor.nbytes for tensor in classifier.module.state_dict().values())


def _written(job: AnyJob) -> int:
    """Of a result, whose class says the type of every array."""
    return OVERHEAD + len(job.image_set) * sum(_width(field.type) for field in fields(job.kind))


def _width(annotation: object) -> int:
    return next(np.dtype(name).itemsize for name in ("float64", "float32", "int16") if name in str(annotation))
