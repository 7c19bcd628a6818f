"""Code of the user's own finds the modules beside it while it is loaded, and `sys.path` is afterwards as it was."""

from __future__ import annotations

import sys
from itertools import count
from typing import Any

import numpy as np
import pytest
import torch

from robustness.data import load_image_set
from robustness.errors import RobustnessError
from robustness.evaluation.forward import raw_logits
from robustness.factory import call_factory
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
from robustness.noise import apply, declare_noise

NUMBERS = count()
OWN = """
import numpy as np
from torch import nn
from {0}_top import VALUE

class Lazy(nn.Module):
    def forward(self, images):
        from {0}_late import VALUE
        return images.mean(dim=(2, 3)) + VALUE

class Pictures:
    def __len__(self):
        return 1

    def __getitem__(self, place):
        from {0}_late import VALUE
        return np.full((2, 2, 3), VALUE, np.uint8), 0

def make():
    from {0}_late import VALUE
    return VALUE

def darker(images, share):
    from {0}_late import VALUE
    return images - VALUE

def fails():
    raise ZeroDivisionError
"""


@pytest.fixture
def own(tmp_path):
    """The name of a module with two siblings, one of which it imports only when it runs; `sys.path` stays as it is."""
    name, former = f"own_code_{next(NUMBERS)}", [*sys.path]
    (tmp_path / f"{name}.py").write_text(OWN.format(name))
    for sibling in ("top", "late"):
        (tmp_path / f"{name}_{sibling}.py").write_text("VALUE = 7")
    yield name
    assert sys.path == former
    for module in [module for module in sys.modules if module.startswith(name)]:
        del sys.modules[module]


def test_a_factory_finds_its_siblings_when_it_is_imported_and_when_it_runs(own, tmp_path):
    assert call_factory(f"{own}:make", tmp_path) == 7


@pytest.mark.parametrize("target", ["fails", "nothing"])
def test_after_an_error_too_the_path_is_as_it_was(own, tmp_path, target):
    with pytest.raises(RobustnessError):
        call_factory(f"{own}:{target}", tmp_path)


def test_a_folder_on_the_path_already_stays_there(own, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    call_factory(f"{own}:make", tmp_path)
    assert sys.path[-1] == str(tmp_path)


def test_a_dataset_finds_them_while_it_is_read(own, tmp_path):
    assert load_image_set(f"python:{own}:Pictures", base=tmp_path)[0].ravel().tolist() == [7] * 12


def test_a_noise_finds_them_whenever_it_is_made(own, tmp_path):
    kind: Any = declare_noise("own", f"python:{own}:darker", "share", {}, tmp_path)
    assert np.all(apply(kind(0.5), np.full((1, 2, 2, 3), 9, np.uint8), [0], 0) == 2)


def test_what_forward_imports_for_the_first_time_is_to_be_imported_before(own, tmp_path):
    model = load_classifier(ModelDeclaration("own", f"python:{own}:Lazy", size=2), tmp_path)
    with pytest.raises(RobustnessError, match=r"No module named .*; import it where the module begins"):
        raw_logits(model, torch.zeros(1, 3, 2, 2, dtype=torch.uint8))
