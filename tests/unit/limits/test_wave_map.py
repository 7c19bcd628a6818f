"""A map of waves measured on a workbench."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from robustness.data import Fit, ImageSet
from robustness.errors import RobustnessError
from robustness.gate.thresholds import Thresholds
from robustness.gate.workbench import Workbench
from robustness.limits.asks.worst_band import measure_waves
from robustness.models.classifier import Classifier
from robustness.search.waves import FREQUENCIES, ORIENTATIONS


class ByRows(nn.Module):
    """Wrong where neighbours in a row differ."""

    def forward(self, batch):
        excess = batch.diff(dim=3).abs().mean(dim=(1, 2, 3)) - 0.1
        return torch.stack([-excess, excess], dim=1)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    with Workbench(Thresholds(tmp_path / "t.toml", "", "greys", 0, {}, {})) as made:
        made.once("images", lambda: ImageSet.from_images("greys", np.full((4, 8, 8, 3), 120, np.uint8), [0] * 4, ["no", "yes"]))
        monkeypatch.setattr(Workbench, "load", lambda self, name: Classifier(name, ByRows(), Fit(8)))
        yield made


def test_accuracy_is_mapped_over_frequency_and_orientation(bench):
    found = measure_waves("net", 0.1, bench)
    accuracies = np.array(found.accuracies)
    assert accuracies.shape == (len(FREQUENCIES), len(ORIENTATIONS))
    assert found.clean == 1
    assert accuracies[-1, 0] == 0  # the finest, along the row
    assert (accuracies[:, ORIENTATIONS.index(90)] == 1).all()  # down a column no row changes


@pytest.mark.parametrize("amplitude", [0, -0.1, 2.1, float("nan"), float("inf")])
def test_an_amplitude_that_no_image_holds_is_refused(bench, amplitude):
    with pytest.raises(RobustnessError, match="an amplitude lies above 0 and is at most 2, not "):
        measure_waves("net", amplitude, bench)
