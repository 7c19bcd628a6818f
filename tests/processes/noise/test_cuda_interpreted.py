"""The Triton kernels without a GPU: their bytes under Triton's interpreter are those of the CPU's kernels."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from robustness.noise import KINDS

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
assert all(form is None or form.has("cuda") for form in (arithmetic(noise, 9, 9) for noise in noises))
noises = [*dict.fromkeys(noises)]
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


ANY = """
import sys
import numpy as np, torch
from hypothesis import given, settings, strategies as st
from noise_strategies import INDICES, SEEDS, images_of, noises_of
from robustness.noise import KINDS, apply, reference
from robustness.noise.arithmetic import arithmetic
from robustness.noise.cuda import apply_on_device

SHAPES = st.tuples(st.integers(1, 2), st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 2, 3, 3, 5]))

def agrees(kind, examples):
    @given(data=st.data(), shape=SHAPES, planar=st.booleans(), seed=SEEDS)
    @settings(max_examples=examples, deadline=None, database=None, derandomize=True)
    def check(data, shape, planar, seed):
        noise, images = data.draw(noises_of(kind)), data.draw(images_of(*shape))
        index = np.array(data.draw(st.lists(INDICES, min_size=shape[0], max_size=shape[0])), dtype=np.int64)
        tensor = torch.from_numpy(images).permute(0, 3, 1, 2)
        form = arithmetic(noise, *shape[1:3])
        noisy = apply_on_device(form, tensor.contiguous() if planar else tensor, index, seed).permute(0, 2, 3, 1).numpy()
        assert np.array_equal(noisy, apply(noise, images, index, seed)), noise
        assert np.array_equal(noisy, reference.apply(noise, images, index, seed)), noise
    check()

for kind in KINDS:
    agrees(kind, 60 if kind == "jpeg" else 6)
    print(kind)
"""
FINEST = """
import numpy as np, torch
from robustness.noise import apply
from robustness.noise.arithmetic import arithmetic
from robustness.noise.cuda import apply_on_device
from robustness.noise.kinds.jpeg import Jpeg

rng = np.random.default_rng(1)
for quality in range(1, 101):
    height, width = rng.integers(1, 20, 2)
    images = rng.choice(np.array([0, 255], np.uint8), (1, height, width, rng.choice([1, 3])))
    tensor = torch.from_numpy(images).permute(0, 3, 1, 2)
    noisy = apply_on_device(arithmetic(Jpeg(quality), 1, 1), tensor, np.arange(1), 0).permute(0, 2, 3, 1).numpy()
    assert np.array_equal(noisy, apply(Jpeg(quality), images, [0], 0)), quality
print("agreed")
"""


def interpreted(script):
    environment = os.environ | {"TRITON_INTERPRET": "1", "PYTHONPATH": str(Path(__file__).parents[2] / "unit" / "noise")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bytes_are_the_cpu_kernels_under_the_interpreter():
    assert interpreted(AGREE) == "agreed\n"


def test_bytes_of_any_noise_and_image_are_the_references_and_the_cpu_kernels():
    assert interpreted(ANY).split() == [*KINDS]


def test_bytes_of_every_quality_of_jpeg_are_the_cpu_kernels():
    """On black and white, which JPEG cannot keep."""
    assert interpreted(FINEST) == "agreed\n"
