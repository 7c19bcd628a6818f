"""The Triton kernels compile for GPUs that are not here; for their bytes see tests/processes."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from robustness.noise import cuda

triton = pytest.importorskip("triton", reason="Triton is not made for this system")

COMMON = {"images": "*u8", "noisy": "*u8", "table": "*i16", "counts": "*i32", "field": "*i16", "index": "*i64"}
COMMON |= {"totals": "*i64", "top": "*i32", "ratio": "*i32", "weights": "*i32", "offsets": "*i32", "steps": "*i64"}
COMMON |= {"points": "*i32", "least": "*i32", "most": "*i32", "largest": "*i64", "flakes": "*u8", "streaks": "*u8"}
COMMON |= dict.fromkeys(("factor", "threshold", "step", "amount", "strength", "pale"), "i64")
COMMON |= dict.fromkeys(("radius", "height", "width", "lanes", "taps", "directions", "count", "side"), "i32")
COMMON |= {"stream": "i32", "seed": "u64", "limit": "i64", "pixels": "i32", "channels": "i32", "elements": "i32"}
KERNELS = [  # form, kernel, what is fixed when it is compiled
    ("addition", "add", {"PLANAR": False, "WRAPS": False}),
    ("addition", "add", {"PLANAR": True, "WRAPS": True}),
    ("transition", "move", {"PLANAR": False}),
    ("transition", "move", {"PLANAR": True}),
    ("replacement", "replace", {"channels": 3, "PLANAR": False, "PER_CHANNEL": False}),
    ("replacement", "replace", {"channels": 3, "PLANAR": True, "PER_CHANNEL": False}),
    ("replacement", "replace", {"channels": 3, "PLANAR": False, "PER_CHANNEL": True}),
    ("field", "add_field", {}),
    ("stretching", "stretch", {"PLANAR": False}),
    ("stretching", "stretch", {"PLANAR": True}),
    ("recolouring", "recolour", {"PLANAR": False}),
    ("smoothing", "smooth", {"ALONG": True, "HALF": 2**22, "SHIFT": 23}),
    ("correlation", "correlate", {"MIRRORED": False}),
    ("correlation", "correlate", {"MIRRORED": True}),
    ("enlarging", "enlarge", {}),
    ("fogging", "raise_points", {"KIND": "MIDDLES"}),
    ("fogging", "raise_points", {"KIND": "BESIDE"}),
    ("fogging", "fog", {"PLANAR": True}),
    ("snowing", "enlarge", {}),
    ("snowing", "streak", {}),
    ("snowing", "snow", {"channels": 3, "PLANAR": False}),
]
WIDE = ("addition", "transition", "replacement", "field")
"""Forms that are read and written in words, not byte by byte."""


@pytest.mark.parametrize(("form", "name", "fixed"), KERNELS, ids=lambda value: value if isinstance(value, str) else None)
def test_compiles_for_a_gpu_that_is_not_here(form, name, fixed):
    ptx = compiled(form, name, fixed)
    assert ".target sm_80" in ptx
    assert not re.findall(r"\.(?:bf16|f16|f32|f64|tf32)\b", ptx)
    if form in WIDE and not fixed.get("PLANAR") and not fixed.get("PER_CHANNEL"):
        assert widest(r"ld\.global\S*", ptx, images_only=True) >= 32
        assert widest(r"st\.global\S*", ptx) >= 32


def test_a_system_without_triton_says_so_once(monkeypatch, capsys):
    monkeypatch.setattr(cuda, "find_spec", lambda _: None)
    cuda.has_triton.cache_clear()
    try:
        assert [cuda.has_triton(), cuda.has_triton()] == [False, False]
        assert capsys.readouterr().err.count("Triton is not installed") == 1  # not on stdout, where JSON may go
    finally:
        cuda.has_triton.cache_clear()


def compiled(form, name, fixed):
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from robustness.noise.forms.by_triton import LANES

    kernel = getattr(import_module(f"robustness.noise.forms.{form}.cuda"), name)
    fixed = fixed | {"LANES": LANES}
    signature = {argument: "constexpr" if argument in fixed else COMMON[argument] for argument in kernel.arg_names}
    aligned = [
        n
        for n, argument in enumerate(kernel.arg_names)
        if argument in {"images", "noisy", "table", "counts", "field", "index", "pixels", "elements"}
    ]
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
    ops = [op for op in re.findall(pattern, ptx) if not (images_only and op.endswith(".b64"))]
    return max(int(bits) * int(count or 1) for op in ops for count, bits in re.findall(r"(?:v(\d))?\.?b(\d+)", op)[:1])
