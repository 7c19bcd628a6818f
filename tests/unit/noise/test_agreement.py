"""Every kernel gives the reference's bytes: for any noise, shape, memory layout, split, thread count and device."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from noise_strategies import CHANNELS, INDICES, LAYOUTS, POINTWISE, SEEDS, images_of, noises_of

from robustness.noise import KINDS, Gaussian, apply, forms, make_noise, reference
from robustness.noise.arithmetic import arithmetic
from robustness.noise.cuda import apply_on_device
from robustness.noise.forms.form import Form

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
THREADS = st.sampled_from([1, 2, 3, 5, None])
TENSOR_LAYOUTS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {  # of tensors (N, C, H, W)
    "channels first": torch.Tensor.contiguous,
    "channels last": lambda images: images.contiguous(memory_format=torch.channels_last),
    "rows sliced": lambda images: images.repeat_interleave(2, dim=2)[:, :, ::2],
    "channels sliced": lambda images: images.repeat_interleave(2, dim=1)[:, ::2],
    "channels last, columns sliced": lambda images: images.repeat_interleave(2, dim=3).contiguous(
        memory_format=torch.channels_last
    )[..., ::2],
    "transposed": lambda images: images.transpose(2, 3).contiguous().transpose(2, 3),
    "images last": lambda images: images.permute(1, 2, 3, 0).contiguous().permute(3, 0, 1, 2),
    "at an odd address": lambda images: torch.cat([images.new_zeros(1), images.flatten()])[1:].view(images.shape),
}
SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 40), st.integers(1, 40), CHANNELS)
WIDE = st.tuples(  # around the kernels' chunks of 1,024 pixels
    st.integers(1, 2), st.integers(1, 2), st.integers(1020, 1032) | st.integers(2044, 2056), CHANNELS
)
SHAPED = [
    *(pytest.param(kind, SHAPES, id=f"{kind}-small") for kind in KINDS),
    *(pytest.param(kind, WIDE, id=f"{kind}-wide") for kind in KINDS if kind in POINTWISE),
]


@pytest.fixture(autouse=True, scope="module")
def _threads_for_any_size():
    with pytest.MonkeyPatch.context() as patch:
        for form in Form.__subclasses__():
            patch.setattr(form, "small", 1)
        yield


@st.composite
def cases(draw, kind, shapes):
    """A noise, images with an index each, and a seed."""
    shape = draw(shapes)
    index = draw(st.lists(INDICES, min_size=shape[0], max_size=shape[0]))
    return draw(noises_of(kind)), draw(images_of(*shape)), np.array(index, dtype=np.int64), draw(SEEDS)


@pytest.mark.parametrize(("kind", "shapes"), SHAPED)
@given(data=st.data(), layout=st.sampled_from(list(LAYOUTS)), threads=THREADS)
@settings(max_examples=25, deadline=None)
def test_arrays_get_the_references_bytes(kind, shapes, data, layout, threads):
    noise, images, index, seed = data.draw(cases(kind, shapes))
    noisy = apply(noise, LAYOUTS[layout](images), index, seed, threads)
    assert np.array_equal(noisy, reference.apply(noise, images, index, seed))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("kind", "shapes"), SHAPED)
@given(data=st.data(), layout=st.sampled_from(list(TENSOR_LAYOUTS)), threads=THREADS)
@settings(max_examples=12, deadline=None)
def test_tensors_get_the_references_bytes(kind, device, shapes, data, layout, threads):
    noise, images, index, seed = data.draw(cases(kind, shapes))
    tensor = TENSOR_LAYOUTS[layout](torch.from_numpy(images).permute(0, 3, 1, 2).to(device))
    noisy = apply(noise, tensor, index, seed, threads).cpu().permute(0, 2, 3, 1).numpy()
    assert np.array_equal(noisy, reference.apply(noise, images, index, seed))


@pytest.mark.parametrize("device", ["numpy", *DEVICES])
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), threads=THREADS)
@settings(max_examples=12, deadline=None)
def test_any_order_and_any_split_get_the_references_bytes(kind, device, data, threads):
    noise, images, index, seed = data.draw(cases(kind, st.tuples(st.integers(5, 9), st.integers(1, 6), st.just(5), CHANNELS)))
    order = data.draw(st.permutations(range(len(images))))
    cut = data.draw(st.integers(0, len(images)))
    whole = reference.apply(noise, images, index, seed)
    for part in (order[:cut], order[cut:]):
        noisy = _on(device, noise, images[part], index[part], seed, threads)
        assert np.array_equal(noisy, whole[part])


def _on(device, noise, images, index, seed, threads):
    if device == "numpy":
        return apply(noise, images, index, seed, threads)
    tensor = torch.from_numpy(images).permute(0, 3, 1, 2).to(device)
    return apply(noise, tensor, index, seed, threads).cpu().permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("count", [31, 32, 33, 64, 65])
def test_the_references_own_batches_leave_no_seam(count):
    noise, images = Gaussian(40), np.full((count, 2, 3, 3), 128, dtype=np.uint8)
    alone = [reference.apply(noise, images[:1], np.array([place]), 1) for place in range(count)]
    assert np.array_equal(reference.apply(noise, images, np.arange(count), 1), np.concatenate(alone))


# The result lies in memory as the images do


def slight(kind):
    spec = KINDS[kind]
    return make_noise(kind, {spec.magnitude: spec.typical} if spec.magnitude else {})


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_keep_their_layout(kind):
    noise = slight(kind)
    images = np.full((2, 5, 6, 3), 100, dtype=np.uint8)
    for layout in ("channels last", "channels first"):
        noisy = apply(noise, LAYOUTS[layout](images), [0, 1], 0)
        assert noisy.strides == LAYOUTS[layout](images).strides
        assert noisy.flags.writeable


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", KINDS)
def test_tensors_keep_their_layout_and_device(kind, device):
    noise = slight(kind)
    images = torch.full((2, 3, 5, 6), 100, dtype=torch.uint8, device=device)
    for layout in ("channels first", "channels last"):
        noisy = apply(noise, TENSOR_LAYOUTS[layout](images), [0, 1], 0)
        assert noisy.stride() == TENSOR_LAYOUTS[layout](images).stride()
        assert (noisy.dtype, noisy.device) == (images.dtype, images.device)


@given(case=cases("resolution", SHAPES), layout=st.sampled_from(list(TENSOR_LAYOUTS)))
@settings(max_examples=50, deadline=None)
def test_averages_of_the_cuda_kernel_are_the_references_on_any_device(case, layout):
    noise, images, index, seed = case
    tensor = TENSOR_LAYOUTS[layout](torch.from_numpy(images).permute(0, 3, 1, 2))
    noisy = apply_on_device(arithmetic(noise, *images.shape[1:3]), tensor, index, seed).permute(0, 2, 3, 1).numpy()
    assert np.array_equal(noisy, reference.apply(noise, images, index, seed))


SIDES = [file for side in ("reference", "cpu", "cuda") for file in sorted(Path(forms.__file__).parent.rglob(f"{side}.py"))]
SHARED = {"reference": "by_reference", "cpu": "by_numba", "cuda": "by_triton"}


@pytest.mark.parametrize("file", SIDES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_side_of_a_form_takes_nothing_from_the_others(file):
    """Of the room it knows its own form, what its like share, and numbers that no test of them compares."""
    taken = {name.removeprefix("robustness.noise.") for name in imports(file) if name.startswith("robustness.noise.")}
    assert {name for name in taken if not name.startswith(f"forms.{SHARED[file.stem]}")} <= {f"forms.{file.parent.name}"}


@pytest.mark.parametrize("kernel", ["apply", "cpu", "cuda", "forms/by_numba", "forms/by_numba_planes", "forms/by_triton"])
def test_a_kernel_takes_nothing_from_the_reference_it_is_held_against(kernel):
    taken = imports(Path(reference.__file__).parent / f"{kernel}.py")
    assert not {name for name in taken if re.search("reference|philox", name)}


def imports(file):
    return {node.module or "" for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)}


def test_every_form_has_its_sides():
    folders = {file.parent for file in Path(forms.__file__).parent.glob("*/__init__.py")}
    assert {file.parent for file in SIDES if file.stem == "reference"} == folders
    assert {file.parent for file in SIDES if file.stem == "cpu"} == folders
