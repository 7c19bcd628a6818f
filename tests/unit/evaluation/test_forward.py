"""The forward pass in batches of one size, smaller ones where memory runs out, on toy models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from toy_classifiers import Answer, Brightness, classifier, image_set

from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import measure
from robustness.evaluation.forward import arithmetic
from robustness.evaluation.store import Store
from robustness.gate.sentinels import check_model
from robustness.models.classifier import SIZES, Classifier
from robustness.noise import Clean, Gaussian
from robustness.search.critical import search_flips


class Small(Brightness):
    """Has memory for so many images at once."""

    def __init__(self, room, error):
        super().__init__()
        self.room, self.error = room, error

    def forward(self, batch):
        logits = super().forward(batch)
        if len(batch) > self.room:
            raise self.error
        return logits


OUT = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"),
]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.mark.parametrize("error", OUT, ids=lambda error: type(error).__name__)
def test_batches_are_halved_until_they_fit_and_the_case_says_so(error, store):
    module = Small(20, error)
    model = classifier(module, architecture="small")
    whole = measure(classifier(Brightness(), architecture="whole"), image_set(100), Gaussian(90), 3, store, "run")
    found = measure(model, image_set(100), Gaussian(90), 3, store, "run")
    assert [len_ for (len_, *_), _ in module.calls] == [64, 32] + [16] * 7
    assert np.array_equal(found.result.predictions, whole.result.predictions)
    assert (model.batch_size, found.stored) == (16, False)
    assert "batch 16" in found.case.arithmetic
    assert found.case.key != whole.case.key
    assert measure(model, image_set(100), Gaussian(90), 3, store, "run").stored


def test_the_smaller_batch_belongs_to_the_classifier_and_those_made_of_it_alone(store):
    module = Small(20, MemoryError())
    model, same_module = classifier(module), classifier(module)
    measure(replace(model, mean=(0.5, 0.5, 0.5)), image_set(100), Clean(), 0, store, "run")
    assert (model.batch_size, same_module.batch_size) == (16, SIZES[model.device.type])


def test_what_does_not_fit_one_by_one_is_an_error():
    with pytest.raises(RobustnessError, match=r"toy raised MemoryError: .*shape \(1, 3, 4, 4\)"):
        measure(classifier(Small(0, MemoryError())), image_set(), Clean(), 0, Store(), "run")


def test_searches_and_sentinels_back_off_too(store):
    for ask in (
        lambda model: check_model(model, image_set(100), [], 0, store, "run"),
        lambda model: search_flips(model, image_set(100), Gaussian(50), 0, store, "run"),
    ):
        model = classifier(Small(20, MemoryError()))
        ask(model)
        assert model.batch_size == 16


def test_another_failure_is_not_taken_for_a_want_of_memory():
    model = classifier(Small(20, RuntimeError("shapes do not fit")))
    with pytest.raises(RobustnessError, match="shapes do not fit"):
        measure(model, image_set(100), Clean(), 0, Store(), "run")
    assert model.batch_size == SIZES[model.device.type]


class Viewing(nn.Module):
    """Reshapes with `view`, as much code does, which takes plain layouts alone."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3, padding=1)
        self.last = nn.Linear(4 * 16, 3)

    def forward(self, batch):
        features = self.convolution(batch)
        return self.last(features.view(len(batch), -1))


def test_code_that_views_its_features_flat_is_measured(store):
    assert measure(classifier(Viewing()), image_set(), Gaussian(5), 0, store, "run").seen == 6


def test_a_module_is_told_its_layout_once_and_for_all():
    model = Classifier("net", nn.Conv2d(3, 3, 3), classifier().fit, layout=torch.channels_last)
    assert model.module.get_parameter("weight").is_contiguous(memory_format=torch.channels_last)
    images = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    assert model.normalised(images).is_contiguous(memory_format=torch.channels_last)


def test_sixteen_bits_are_another_case(store):
    seen = []
    cases = []
    for precision in ("float32", "bfloat16"):
        to_logits = torch.diag(torch.arange(3.0))
        model = classifier(Answer(lambda batch, to=to_logits: seen.append(batch.mean(dim=(2, 3)) @ to) or seen[-1]))
        model = Classifier("net", model.module, model.fit, architecture="net", precision=precision)
        cases.append(measure(model, image_set(), Clean(), 0, store, "run").case)
    assert [logits.dtype for logits in seen] == [torch.float32, torch.bfloat16]
    assert cases[0].model_hash == cases[1].model_hash
    assert cases[0].key != cases[1].key
    assert "bfloat16" in arithmetic(model)
