"""The noise contract on the CUDA device that holds the images, without a copy to the CPU."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from functools import lru_cache
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from robustness.noise.forms.form import Form


@lru_cache(maxsize=1)
def has_triton() -> bool:
    """Whether noise can be made on the device; says so, once, where it cannot."""
    found = find_spec("triton") is not None
    if not found:
        tqdm.write(
            "Triton is not installed: noise on CUDA tensors is made on the CPU, the same bytes but slower", file=sys.stderr
        )
    return found


def apply_on_device(form: Form | None, images: torch.Tensor, index: npt.NDArray[np.int64], seed: int) -> torch.Tensor:
    """What the form makes of uint8 images of shape (N, C, H, W), laid out as they are where that is dense."""
    if form is None or not images.numel():
        return images.clone()
    planar = images.is_contiguous()
    if not planar:
        images = images.contiguous(memory_format=torch.channels_last)
    noisy = torch.empty_like(images)
    with torch.cuda.device(images.device) if images.is_cuda else nullcontext():  # Triton's interpreter works on the CPU
        form.side("cuda").launch(form, images, noisy, planar, torch.from_numpy(index).to(images.device), seed)
    return noisy
