"""The store filled on Ray: a cluster of this machine's cores, or the one that `RAY_ADDRESS` names."""

from __future__ import annotations

import importlib.metadata
import os
import socket
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from robustness.data import ImageSet, Preparation, prepared
from robustness.data.pictures import Block
from robustness.errors import RobustnessError, described
from robustness.evaluation.batch import Places, check_classes
from robustness.evaluation.forward import OutOfMemoryError, arithmetic, backing_off
from robustness.evaluation.jobs import AnyJob, is_complete, joined, missing, shards_of
from robustness.evaluation.store import Addressed, Store
from robustness.extras import import_extra
from robustness.models.classifier import Classifier, best_device, place
from robustness.process import environment

RETRIES = 3
"""How often a shard whose worker or node died is tried again, wherever there is room."""
SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_task_oom_retries": str(RETRIES)}
"""Of Ray, where the environment has no others: nothing about a run leaves the machines it runs on."""
AHEAD = 2
"""Shards under way for each worker: one runs, one waits; more would only pile up where workers are slow."""
SHARD = 4
"""Batches in a shard, a thousand images: few are lost with a worker, and the last ones keep nobody waiting for long."""


def fill(jobs: Sequence[AnyJob], store: Store, run: str, workers: int | None = None, shard: int = SHARD) -> None:
    """Bring the results of these jobs into the store, where they are not there yet.

    workers: cores of the cluster on this machine, all by default; of a cluster that `RAY_ADDRESS` names, how many shards may
    run at once. shard: batches in one. A shard that fails, or that kills every worker it is given to, is a `RobustnessError`,
    and nothing of its case is stored; what other cases have finished stays. An interruption ends the work on the cluster.
    """
    ray = import_extra("ray", "ray")
    for job in jobs:
        check_classes(job.classifier, job.image_set)
    if not missing(jobs, store, run):
        return
    with _own_code_travels(ray), _cluster(ray, workers) as cores:
        at_once = min(workers or cores, cores)
        # Where cores are left over, a shard that is to wait would be computed at once.
        under_way = at_once if at_once < cores else AHEAD * cores
        backing_off(lambda: _Filling(ray, missing(jobs, store, run), store, at_once, under_way, shard).run())


@contextmanager
def _cluster(ray: Any, workers: int | None) -> Iterator[int]:
    """A connection to a cluster, and how many cores it has. One that is there already is used, and stays."""
    with ExitStack() as stack:
        if not ray.is_initialized():
            stack.enter_context(environment({name: os.environ.get(name, value) for name, value in SETTINGS.items()}))
            stack.callback(ray.shutdown)
            _connect(ray, workers)
        yield int(ray.cluster_resources().get("CPU", 1))


@contextmanager
def _own_code_travels(ray: Any) -> Iterator[None]:
    """Modules that no package installed, such as the one beside thresholds.toml, are sent as code: no other node has them."""
    installed = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")] + [Path(__file__).parents[1]]
    own = [
        module
        for name, module in list(sys.modules.items())
        if name != "__main__"
        and (file := getattr(module, "__file__", None))
        and not any(Path(file).is_relative_to(folder) for folder in installed)
    ]
    for module in own:
        ray.cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in own:
            ray.cloudpickle.unregister_pickle_by_value(module)


def _connect(ray: Any, workers: int | None) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if address := os.environ.get("RAY_ADDRESS"):
        _check_reachable(address)
        try:
            ray.init(address=address, **quiet)
        except (ConnectionError, RuntimeError, TimeoutError, ValueError) as error:
            raise RobustnessError(
                f"no Ray cluster at RAY_ADDRESS={address}: {described(error)}; where the cluster asks for a token, set "
                "RAY_AUTH_MODE=token and RAY_AUTH_TOKEN as on its nodes"
            ) from error
    else:  # for this machine alone
        ray.init(
            address="local", num_cpus=workers or os.cpu_count(), _node_ip_address="127.0.0.1", include_dashboard=False, **quiet
        )


def _check_reachable(address: str) -> None:
    """That somebody listens there, where it is a host and a port; Ray itself tries for a minute and more."""
    host, _, port = address.rpartition(":")
    if not (host and port.isdigit()) or "://" in address:
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise RobustnessError(f"no Ray cluster at RAY_ADDRESS={address}: {error.strerror or described(error)}") from error


@dataclass
class _Progress:
    """A job under way: its case, the shards it still waits for, and what came of the others."""

    job: AnyJob
    case: Addressed
    waiting: int
    parts: list[tuple[Places, Any]] = field(default_factory=list)


