"""Noise on images, wherever they are: checks the arguments and picks the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import numpy as np
import numpy.typing as npt

from robustness.errors import RobustnessError
from robustness.noise.arithmetic import arithmetic
from robustness.noise.custom import Custom, apply_custom
from robustness.noise.specs import Noise

if TYPE_CHECKING:
    import torch

Images = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]


@overload
def apply(noise: Noise, images: Images, index: npt.ArrayLike, seed: int, threads: int | None = None) -> Images: ...
@overload
def apply(noise: Noise, images: torch.Tensor, index: npt.ArrayLike, seed: int, threads: int | None = None) -> torch.Tensor: ...
def apply(
    noise: Noise, images: Images | torch.Tensor, index: npt.ArrayLike, seed: int, threads: int | None = None
) -> Images | torch.Tensor:
    """The images with noise on them: the same bytes for any batch, order, memory layout, thread count and device.

    images: uint8, a NumPy array of shape (N, H, W, C) or a torch tensor of shape (N, C, H, W). Tensors on a CUDA device are
    worked on there where Triton is installed; on any other device but the CPU (Apple's MPS) they travel to the CPU and back.
    index: N integers from 0 to 2^63 - 1, each image's place in its original set (a subset keeps them).
    seed: 0 to 2^64 - 1.
    threads: of the CPU kernel; all processors if None.
    Returns new images of the same shape, on the same device; tensors and arrays laid out like `images` where those are
    dense in (N, H, W, C) or (N, C, H, W) order.
    """
    if threads is not None and threads < 1:
        raise RobustnessError(f"noise wants at least one thread, not {threads}")
    if isinstance(images, np.ndarray):
        _check_images(images, images.ndim, str(images.dtype), "(N, H, W, C)")
        places = _checked_index(index, len(images), seed)
        return _on_arrays(noise, images, places, int(seed), threads)
    _check_images(images, images.dim(), str(images.dtype).removeprefix("torch."), "(N, C, H, W)")
    places = _checked_index(index, len(images), seed)
    if images.is_cuda and not isinstance(noise, Custom):
        from robustness.noise.cuda import apply_on_device, has_triton

        form = arithmetic(noise, *images.shape[2:])
        if has_triton() and (form is None or form.has("cuda")):
            return apply_on_device(form, images, places, int(seed))
    import torch

    noisy = _on_arrays(noise, images.detach().permute(0, 2, 3, 1).cpu().numpy(), places, int(seed), threads)
    return torch.from_numpy(noisy).permute(0, 3, 1, 2).to(images.device)


def _on_arrays(noise: Noise, images: Images, index: Indices, seed: int, threads: int | None) -> Images:
    if isinstance(noise, Custom):
        return apply_custom(noise, images, index, seed)
    form = arithmetic(noise, *images.shape[1:3])
    if form is None or not images.size:
        return images.copy("K")
    from robustness.noise.cpu import apply_on_cpu  # imports Numba

    return apply_on_cpu(form, images, index, seed, threads)


def _check_images(images: Images | torch.Tensor, dimensions: int, dtype: str, shape: str) -> None:
    if dtype != "uint8" or dimensions != 4:
        raise RobustnessError(f"noise wants uint8 images of shape {shape}, not {dtype} of {tuple(images.shape)}")


def _checked_index(index: npt.ArrayLike, count: int, seed: int) -> Indices:
    try:
        places = np.asarray(index, dtype=None if count else np.int64)
    except ValueError:  # ragged
        places = np.empty(0, dtype=object)
    if (
        places.shape != (count,)
        or places.dtype.kind not in "iu"
        or (places.size and not 0 <= places.min() <= places.max() < 2**63)
    ):
        raise RobustnessError(f"noise wants one index of 0 to 2^63 - 1 per image, {count} in all")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**64:
        raise RobustnessError(f"a seed lies between 0 and 2^64 - 1, not {seed}")
    return places.astype(np.int64)
