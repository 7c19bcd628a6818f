"""What noise can be put on, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robustness.errors import RobustnessError
from robustness.noise import KINDS, Gaussian, apply, cpu, make_noise
from robustness.noise.forms.addition import Addition

ALL = [make_noise(kind, {spec.magnitude: spec.typical} if spec.magnitude else {}) for kind, spec in KINDS.items()]


def grey(count):
    return np.full((count, 4, 5, 3), 128, dtype=np.uint8)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((1, 2, 2, 3)),
        np.zeros((1, 2, 2, 3), np.int8),
        np.zeros((1, 2, 2, 3), bool),
        np.zeros((2, 2, 3), np.uint8),
        np.zeros((1, 1, 2, 2, 3), np.uint8),
        np.zeros((), np.uint8),
        torch.zeros(1, 3, 2, 2),
        torch.zeros(1, 3, 2, 2, dtype=torch.int8),
        torch.zeros(3, 2, 2, dtype=torch.uint8),
    ],
    ids=lambda images: f"{type(images).__name__}-{images.dtype}-{tuple(images.shape)}",
)
@pytest.mark.parametrize("noise", ALL, ids=str)
def test_other_things_than_batches_of_bytes_are_refused(noise, images):
    order = "(N, C, H, W)" if isinstance(images, torch.Tensor) else "(N, H, W, C)"
    with pytest.raises(RobustnessError) as error:
        apply(noise, images, range(len(images) if images.ndim else 0), 0)
    assert f"noise wants uint8 images of shape {order}" in str(error.value)
    assert str(images.dtype).removeprefix("torch.") in str(error.value)
    assert str(tuple(images.shape)) in str(error.value)


@pytest.mark.parametrize(
    "index",
    [
        np.array([0, 2**63], dtype=np.uint64),
        [0],
        [0, 1, 2],
        0,
        [[0, 1]],
        [0.0, 1.0],
        [True, False],
        ["0", "1"],
        [0, -1],
        [0, 2**63],
        [0, 2**64],
        [-1, 2**63],
        None,
    ],
    ids=str,
)
@pytest.mark.parametrize("noise", ALL, ids=str)
def test_other_things_than_an_index_for_each_image_are_refused(noise, index):
    for images in (grey(2), torch.from_numpy(grey(2)).permute(0, 3, 1, 2)):
        with pytest.raises(RobustnessError, match="one index of 0 to 2\\^63 - 1 per image, 2 in all"):
            apply(noise, images, index, 0)


@pytest.mark.parametrize("seed", [-1, 2**64, 0.0, "0", None, True, np.int64(-1), np.float64(0)])
@pytest.mark.parametrize("noise", ALL, ids=str)
def test_other_things_than_a_seed_are_refused(noise, seed):
    with pytest.raises(RobustnessError, match="a seed lies between 0 and 2\\^64 - 1"):
        apply(noise, grey(1), [0], seed)


def test_ragged_indices_are_refused():
    with pytest.raises(RobustnessError, match="one index of 0 to"):
        apply(Gaussian(5), grey(2), [[0], [0, 1]], 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.uint64])
def test_a_seed_of_numpys_is_a_seed(dtype):
    largest = dtype(np.iinfo(dtype).max)
    assert np.array_equal(apply(Gaussian(5), grey(1), [0], largest), apply(Gaussian(5), grey(1), [0], int(largest)))
    assert np.array_equal(apply(Gaussian(5), grey(1), [0], dtype(5)), apply(Gaussian(5), grey(1), [0], 5))


@pytest.mark.parametrize("threads", [0, -1])
@pytest.mark.parametrize("noise", ALL, ids=str)
def test_fewer_threads_than_one_are_refused(noise, threads):
    with pytest.raises(RobustnessError, match=f"at least one thread, not {threads}"):
        apply(noise, grey(1), [0], 0, threads)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, ">i8", np.uint64, np.intp])
def test_any_integers_are_an_index(dtype):
    wanted = apply(Gaussian(40), grey(3), [0, 7, 100], 0)
    assert np.array_equal(apply(Gaussian(40), grey(3), np.array([0, 7, 100], dtype=dtype), 0), wanted)
    assert np.array_equal(apply(Gaussian(40), grey(3), np.array([0, 0, 7, 7, 100], dtype=dtype)[::2], 0), wanted)


def test_a_tensor_may_be_an_index():
    wanted = apply(Gaussian(40), grey(3), [0, 7, 100], 0)
    assert np.array_equal(apply(Gaussian(40), grey(3), torch.tensor([0, 7, 100]), 0), wanted)


@pytest.mark.parametrize("shape", [(0, 4, 5, 3), (2, 0, 5, 3), (2, 4, 0, 3), (2, 4, 5, 0)], ids=str)
@pytest.mark.parametrize("noise", ALL, ids=str)
def test_nothing_becomes_nothing(noise, shape):
    images = np.zeros(shape, np.uint8)
    assert apply(noise, images, range(len(images)), 0).shape == shape
    tensor = torch.from_numpy(images).permute(0, 3, 1, 2)
    assert apply(noise, tensor, range(len(images)), 0).shape == tensor.shape


def test_images_may_be_a_file_in_memory(tmp_path):
    images = np.memmap(tmp_path / "images", np.uint8, "w+", shape=(3, 4, 5, 3))
    images[:] = grey(3)
    images.flush()
    mapped = np.memmap(tmp_path / "images", np.uint8, "r", shape=images.shape)
    for noise in ALL:
        assert np.array_equal(apply(noise, mapped, range(3), 0), apply(noise, grey(3), range(3), 0))


def test_only_large_batches_are_worth_a_second_thread(monkeypatch):
    monkeypatch.setattr(cpu, "_pool", lambda: pytest.fail("a thread was asked for"))
    apply(Gaussian(5), np.zeros((2, Addition.small // 200, 100, 1), np.uint8), [0, 1], 0, threads=2)
    with pytest.raises(pytest.fail.Exception):
        apply(Gaussian(5), np.zeros((2, Addition.small // 100, 100, 1), np.uint8), [0, 1], 0, threads=2)