class _Filling:
    """Jobs on a cluster that runs `at_once` shards at once, of which so many are under way."""

    def __init__(self, ray: Any, jobs: Sequence[AnyJob], store: Store, at_once: int, under_way: int, shard: int) -> None:
        self.ray, self.jobs, self.store, self.at_once, self.under_way, self.shard = ray, jobs, store, at_once, under_way, shard
        gpus = 1 if jobs[0].classifier.device.type == "cuda" else 0
        self.remote = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=RETRIES, retry_exceptions=False)(_compute)
        self.travelling: dict[tuple[int, ...], Any] = {}
        self.running: dict[Any, tuple[_Progress, Places]] = {}

    def run(self) -> None:
        images = sum(len(job.image_set) for job in self.jobs)
        text = f"{len(self.jobs)} cases on {self.at_once} workers"
        with tqdm(total=images, desc=text, unit="image", leave=False, delay=0.5, disable=None) as bar:
            try:
                for progress, places in self._shards():
                    if len(self.running) >= self.under_way:
                        bar.update(self._collect())
                    self.running[self._submit(progress, places)] = progress, places
                while self.running:
                    bar.update(self._collect())
            finally:
                for task in self.running:
                    self.ray.cancel(task, force=True)

    def _shards(self) -> Iterator[tuple[_Progress, Places]]:
        for job in self.jobs:
            shards = shards_of(job.image_set, self.shard)
            progress = _Progress(job, job.case(), len(shards))
            for places in shards:
                yield progress, places

    def _submit(self, progress: _Progress, places: Places) -> Any:
        job = progress.job
        model = self._sent((id(job.classifier),), job.classifier, _packed)
        part = (id(job.image_set), hash(job.classifier.fit), int(places[0]), len(places))
        images = self._sent(part, job.image_set, lambda image_set: _as_seen(image_set, job.classifier.fit, places))
        how = _How(job.classifier.batch_size, _arithmetic(job.classifier))
        return self.remote.remote([model], [images], job.compute, how)

    def _sent(self, key: tuple[int, ...], thing: Any, packed: Any) -> Any:
        """A reference to what the shards of many cases share: it goes to the object store once, and to each node once."""
        if key not in self.travelling:
            try:
                self.travelling[key] = self.ray.put(packed(thing))
            except Exception as error:  # whatever pickling a user's own module raises
                raise RobustnessError(f"{thing!r} cannot be sent to Ray's workers: {described(error)}") from error
        return self.travelling[key]

    def _collect(self) -> int:
        """Wait for a shard and take its result; returns how many images it held."""
        (done,), _ = self.ray.wait(list(self.running), num_returns=1)
        progress, places = self.running.pop(done)
        try:
            part = self.ray.get(done)
        except self.ray.exceptions.RayTaskError as error:
            self._raise(error.cause, progress, places)
        except self.ray.exceptions.RayError as error:
            raise RobustnessError(
                f"{progress.case}: the worker that had {_named(places)} died, and so did {RETRIES} more "
                f"({described(error).partition(chr(10))[0]}); nothing of this case was stored"
            ) from error
        progress.parts.append((places, part))
        progress.waiting -= 1
        if not progress.waiting:
            self._keep(progress)
        return len(places)

    def _raise(self, cause: BaseException, progress: _Progress, places: Places) -> None:
        if isinstance(cause, OutOfMemoryError):
            progress.job.classifier.room.images = progress.job.classifier.batch_size // 2
        if isinstance(cause, RobustnessError):
            raise cause
        told = described(cause).partition(" traceback: ")[0]  # Ray's own errors hold one
        raise RobustnessError(f"{progress.case}: {_named(places)} raised {told} on a worker") from cause

    def _keep(self, progress: _Progress) -> None:
        result = joined(progress.job.kind, progress.parts)
        progress.parts.clear()
        self.store.get_or_extend(progress.case, progress.job.kind, lambda known: known if is_complete(known) else result)


def _named(places: Places) -> str:
    return f"the shard of {len(places):,} images that begins with number {places[0]}"


def _as_seen(image_set: ImageSet, fit: Preparation, places: Places) -> ImageSet:
    """The images at those places as a network sees them: smaller than photographs, and shared by the shards of many cases."""
    images = prepared(image_set, fit).batch(places)
    shapes = np.full((len(images), 2), fit.shape, dtype=np.int32)
    block = Block(images.reshape(-1), shapes, fit.channels, prepared=fit, name=image_set.name)
    return replace(image_set.take(places), pictures=block, rows=np.arange(len(places)))


def _packed(classifier: Classifier) -> Classifier:
    """On the CPU, which every node has."""
    module = classifier.module if classifier.device.type == "cpu" else deepcopy(classifier.module).cpu()
    return replace(classifier, module=module, device=torch.device("cpu"))


@dataclass(frozen=True)
class _How:
    """batch: images in a forward pass. arithmetic: what the case says of it; a node where it is otherwise may not take part."""

    batch: int
    arithmetic: str


def _arithmetic(classifier: Classifier) -> str:
    return f"{arithmetic(classifier)}, pytest-robustness {importlib.metadata.version('pytest-robustness')}"


def _compute(model: list[Any], images: list[Any], compute: Any, how: _How) -> Any:
    """One shard, on a worker. model, images: references, in lists so that Ray leaves them to `_received`."""
    classifier, image_set = _received(model[0]), _received(images[0])
    classifier.room.images = how.batch
    if (here := _arithmetic(classifier)) != how.arithmetic:
        raise RobustnessError(
            f"the node {os.uname().nodename} computes with {here}, this process with {how.arithmetic}: predictions would "
            "not be the same; install the same versions everywhere"
        )
    return compute(classifier, image_set)


@lru_cache(maxsize=8)
def _received(reference: Any) -> Any:
    """What a reference stands for, fetched and unpacked once by each worker."""
    import ray

    thing = ray.get(reference)
    if isinstance(thing, Classifier):
        thing = replace(thing, module=place(thing.module, best_device(), thing.layout), device=best_device())
    return thing
