"""The Triton kernels compile for GPUs that are not here; for their bytes see tests/processes.

No kernel is listed here: each kind of noise says what it would launch, and Triton how it would compile that.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from robustness.noise import KINDS, cuda, forms, make_noise
from robustness.noise.arithmetic import arithmetic

triton = pytest.importorskip("triton", reason="Triton is not made for this system")

NOISES = [make_noise(kind, {spec.magnitude: spec.typical}) for kind, spec in KINDS.items() if spec.magnitude]
LAYOUTS = {"planar": torch.contiguous_format, "interleaved": torch.channels_last}
WIDE = ("addition", "transition", "replacement", "field")
"""Forms that are read and written in words, not byte by byte."""


def target():
    from triton.backends.compiler import GPUTarget

    return GPUTarget("cuda", 80, 32)


def sources() -> dict[tuple[str, str, str], Any]:
    """What is compiled for the noises, in three channels and in four, by form, kernel and what is fixed then."""
    from triton.compiler import ASTSource, make_backend
    from triton.runtime.jit import JITFunction, create_function_from_signature

    backend, found = make_backend(target()), {}

    def note(kernel, *args, grid, warmup, **kwargs):
        """As `JITFunction.run` does it, up to compiling."""
        bound, specialization, options = create_function_from_signature(kernel.signature, kernel.params, backend)(
            *args, **kwargs
        )
        options, signature, constants, attributes = kernel._pack_args(backend, kwargs, bound, specialization, options)
        fixed = {kernel.arg_names[at]: value for (at,), value in constants.items()}
        shown = " ".join(f"{name}={value}" for name, value in fixed.items() if name != "LANES")
        form = kernel.fn.__module__.split(".")[-2]
        found[form, kernel.fn.__name__, shown] = ASTSource(kernel, signature, constants, attributes), options.__dict__

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JITFunction, "run", note)
        for noise in NOISES:
            for layout in LAYOUTS.values():
                for channels in (3, 4):
                    images = torch.zeros((2, channels, 16, 16), dtype=torch.uint8).contiguous(memory_format=layout)
                    cuda.apply_on_device(arithmetic(noise, 16, 16), images, np.arange(2), 5)
    return found


SOURCES = sources()


@pytest.mark.parametrize(("form", "name", "fixed"), SOURCES, ids=lambda text: text.replace(" ", "-"))
def test_compiles_for_a_gpu_that_is_not_here(form, name, fixed):
    source, options = SOURCES[form, name, fixed]
    ptx = triton.compile(source, target=target(), options=options).asm["ptx"]
    assert ".target sm_80" in ptx
    assert not re.findall(r"\.(?:bf16|f16|f32|f64|tf32)\b", ptx)
    if form in WIDE and not re.search("PLANAR=True|PER_CHANNEL=True", fixed):
        assert widest(r"ld\.global\S*", ptx, images_only=True) >= 32
        assert widest(r"st\.global\S*", ptx) >= 32


def test_every_kernel_is_among_them():
    from triton.runtime.jit import JITFunction

    written = {
        (file.parent.name, name)
        for file in Path(forms.__file__).parent.glob("*/cuda.py")
        for name, value in vars(import_module(f"robustness.noise.forms.{file.parent.name}.cuda")).items()
        if isinstance(value, JITFunction) and value.fn.__module__.split(".")[-2] == file.parent.name and name[0] != "_"
    }
    assert {(form, name) for form, name, _ in SOURCES} == written
    assert len(written) > 10


def test_a_system_without_triton_says_so_once(monkeypatch, capsys):
    monkeypatch.setattr(cuda, "find_spec", lambda _: None)
    cuda.has_triton.cache_clear()
    try:
        assert [cuda.has_triton(), cuda.has_triton()] == [False, False]
        assert capsys.readouterr().err.count("Triton is not installed") == 1  # not on stdout, where JSON may go
    finally:
        cuda.has_triton.cache_clear()


def widest(pattern, ptx, images_only=False):
    """Bits of the widest access: `v2.b32` has 64. Reads of one 64-bit index are not counted as an image's."""
    ops = [op for op in re.findall(pattern, ptx) if not (images_only and op.endswith(".b64"))]
    return max(int(bits) * int(count or 1) for op in ops for count, bits in re.findall(r"(?:v(\d))?\.?b(\d+)", op)[:1])
