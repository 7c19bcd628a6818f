"""Cases on a cluster: the same predictions as here, whatever the sharding and whoever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import work

from robustness.cli import main
from robustness.data import Fit, load_image_set
from robustness.errors import RobustnessError
from robustness.evaluation import ray_engine
from robustness.evaluation.evaluate import evaluate
from robustness.evaluation.jobs import evaluation_job, missing
from robustness.evaluation.ray_engine import fill
from robustness.evaluation.result import Result
from robustness.evaluation.store import Store
from robustness.files.atomic import PARTIAL
from robustness.models.classifier import Classifier
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
from robustness.noise import PRESETS, Clean, Gaussian
from robustness.search.critical import Flips, search_flips, search_job

CELLS = (Clean(), *PRESETS["paper"])
COMMAND = [sys.executable, "-m", "robustness.cli"]


@pytest.fixture(scope="module")
def signs():
    return load_image_set("signs")


@pytest.fixture(scope="module")
def network():
    return load_classifier(ModelDeclaration("baseline-cnn", "baseline-cnn", "signs", None, "crop-or-pad"), Path.cwd())


@pytest.fixture
def store(on_cluster):
    return Store()


def predictions(store, job):
    return store.read(job.case().key, "run", Result).predictions


@pytest.mark.parametrize(("workers", "shard"), [(1, 1), (2, 3), (4, 4), (4, 50)])
def test_predictions_are_those_of_this_process(store, network, signs, workers, shard):
    jobs = [evaluation_job(network, signs, noise, 0, "run") for noise in CELLS]
    fill(jobs, store, "run", workers, shard)
    for job, noise in zip(jobs, CELLS, strict=True):
        np.testing.assert_array_equal(predictions(store, job), evaluate(network, signs, noise, 0).predictions)


def test_no_more_workers_than_asked_for_are_at_work(store, network, signs, tmp_path):
    job = evaluation_job(network, signs, Gaussian(5), 0, "run")
    fill([replace(job, compute=partial(work.alone, inner=job.compute, marker=tmp_path / "at work"))], store, "run", 1, 1)
    assert missing([job], store, "run") == []


def test_critical_magnitudes_are_those_of_this_process(store, network, signs, tmp_path):
    job = search_job(network, signs, Gaussian(50), 0, "run")
    fill([job], store, "run", shard=1)
    here = search_flips(network, signs, Gaussian(50), 0, Store(tmp_path / "here"), "run").flips
    np.testing.assert_array_equal(store.read(job.case().key, "run", Flips).critical, here.critical)


def test_a_shard_whose_worker_was_killed_is_done_by_another(store, network, signs, tmp_path):
    jobs = [evaluation_job(network, signs, noise, 0, "run") for noise in CELLS]
    deadly = [
        replace(job, compute=partial(work.die_once, inner=job.compute, marker=tmp_path / str(number)))
        if number % 4 == 1
        else job
        for number, job in enumerate(jobs)
    ]
    fill(deadly, store, "run", 2, 1)
    assert len(list(tmp_path.glob("[0-9]"))) == 3  # workers died
    for job, noise in zip(jobs, CELLS, strict=True):
        np.testing.assert_array_equal(predictions(store, job), evaluate(network, signs, noise, 0).predictions)


def test_a_shard_that_kills_every_worker_fails_the_run_and_what_was_finished_stays(store, network, signs):
    good, bad = (evaluation_job(network, signs, noise, 0, "run") for noise in CELLS[:2])
    poisoned = replace(bad, compute=partial(work.die_always, inner=bad.compute, poison=700))
    with pytest.raises(RobustnessError) as raised:
        fill([good, poisoned], store, "run", 1)
    assert "baseline-cnn / signs-test / gaussian(sigma=5) / seed 0: the worker that had the shard of" in str(raised.value)
    assert "died, and so did 3 more" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert missing([good, bad], store, "run") == [bad]


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (work.fail, "^toy gave NaN"),
        (work.stumble, r"gaussian.*the shard of (1,024|266) images .* raised ZeroDivisionError: of its own"),
    ],
)
def test_an_error_on_a_worker_is_told_like_one_here(store, network, signs, compute, message):
    job = replace(evaluation_job(network, signs, Gaussian(5), 0, "run"), compute=compute)
    with pytest.raises(RobustnessError, match=message):
        fill([job], store, "run")
    assert missing([job], store, "run") == [job]


def test_a_worker_that_runs_out_of_memory_halves_the_batch_for_all(store, signs):
    classes = signs.take(np.flatnonzero(signs.labels < 3))
    images = replace(classes, class_names=signs.class_names[:3])
    hungry = Classifier("hungry", work.Hungry(), Fit(8))
    job = evaluation_job(hungry, images, Clean(), 0, "run")
    fill([job], store, "run")
    assert " batch 16 " in job.case().arithmetic
    np.testing.assert_array_equal(predictions(store, job), evaluate(hungry, images, Clean(), 0).predictions)


def test_a_node_of_other_versions_may_not_take_part(store, network, signs, monkeypatch):
    monkeypatch.setattr(ray_engine, "_arithmetic", lambda classifier: "cpu float32 batch 64 torch 1.0")
    with pytest.raises(RobustnessError, match=r"computes with cpu float32 batch 64 torch .* install the same versions"):
        fill([evaluation_job(network, signs, Gaussian(5), 0, "run")], store, "run")


def test_what_is_stored_already_needs_no_cluster(network, signs, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    store, job = Store(tmp_path), evaluation_job(network, signs, Clean(), 0, "run")
    store.get_or_extend(job.case(), Result, lambda known: evaluate(network, signs, Clean(), 0))
    fill([job], store, "run")


OWN = """
from torch import nn
class Mine(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 43)
        nn.init.orthogonal_(self.inner.weight)
    def forward(self, batch):
        return self.inner(batch.mean(dim=(2, 3)))
