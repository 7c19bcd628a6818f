"""The Triton kernels without a GPU: their bytes under Triton's interpreter are those of the CPU's kernels."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("triton", reason="Triton is not made for this system")


AGREE = """
import numpy as np, torch
from robustness.noise import *
from robustness.noise.arithmetic import arithmetic
from robustness.noise.cuda import apply_on_device

rng = np.random.default_rng(0)
noises = [Periodic(0.5, orientation=30), Resolution(3), Offset(-33), GaussianWraparound(90)]
for spec in KINDS.values():
    noises.append(spec(**({spec.magnitude: spec.typical} if spec.magnitude else {})))
forms = {type(arithmetic(noise, 9, 9)) for noise in noises} - {type(None)}
without = sorted(form.__name__ for form in forms if not form.has("cuda"))
assert without == ["Coding"], without  # which the CPU makes, for the device too
noises = [noise for noise in dict.fromkeys(noises) if noise.kind not in ("jpeg",)]
shapes = (2, 23, 23, 3), (3, 5, 7, 4), (2, 9, 9, 1), (0, 4, 4, 3), (1, 1, 1, 1)
for shape, seed in zip(shapes, (2**64 - 1, 1, 2**40 + 3, 0, 0), strict=True):
    images = rng.integers(0, 256, shape, dtype=np.uint8)
    index = rng.integers(0, 2**63, shape[0])
    tensor = torch.from_numpy(images).permute(0, 3, 1, 2)
    for noise in noises:
        wanted = apply(noise, images, index, seed)
        for layout in (tensor, tensor.contiguous(), tensor.transpose(2, 3).contiguous().transpose(2, 3)):
            noisy = apply_on_device(arithmetic(noise, *shape[1:3]), layout, index, seed)
            assert np.array_equal(noisy.permute(0, 2, 3, 1).numpy(), wanted), (noise, shape, seed, layout.stride())
            assert noisy.data_ptr() != layout.data_ptr() or not layout.numel()
print("agreed")
"""


def test_bytes_are_the_cpu_kernels_under_the_interpreter():
    environment = os.environ | {"TRITON_INTERPRET": "1"}
    done = subprocess.run([sys.executable, "-c", AGREE], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "agreed\n", done.stderr
