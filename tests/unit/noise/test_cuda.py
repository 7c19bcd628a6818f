"""The Triton kernels without a GPU: their bytes under Triton's interpreter, and that they compile for real ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from robustness.noise import cuda

triton = pytest.importorskip("triton", reason="Triton is not made for this system")

AGREE = """
import numpy as np, torch
from robustness.noise import *
from robustness.noise.arithmetic import arithmetic
from robustness.noise.cuda import apply_on_device

rng = np.random.default_rng(0)
noises = [Clean(), Gaussian(25), GaussianWraparound(90), Uniform(30), Speckle(0.35), Shot(4.25), SaltAndPepper(0.3),
          Impulse(0.1), Periodic(0.5, orientation=30), Offset(-33), Resolution(3)]
assert {noise.kind for noise in noises} == set(KINDS)
for shape, seed in (((2, 23, 23, 3), 2**64 - 1), ((3, 5, 7, 4), 1), ((2, 9, 9, 1), 2**40 + 3), ((0, 4, 4, 3), 0)):
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

COMMON = {"images": "*u8", "noisy": "*u8", "table": "*i16", "counts": "*i32", "field": "*i16", "index": "*i64"}
COMMON |= {"stream": "i32", "seed": "u64", "limit": "i64", "pixels": "i32", "channels": "i32", "elements": "i32"}
KERNELS = [
    ("add", {"PLANAR": False, "WRAPS": False}),
    ("add", {"PLANAR": True, "WRAPS": True}),
    ("move", {"PLANAR": False}),
    ("move", {"PLANAR": True}),
    ("replace", {"channels": 3, "PLANAR": False, "PER_CHANNEL": False}),
    ("replace", {"channels": 3, "PLANAR": True, "PER_CHANNEL": False}),
    ("replace", {"channels": 3, "PLANAR": False, "PER_CHANNEL": True}),
    ("add_field", {}),
]


def test_bytes_are_the_cpu_kernels_under_the_interpreter():
    environment = os.environ | {"TRITON_INTERPRET": "1"}
    done = subprocess.run([sys.executable, "-c", AGREE], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "agreed\n", done.stderr


@pytest.mark.parametrize(("name", "fixed"), KERNELS, ids=lambda value: value if isinstance(value, str) else None)
def test_compiles_for_a_gpu_that_is_not_here(name, fixed):
    ptx = compiled(name, fixed)
    assert ".target sm_80" in ptx
    if not fixed.get("PLANAR") and not fixed.get("PER_CHANNEL"):
        assert widest(r"ld\.global\S*", ptx, images_only=True) >= 32  # images are read in words, not byte by byte
        assert widest(r"st\.global\S*", ptx) >= 32


def test_a_system_without_triton_says_so_once(monkeypatch, capsys):
    monkeypatch.setattr(cuda, "find_spec", lambda _: None)
    cuda.has_triton.cache_clear()
    try:
        assert [cuda.has_triton(), cuda.has_triton()] == [False, False]
        assert capsys.readouterr().err.count("Triton is not installed") == 1  # not on stdout, where JSON may go
    finally:
        cuda.has_triton.cache_clear()


def compiled(name, fixed):
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from robustness.noise import cuda_kernels

    kernel = getattr(cuda_kernels, name)
    fixed = fixed | {"LANES": cuda.LANES}
    signature = {argument: "constexpr" if argument in fixed else COMMON[argument] for argument in kernel.arg_names}
    aligned = [n for n, argument in enumerate(kernel.arg_names) if argument in {*list(COMMON)[:6], "pixels", "elements"}]
    source = ASTSource(
        kernel,
        signature,
        {(kernel.arg_names.index(argument),): value for argument, value in fixed.items()},
        {(n,): [["tt.divisibility", 16]] for n in aligned if kernel.arg_names[n] not in fixed},
    )
    return triton.compile(source, target=GPUTarget("cuda", 80, 32), options={"num_warps": 4, "enable_fp_fusion": False}).asm[
        "ptx"
    ]


def widest(pattern, ptx, images_only=False):
    """Bits of the widest access: `v2.b32` has 64. Reads of one 64-bit index are not counted as an image's."""
    widths = [
        int(bits) * int(count or 1)
        for count, bits in (re.search(r"(?:v(\d))?\.?b(\d+)", op).groups() for op in re.findall(pattern, ptx))
    ]
    return max(
        width for width, op in zip(widths, re.findall(pattern, ptx), strict=True) if not (images_only and op.endswith(".b64"))
    )
