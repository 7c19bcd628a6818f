"""The room: a kind is one file, and a device without a kernel for a form is served by the CPU, with the same bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from robustness.noise import KINDS, apply, cuda, forms, kinds
from robustness.noise.arithmetic import arithmetic
from robustness.noise.forms.form import Form
from robustness.noise.kinds.gaussian import Gaussian
from robustness.noise.kinds.jpeg import Jpeg

NEW = '''
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robustness.noise.forms.field import Field
from robustness.noise.specs import Noise


@dataclass(frozen=True)
class Sunset(Noise):
    """Darker from top to bottom."""

    kind: ClassVar[str] = "sunset"
    magnitude: ClassVar[str | None] = "depth"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"depth": (0, 255)}
    depth: float

    def form(self, height, width):
        rows = -self.depth * np.arange(height)[:, np.newaxis] / height
        return Field(np.broadcast_to(rows, (height, width)).astype(np.int16))
'''


def test_a_kind_on_a_form_that_is_there_is_one_file(tmp_path, monkeypatch):
    (tmp_path / "sunset.py").write_text(NEW)
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    found: dict[str, Any] = {spec.kind: spec for spec in kinds._kinds()}
    assert {*found} == {*KINDS, "sunset"}
    noisy = apply(found["sunset"](100), np.full((1, 4, 2, 3), 200, dtype=np.uint8), [0], 0)
    assert noisy[0, :, 0, 0].tolist() == [200, 175, 150, 125]


def test_clean_comes_first_and_the_others_by_name():
    assert [*KINDS] == ["clean", *sorted({*KINDS} - {"clean"})]


class OnDevice(torch.Tensor):
    """A tensor that says it lies on a CUDA device."""

    is_cuda = True


@pytest.mark.parametrize("noise", [Jpeg(30), Gaussian(30)], ids=str)
@pytest.mark.parametrize("has_kernel", [True, False])
def test_where_a_form_has_no_kernel_for_a_device_the_cpu_makes_the_bytes(noise, has_kernel, monkeypatch):
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 3, 9, 11), dtype=np.uint8))
    wanted, sent = apply(noise, images, [3, 4], 5), []
    monkeypatch.setattr(cuda, "has_triton", lambda: True)
    monkeypatch.setattr(cuda, "apply_on_device", lambda form, *_: sent.append(type(form)) or wanted)
    monkeypatch.setattr(Form, "has", classmethod(lambda cls, side: has_kernel))
    noisy = apply(noise, images.as_subclass(OnDevice), [3, 4], 5)
    assert torch.equal(torch.Tensor(noisy), torch.Tensor(wanted))
    assert sent == ([type(arithmetic(noise, 9, 11))] if has_kernel else [])


def test_every_form_has_a_kernel_for_a_device():
    """Without one, tensors would take the way over the CPU, and nobody would notice."""
    assert not [
        form.__name__ for form in Form.__subclasses__() if form.__module__.startswith(forms.__name__) and not form.has("cuda")
    ]
