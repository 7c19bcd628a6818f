"""Programs of torch.export as classifiers."""

from __future__ import annotations

import zipfile
from copy import deepcopy

import pytest
import torch
from torch import nn

from robustness.data import load_image_set
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import evaluate
from robustness.evaluation.identity import identify
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
from robustness.noise import Gaussian


def export(module, file, size=40):
    batch = torch.export.Dim("batch", min=2, max=4096)
    program = torch.export.export(module.eval(), (torch.zeros(4, 3, size, size),), dynamic_shapes=({0: batch},))
    torch.export.save(program, file)


@pytest.fixture
def load(tmp_path):
    def load(file="net.pt2", size=40, weights=None):
        return load_classifier(ModelDeclaration("shipped", f"exported:{file}", weights, size), tmp_path)

    return load


def test_the_program_names_noisy_images_as_the_network_does(load, tmp_path):
    source = load_classifier(ModelDeclaration("small-resnet", "small-resnet", "signs"), tmp_path)
    export(deepcopy(source.module).to(memory_format=torch.contiguous_format), tmp_path / "net.pt2")
    images = load_image_set("signs").take(range(0, 1290, 10))
    named = [evaluate(classifier, images, Gaussian(25), 0).predictions for classifier in (source, load())]
    assert (named[0] == named[1]).all()


def test_its_content_says_all_so_its_results_are_kept(load, tmp_path):
    export(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 2)), tmp_path / "net.pt2", 8)
    classifier = load(size=8)
    assert identify(classifier).is_hashable
    before = classifier.content_hash()
    assert load(size=8).content_hash() == before
    export(nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(3 * 64, 2)), tmp_path / "net.pt2", 8)
    assert load(size=8).content_hash() != before


def test_no_part_of_it_is_in_training_mode(load, tmp_path):
    export(nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(3 * 64, 2)), tmp_path / "net.pt2", 8)
    module = load(size=8).module.train()
    assert not any(part.training for part in module.modules())


@pytest.mark.parametrize("content", [b"", b"garbage" * 20])
def test_what_is_no_program_is_refused(load, tmp_path, content):
    (tmp_path / "net.pt2").write_bytes(content)
    with pytest.raises(RobustnessError, match=r"model shipped: .*net\.pt2: not a program that torch\.export\.save wrote"):
        load()


def test_a_missing_file_is_refused(load):
    with pytest.raises(RobustnessError, match=r"model shipped: .*net\.pt2: no such file"):
        load()


def test_weights_beside_it_and_a_missing_size_are_refused(load, tmp_path):
    export(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 2)), tmp_path / "net.pt2", 8)
    with pytest.raises(RobustnessError, match=r"net\.pt2 has its weights inside"):
        load(size=8, weights="other.safetensors")
    with pytest.raises(RobustnessError, match="say which input it takes"):
        load(size=None)


def test_images_of_another_size_and_a_batch_that_is_no_dimension_of_its_own_are_refused(load, tmp_path):
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 2)).eval()
    export(module, tmp_path / "net.pt2", 8)
    with pytest.raises(RobustnessError, match=r"net\.pt2: takes input of shape \(any, 3, 8, 8\), not \(N, 3, 9, 9\)"):
        load(size=9)
    torch.export.save(torch.export.export(module, (torch.zeros(4, 3, 8, 8),)), tmp_path / "four.pt2")
    with pytest.raises(RobustnessError, match=r"four\.pt2: takes batches of 4 and no others; export it with a dynamic batch"):
        load("four.pt2", 8)


def test_a_program_of_two_inputs_is_refused(load, tmp_path):
    class Sum(nn.Module):
        def forward(self, one, other):
            return one + other

    images = torch.zeros(4, 3, 8, 8)
    torch.export.save(torch.export.export(Sum(), (images, images)), tmp_path / "net.pt2")
    with pytest.raises(RobustnessError, match=r"net\.pt2: takes 2 inputs, not one batch of images"):
        load(size=8)


@pytest.mark.parametrize("part", ["", "sample_inputs", "models/model.json"])
def test_a_damaged_program_is_refused_in_one_line_and_no_traceback_is_logged(load, tmp_path, caplog, capfd, part):
    export(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 2)), tmp_path / "whole.pt2", 8)
    with zipfile.ZipFile(tmp_path / "whole.pt2") as whole, zipfile.ZipFile(tmp_path / "net.pt2", "w") as damaged:
        for name in whole.namelist():
            damaged.writestr(name, b"damaged" if part in name else whole.read(name))
    with pytest.raises(RobustnessError, match=r"net\.pt2: not a program that torch\.export\.save wrote") as caught:
        load(size=8)
    assert "\n" not in str(caught.value)
    assert "Traceback" not in caplog.text + "".join(capfd.readouterr())
