"""What measuring costs, reckoned up before it is measured."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from kept import kept
from torch import nn
from toy_classifiers import classifier, image_set

from robustness.cli import main
from robustness.data import Fit
from robustness.evaluation import cost
from robustness.evaluation.cost import OVERHEAD, ROUNDS, cost_of, flops_of, seconds_of
from robustness.evaluation.evaluate import measure
from robustness.evaluation.jobs import AnyJob, evaluation_job, missing
from robustness.evaluation.result import Scores
from robustness.evaluation.store import Store
from robustness.models.classifier import Classifier
from robustness.noise import Clean, Gaussian
from robustness.process import torch_threads
from robustness.search.critical import search_flips, search_job

SIGNS = ["baseline-cnn", "--data", "signs"]


@pytest.fixture(autouse=True)
def fresh_store(cache_with_signs):
    threads = torch.get_num_threads()
    with torch_threads(threads + 1):  # more than a worker of Ray has
        yield
        assert torch.get_num_threads() == threads + 1


def test_operations_are_those_of_the_formula():
    network = nn.Sequential(nn.Conv2d(3, 5, 3), nn.Flatten(), nn.Linear(5 * 36, 7))
    assert flops_of(Classifier("small", network, Fit(8))) == 2 * (36 * 5 * 27 + 180 * 7)


def test_the_time_of_an_image_is_the_median_of_some_batches_without_the_first(monkeypatch):
    seconds = [100.0, *range(1, ROUNDS + 1)]
    now = iter([moment for number, one in enumerate(seconds) for moment in (1000.0 * number, 1000.0 * number + one)])
    monkeypatch.setattr(cost, "time", SimpleNamespace(perf_counter=lambda: next(now)))
    toy = classifier()
    assert seconds_of(toy, image_set(8)) == pytest.approx((ROUNDS + 1) / 2 / toy.batch_size)
    assert next(now, None) is None


def test_what_is_written_is_what_the_store_then_holds(tmp_path):
    images, toy, store = image_set(2000), classifier(architecture="toy"), Store()
    jobs: list[AnyJob] = [evaluation_job(toy, images, Gaussian(5), 0, "run"), search_job(toy, images, Gaussian(5), 0, "run")]
    reckoned = cost_of(jobs, missing(jobs, store, "run"))
    measure(toy, images, Gaussian(5), 0, store, "run")
    search_flips(toy, images, Gaussian(5), 0, store, "run")
    held = sum(file.stat().st_size for file in (tmp_path / "cache" / "results").rglob("*.safetensors"))
    assert held == pytest.approx(reckoned.written, rel=0.05)
    scores: list[AnyJob] = [evaluation_job(toy, images, Gaussian(5), 0, "run", Scores)]
    assert cost_of(scores, scores).written == OVERHEAD + 2000 * (2 + 4 + 2 + 4)
    assert reckoned.sent == 2000 * 4 * 4 * 3 + 3 * 4  # images at the network's size, three weights
    assert reckoned.forward_passes == 2000 * (1 + 14)
    twice = [*jobs, *jobs]  # as two limits on one level want it
    done = cost_of(twice, missing(twice, store, "run"))
    assert (done.cases, done.stored, done.forward_passes, done.seconds, done.sent, done.written) == (2, 2, 0, 0, 0, 0)


def test_a_dry_run_measures_nothing(capsys):
    assert main(["evaluate", *SIGNS, "--noise", "paper", "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "cases           9, of which 0 are stored"
    assert lines[1].startswith("forward passes  11,610 images at most, 0.107 TFLOP")
    assert lines[2].startswith("time            about ")
    assert kept(Store().folder) == []
    main(["evaluate", *SIGNS, "--noise", "gaussian(sigma=50)"])
    capsys.readouterr()
    assert main(["sweep", *SIGNS, "--noise", "gaussian(sigma=50)", "--steps", "3", "--dry-run", "--engine", "ray"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "cases           4, of which 1 are stored"
    assert "workers, 10 s of it to start them" in lines[2]
    assert lines[3] == "sent            7.13 MB to each node"
    assert main(["evaluate", *SIGNS, "--noise", "gaussian(sigma=50)", "--dry-run", "--engine", "ray"]) == 0
    assert "about 0 s" in capsys.readouterr().out


@pytest.mark.parametrize("options", [["--workers", "2"], ["--workers", "0", "--engine", "ray"]])
def test_workers_are_ray_s(capsys, options):
    assert main(["evaluate", *SIGNS, *options]) == 2
    assert "--workers is a number of Ray's workers, 1 or more, and goes with --engine ray" in capsys.readouterr().err


def test_without_ray_it_is_said_how_to_get_it(capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    assert main(["evaluate", *SIGNS, "--engine", "ray"]) == 2
    assert 'pip install "pytest-robustness[ray]"' in capsys.readouterr().err


def test_classes_are_compared_before_anything_is_sent():
    from robustness.errors import RobustnessError
    from robustness.evaluation.ray_engine import fill

    other = classifier(class_names=("grey", "dark", "bright"))
    with pytest.raises(RobustnessError, match="was trained on 3 classes that are not the 3 of toy"):
        fill([evaluation_job(other, image_set(), Clean(), 0, "run")], Store(), "run")