def make():
    import torch
    torch.manual_seed(1)
    return Mine()
def darker(images, share):
    return (images * (1 - share)).astype("uint8")
"""
THRESHOLDS = """
schema = 1
[run]
data = "signs"
[models.mine]
load = "python:own_of_ray:make"
size = 20
fit = "resize"
[models.program]
load = "exported:program.pt2"
size = 40
fit = "crop-or-pad"
[models.runtime]
load = "onnx:network.onnx"
size = 40
fit = "crop-or-pad"
[noises.darker]
load = "python:own_of_ray:darker"
magnitude = "share"
[[limits]]
models = ["mine"]
noise = "darker"
share = 0.3
accuracy = 0
"""


@pytest.mark.parametrize("model", ["mine", "program", "runtime"])
def test_every_kind_of_network_and_noise_travels(on_cluster, tmp_path, monkeypatch, capsys, model):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_of_ray.py").write_text(OWN)
    (tmp_path / "thresholds.toml").write_text(THRESHOLDS)
    for form, file in (("exported", "program.pt2"), ("onnx", "network.onnx")):
        assert main(["export", "baseline-cnn", "--weights", "signs", "--to", form, "--out", file]) == 0
    noises = ["--noise", "gaussian(sigma=5)"] + (["--noise", "darker(share=0.3)"] if model == "mine" else [])
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "here"))
    capsys.readouterr()
    assert main(["evaluate", model, *noises, "--json"]) == 0
    here = capsys.readouterr().out
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "there"))
    assert main(["evaluate", model, *noises, "--json", "--engine", "ray"]) == 0
    assert _without_times(capsys.readouterr().out) == _without_times(here)


def _without_times(text):
    return [line for line in text.splitlines() if not any(word in line for word in ('"seconds"', '"stored"', '"key"'))]


@pytest.mark.parametrize("own", [None, "1"])
def test_rays_settings_are_this_processs_while_it_is_connected_and_an_own_one_counts(monkeypatch, own):
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    if own:
        monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", own)
    seen = []
    connected = SimpleNamespace(
        is_initialized=lambda: False,
        init=lambda **asked: seen.append((os.environ["RAY_USAGE_STATS_ENABLED"], asked)),
        cluster_resources=dict,
        shutdown=lambda: None,
    )
    before = dict(os.environ)
    with ray_engine._cluster(connected, 3):
        ((setting, asked),) = seen
    assert setting == (own or "0")
    assert (asked["address"], asked["num_cpus"], asked["_node_ip_address"]) == ("local", 3, "127.0.0.1")
    assert (asked["include_dashboard"], asked["log_to_driver"]) == (False, False)  # nobody else is told, or can ask
    assert os.environ == before


def test_each_shard_takes_one_core_and_is_tried_again_where_its_worker_died_alone(network, signs, tmp_path):
    asked = []
    ray = SimpleNamespace(remote=lambda **given: asked.append(given) or (lambda function: function))
    ray_engine._Filling(ray, [evaluation_job(network, signs, Clean(), 0, "run")], Store(tmp_path), 4, 8, 1)
    gpus = int(network.device.type == "cuda")
    assert asked == [{"num_cpus": 1, "num_gpus": gpus, "max_retries": 3, "retry_exceptions": False}]


def test_shards_wait_at_the_cluster_only_where_no_core_is_left_over(network, signs, tmp_path, monkeypatch):
    at_once_and_under_way = []

    def filling(ray, jobs, store, at_once, under_way, shard):
        at_once_and_under_way.append((at_once, under_way))
        return SimpleNamespace(run=lambda: None)

    quiet = SimpleNamespace(register_pickle_by_value=lambda module: None, unregister_pickle_by_value=lambda module: None)
    four = SimpleNamespace(is_initialized=lambda: True, cluster_resources=lambda: {"CPU": 4.0}, cloudpickle=quiet)
    monkeypatch.setattr(ray_engine, "import_extra", lambda *_: four)
    monkeypatch.setattr(ray_engine, "_Filling", filling)
    for workers in (None, 2, 9):
        fill([evaluation_job(network, signs, Clean(), 0, "run")], Store(tmp_path), "run", workers)
    assert at_once_and_under_way == [(4, 8), (2, 2), (4, 8)]


def test_no_cluster_where_one_is_said_to_be_ends_in_one_line(monkeypatch, tmp_path):
    environment = {**os.environ, "RAY_ADDRESS": "127.0.0.1:1", "ROBUSTNESS_CACHE": str(tmp_path)}
    ended = subprocess.run(
        [*COMMAND, "evaluate", "baseline-cnn", "--data", "signs", "--engine", "ray"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "no Ray cluster at RAY_ADDRESS=127.0.0.1:1" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_interruption_ends_the_work_on_the_cluster(tmp_path):
    """On a cluster of its own, none of whose processes may stay."""
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    environment["ROBUSTNESS_CACHE"] = str(tmp_path)
    command = [*COMMAND, "flips", "search", "baseline-cnn", "--data", "signs", "--noise", "gaussian(sigma=50)", "--every", "1"]
    running = subprocess.Popen(
        [*command, "--engine", "ray", "--workers", "1"],
        env=environment,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # what a shell starts in the background ignores it
    )
    while not (workers := _children_named("ray::_compute", running.pid)):
        assert running.poll() is None, running.communicate()[1]
        time.sleep(0.2)
    os.kill(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert b"Traceback" not in said
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    assert not list(tmp_path.rglob(f"*{PARTIAL}"))


def _children_named(name, session):
    """Processes of that name in a session of processes."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat, command = (folder / "stat").read_text(), (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if name.encode() in command and int(stat.rsplit(")", 1)[1].split()[3]) == session:
            found.append(int(folder.name))
    return found
