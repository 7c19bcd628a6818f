"""The workbench: what it loads and keeps, what it measures afresh, and what ends with its run."""

from __future__ import annotations

from decimal import Decimal

import pytest
import torch
from builders import ByLight, bench, classifier, plain_images, thresholds
from torch import nn

from robustness.errors import RobustnessError
from robustness.evaluation.store import Store
from robustness.gate import workbench as module
from robustness.gate.notes import RuleMeasured
from robustness.gate.thresholds import Thresholds
from robustness.gate.workbench import Workbench
from robustness.limits.limit import Limit
from robustness.models.declaration import ModelDeclaration
from robustness.noise import Clean, Gaussian, Offset

IMAGES = plain_images([0, 0, 1, 1], classes=["dark", "bright"])
OWN = [ModelDeclaration(name, "fixture", size=8, fit="resize") for name in ("mine", "yours")]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_what_is_bound_to_its_run_ends_with_it(store):
    with bench(IMAGES, classifier(), store=store, run="this") as workbench:
        first = workbench.measure(workbench.load("net"), Clean())
        assert workbench.measure(workbench.load("net"), Clean()).stored
        assert not first.stored
    assert not bench(IMAGES, classifier(), store=store, run="this").measure(classifier(), Clean()).stored


def test_the_seed_is_the_file_s_where_none_is_named(store):
    workbench = bench(IMAGES, classifier(), store=store, seed=7)
    assert workbench.measure(workbench.load("net"), Gaussian(5)).case.seed == 7
    assert workbench.measure(workbench.load("net"), Gaussian(5), seed=3).case.seed == 3
    assert workbench.search(workbench.load("net"), Offset(50)).of.case.seed == 7
    assert workbench.search(workbench.load("net"), Offset(50), seed=3).of.case.seed == 3


def test_an_accuracy_of_a_rule_is_measured_afresh_and_told(store):
    notes, network = [], classifier()
    workbench = bench(IMAGES, network, store=store, note=notes.append)
    share = workbench.accuracy(network, IMAGES)
    assert workbench.accuracy(network, IMAGES, Clean()) == share
    assert [type(note) for note in notes] == [RuleMeasured, RuleMeasured]
    assert (notes[0].right, notes[0].total) == (round(share * 4), 4)
    assert notes[0].key != notes[1].key
    assert not list(store.folder.rglob("*.safetensors"))


def own(store, **modules):
    return bench(IMAGES, store=store, models=OWN, fixture=lambda declaration: modules[declaration.name])


def test_a_fixture_s_module_is_measured_as_it_is_declared(store):
    mine = ByLight(100)
    workbench = own(store, mine=mine, yours=ByLight(200))
    assert workbench.load("mine").module is mine
    assert workbench.load("mine") is workbench.load("mine")
    assert 0 <= workbench.accuracy(mine, IMAGES) <= 1


def test_a_module_that_two_fixtures_return_is_refused(store):
    both = ByLight(100)
    with pytest.raises(RobustnessError, match="^mine, yours are one and the same module: return a copy from each fixture$"):
        own(store, mine=both, yours=both).accuracy(both, IMAGES)


def test_a_module_that_nobody_declared_is_refused(store):
    with pytest.raises(RobustnessError, match="a Identity that no declared model's fixture returned: declare it"):
        own(store, mine=ByLight(1), yours=ByLight(2)).accuracy(nn.Identity(), IMAGES)


def test_a_model_of_a_fixture_needs_pytest(store):
    with pytest.raises(RobustnessError, match="only tests can measure it"):
        bench(IMAGES, store=store, models=OWN).load("mine")


def test_a_model_is_checked_once_under_the_noises_of_all_promises(store, monkeypatch):
    checked, notes = [], []
    monkeypatch.setattr(module, "check_model", lambda *given: checked.append(given))
    limit = Limit("net", Gaussian(5), "accuracy", Decimal(0), "t:1")
    declared = thresholds(limit)
    workbench = Workbench(declared, store, "run", note=notes.append, kept={"images": IMAGES, ("model", "net"): classifier()})
    assert workbench.classifier("net") is workbench.classifier("net")
    ((network, images, noises, seed, _, run),) = checked
    assert (network, images, noises, seed, run) == (workbench.load("net"), IMAGES, [Gaussian(5)], 0, "run")
    assert {note.model for note in notes} == {"net"}


def test_a_promise_that_takes_too_long_is_not_measured(store):
    class Slow(ByLight):
        def forward(self, batch):
            while True:
                torch.zeros(1)

    limit = Limit("net", Clean(), "accuracy", Decimal(0), "t:1")
    workbench = bench(IMAGES, classifier(module=Slow(1)), promises=[limit], store=store, time_limit=0.2)
    with pytest.raises(RobustnessError, match=r"^not measured within 0\.2 s, the time limit that \[run\] sets$"):
        workbench.record(limit)


def test_former_names_of_a_file_s_content_keep_working():
    """`robustness_thresholds` is a fixture that rules of users' own read."""
    limit = Limit("net", Gaussian(5), "accuracy", Decimal(0), "t:1")
    declared = thresholds(limit)
    former = {name: getattr(declared, name) for name in ("kinds", "claim", "limits", "hunts", "claims", "generator_limits")}
    assert former == {
        "kinds": declared.noises,
        "claim": declared.scope,
        "limits": (limit,),
        "hunts": (),
        "claims": (),
        "generator_limits": (),
    }
    with pytest.raises(AttributeError, match="Thresholds has no nothings"):
        _ = declared.nothings  # type: ignore[attr-defined]
    assert isinstance(declared, Thresholds)


def test_images_that_cannot_be_used_are_read_once_and_say_the_same_each_time(store, monkeypatch):
    reads = []

    def read(*given, **more):
        reads.append(given)
        raise RobustnessError(f"read {len(reads)} times")

    monkeypatch.setattr(module, "load_image_set", read)
    workbench = Workbench(thresholds(), store, "run")
    for _ in range(3):
        with pytest.raises(RobustnessError, match="read 1 times"):
            _ = workbench.images


def test_what_could_not_be_made_is_not_tried_again(store):
    tries = []

    def make():
        tries.append(1)
        if len(tries) == 1:
            raise RobustnessError("no such weights")
        return "made"

    workbench = bench(IMAGES, store=store)
    for _ in range(2):
        with pytest.raises(RobustnessError, match="^no such weights$"):
            workbench.once("network", make)
    assert tries == [1]


def test_a_fixture_s_network_that_gives_no_tensor_is_left_to_the_sentinels(store):
    class Both(nn.Module):
        def forward(self, images):
            return images, images

    both = Both()
    workbench = own(store, mine=both, yours=ByLight(100))
    workbench.made("mine", both)
    with pytest.raises(RobustnessError, match="^mine gave tuple for a batch of "):
        workbench.classifier("mine")
