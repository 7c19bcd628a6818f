"""How fast noise is made, beside other libraries.

Every contender gets its best fair setting: images in the type it likes best, converted before the clock starts, and whole
batches where it takes them. What hands back floats is not made to round. One thread each, unless the name says otherwise.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from robustness.bench.clock import ROUNDS, Call, has_cuda, times
from robustness.errors import RobustnessError, described
from robustness.noise import Gaussian, Impulse, Noise, Periodic, SaltAndPepper, Shot, Speckle
from robustness.noise.apply import apply
from robustness.noise.reference import apply as reference
from robustness.process import environment, torch_threads
from robustness.report.text.table import table

if TYPE_CHECKING:
    import torch

CUDA_IMAGES = 16_384

GAUSSIAN = Gaussian(sigma=25)
SALT_AND_PEPPER = SaltAndPepper(amount=0.01)
IMPULSE = Impulse(amount=0.03)  # as ImageNet-C at severity 1, like the next two
SHOT = Shot(gain=4.25)
SPECKLE = Speckle(sigma=0.15)
PERIODIC = Periodic(amplitude=0.25)


@dataclass(frozen=True)
class Contender:
    """One way to make a noise.

    make: takes uint8 images, an array of shape (N, H, W, 3) or on CUDA a tensor of shape (N, 3, H, W); imports and converts
        what it needs, and returns the call that is timed.
    baseline: the one of its group that the others are compared with.
    requires: what to `pip install` for it.
    """

    noise: Noise
    name: str
    make: Callable[[Any], Call]
    ours: bool = False
    baseline: bool = False
    requires: str = ""
    cuda: bool = False

    @property
    def group(self) -> str:
        return f"{self.noise} on CUDA" if self.cuda else str(self.noise)


@dataclass(frozen=True)
class Row:
    """What a contender took for so many values (channels of pixels), or why it could not be measured."""

    contender: Contender
    values: int
    seconds: float | None = None
    missing: str = ""


class UnavailableError(RobustnessError):
    """A contender that cannot run here."""


def run_benchmarks(images: int = 256, size: int = 40) -> list[Row]:
    """Time every contender on `images` random images of `size` by `size` pixels; CUDA, where there is one, on 16,384."""
    lineup = contenders()
    rows: list[Row] = []
    with torch_threads(1), tqdm(total=ROUNDS * len(lineup), desc="timing", leave=False, disable=None) as bar:
        for _, group in groupby(lineup, key=lambda contender: contender.group):
            rows += _time_group(list(group), images, size, bar)
    return rows


def bench_table(rows: Sequence[Row]) -> list[str]:
    """The rows as text, a table for each group."""
    lines: list[str] = []
    for group, members in groupby(rows, key=lambda row: row.contender.group):
        lines += [*([""] if lines else []), group, *_group_table(list(members))]
    return lines


def contenders() -> list[Contender]:
    """All that can be compared on this machine, in groups: other libraries whether or not they are installed."""
    from robustness.bench import corruptions

    return [*_on_cpu(), *corruptions.contenders(), *(_on_cuda() if has_cuda() else [])]


def sample(contender: Contender, images: int, size: int) -> Any:
    """Random images of the kind the contender's `make` takes."""
    array = np.random.default_rng(0).integers(0, 256, (images, size, size, 3), dtype=np.uint8)
    return to_tensor(array).cuda() if contender.cuda else array


def prepare(contender: Contender, images: Any) -> Call:
    """The call to time, made once already: that compiles kernels and fills tables. Raises `UnavailableError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # other libraries' imports
            call = contender.make(images)
    except ImportError as error:
        if not contender.requires:
            raise
        absent = isinstance(error, ModuleNotFoundError)
        raise UnavailableError(
            f"not installed: pip install {contender.requires}" if absent else f"cannot be imported: {error}"
        ) from error
    call()
    return call


def _time_group(group: Sequence[Contender], images: int, size: int, bar: Any) -> list[Row]:
    """Round after round, each by its fastest call: what else the machine does only adds, and to long calls more."""
    pixels = sample(group[0], CUDA_IMAGES if group[0].cuda else images, size)
    calls = [_attempt(contender, pixels) for contender in group]
    taken: list[list[float]] = [[] for _ in group]
    for _ in range(ROUNDS):
        for contender, call, seconds in zip(group, calls, taken, strict=True):
            if not isinstance(call, str):
                seconds += times(call, contender.cuda)
            bar.update()
    values = math.prod(pixels.shape)
    return [
        Row(contender, values, missing=call) if isinstance(call, str) else Row(contender, values, min(seconds))
        for contender, call, seconds in zip(group, calls, taken, strict=True)
    ]


def _attempt(contender: Contender, images: Any) -> Call | str:
    try:
        return prepare(contender, images)
    except UnavailableError as error:
        return str(error)


def _group_table(rows: Sequence[Row]) -> list[str]:
    baseline = next(row for row in rows if row.contender.baseline)
    cuda = baseline.contender.cuda
    head = ["", "M values/s", *(["GB/s"] if cuda else []), f"relative to {baseline.contender.name}"]
    measured = [_cells(row, baseline) for row in rows if row.seconds]
    missing = [f"{row.contender.name}: {row.missing}" for row in rows if not row.seconds]
    return [f"  {line}" for line in [*table(head, measured, left=1), *missing]]


def _cells(row: Row, baseline: Row) -> list[str]:
    assert row.seconds
    assert baseline.seconds
    moved = [f"{2 * row.values / row.seconds / 1e9:,.0f}"] if row.contender.cuda else []  # each byte read once, written once
    speed = f"{row.values / row.seconds / 1e6:,.1f}"
    return [row.contender.name, speed, *moved, f"{baseline.seconds / row.seconds:.3f}"]


# The line-up.


def _on_cpu() -> list[Contender]:
    return [
        *_in_every_group(GAUSSIAN),
        Contender(GAUSSIAN, "torch.randn, the draws alone", _torch_randn),
        Contender(GAUSSIAN, "torchvision GaussianNoise", _torchvision(GAUSSIAN.sigma)),
        _scikit_image(GAUSSIAN, "gaussian", np.float64, var=(GAUSSIAN.sigma / 255) ** 2),
        kornia(GAUSSIAN, "RandomGaussianNoise", std=GAUSSIAN.sigma / 255),
        albumentations(GAUSSIAN, "GaussNoise", std_range=(GAUSSIAN.sigma / 255,) * 2),
        imagecorruptions(GAUSSIAN, "gaussian_noise"),
        *_in_every_group(SALT_AND_PEPPER),
        kornia(SALT_AND_PEPPER, "RandomSaltAndPepperNoise", amount=SALT_AND_PEPPER.amount, salt_vs_pepper=0.5),
        albumentations(SALT_AND_PEPPER, "SaltAndPepper", amount=(SALT_AND_PEPPER.amount,) * 2, salt_vs_pepper=(0.5, 0.5)),
        *_in_every_group(IMPULSE),
        _scikit_image(IMPULSE, "s&p", np.float32, amount=IMPULSE.amount),
        imagecorruptions(IMPULSE, "impulse_noise"),
        *_in_every_group(SHOT),
        Contender(SHOT, "NumPy Generator.poisson, the draws alone", _numpy_poisson),
        _scikit_image(SHOT, "poisson", np.float32),
        albumentations(SHOT, "ShotNoise", scale_range=(SHOT.gain / 255,) * 2),
        imagecorruptions(SHOT, "shot_noise"),
        *_in_every_group(SPECKLE),
        _scikit_image(SPECKLE, "speckle", np.float64, var=SPECKLE.sigma**2),
        imagecorruptions(SPECKLE, "speckle_noise"),
        *_in_every_group(PERIODIC),
        Contender(PERIODIC, "NumPy, floats in and out", _numpy_wave),
    ]


def _on_cuda() -> list[Contender]:
    return [
        *_in_every_cuda_group(GAUSSIAN),
        Contender(GAUSSIAN, "torchvision GaussianNoise", _torchvision(GAUSSIAN.sigma), cuda=True),
        *(row for noise in (SALT_AND_PEPPER, IMPULSE, SHOT, SPECKLE, PERIODIC) for row in _in_every_cuda_group(noise)),
    ]


def ours(noise: Noise) -> list[Contender]:
    every = os.cpu_count() or 1
    return [
        Contender(noise, "ours, 1 thread", _apply(noise, 1), ours=True, baseline=True),
        Contender(noise, f"ours, {every} threads", _apply(noise, every), ours=True),
        Contender(noise, "ours, the NumPy reference", _reference(noise), ours=True),
    ]


def _in_every_group(noise: Noise) -> list[Contender]:
    return [
        *ours(noise),
        Contender(noise, "torch by way of floats", lambda images: _by_way_of_floats(noise)(to_tensor(images))),
    ]


def _in_every_cuda_group(noise: Noise) -> list[Contender]:
    return [
        Contender(noise, "a copy", _copy, baseline=True, cuda=True),
        Contender(noise, "ours", _apply(noise, None), ours=True, cuda=True),
        Contender(noise, "torch by way of floats", _by_way_of_floats(noise), cuda=True),
    ]


def _apply(noise: Noise, threads: int | None) -> Callable[[Any], Call]:
    return lambda images: lambda: apply(noise, images, np.arange(len(images)), 0, threads=threads)


def _reference(noise: Noise) -> Callable[[Any], Call]:
    return lambda images: lambda: reference(noise, images, np.arange(len(images)), 0)


def to_tensor(images: npt.NDArray[np.uint8]) -> torch.Tensor:
    import torch

    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()


def _copy(images: torch.Tensor) -> Call:
    import torch

    target = torch.empty_like(images)
    return lambda: target.copy_(images)


def _by_way_of_floats(noise: Noise) -> Callable[[torch.Tensor], Call]:
    """What one writes by hand: bytes to floats, noise, round, clip, back to bytes."""

    def make(images: torch.Tensor) -> Call:
        import torch

        add_noise = _float_noise(noise, images)
        return lambda: add_noise(images.float()).round_().clamp_(0, 255).to(torch.uint8)

    return make


def _float_noise(noise: Noise, images: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    """The noise on float images in 0..255."""
    import torch

    count, channels, height, width = images.shape
    match noise:
        case Gaussian(sigma):
            return lambda x: x + sigma * torch.randn_like(x)
        case Speckle(sigma):
            return lambda x: x * (1 + sigma * torch.randn_like(x))
        case Shot(gain):
            return lambda x: gain * torch.poisson(x / gain)
        case SaltAndPepper(amount) | Impulse(amount):
            units = (count, channels if isinstance(noise, Impulse) else 1, height, width)
            return lambda x: _replace(x, torch.rand(units, device=x.device), amount)
        case Periodic():
            wave = torch.from_numpy(_wave(width)).to(images.device)
            return lambda x: x + wave
    raise RobustnessError(f"no float version of {noise}")


def _replace(x: torch.Tensor, draw: torch.Tensor, amount: float) -> torch.Tensor:
    return x.masked_fill(draw < amount, 255).masked_fill(draw < amount / 2, 0)


def _wave(width: int) -> npt.NDArray[np.float32]:
    t = 2 * np.pi * PERIODIC.frequency * np.arange(width)
    wave: npt.NDArray[np.float32] = (255 * PERIODIC.amplitude * (np.sin(t) + np.cos(t))).astype(np.float32)
    return wave


def _numpy_wave(images: npt.NDArray[np.uint8]) -> Call:
    floats, wave = images.astype(np.float32), _wave(images.shape[2])[:, np.newaxis]
    return lambda: np.clip(floats + wave, 0, 255)


def _numpy_poisson(images: npt.NDArray[np.uint8]) -> Call:
    photons, random = images / SHOT.gain, np.random.default_rng(0)
    return lambda: random.poisson(photons)


def _torch_randn(images: npt.NDArray[np.uint8]) -> Call:
    import torch

    return lambda: torch.randn(images.shape)


def _torchvision(sigma: float) -> Callable[[Any], Call]:
    def make(images: Any) -> Call:
        from torchvision.transforms.v2 import GaussianNoise

        floats = (to_tensor(images) if isinstance(images, np.ndarray) else images) / 255
        transform = GaussianNoise(sigma=sigma / 255)
        return lambda: transform(floats)

    return make


def _scikit_image(noise: Noise, mode: str, dtype: npt.DTypeLike, **parameters: float) -> Contender:
    """dtype: of the images, the faster of two; its normal draws are doubles, which floats only slow down."""

    def make(images: npt.NDArray[np.uint8]) -> Call:
        from skimage.util import random_noise

        floats, random = (images / 255).astype(dtype), np.random.default_rng(0)
        return lambda: random_noise(floats, mode, rng=random, **parameters)

    return Contender(noise, f"scikit-image {mode}", make, requires="scikit-image")


def kornia(noise: Noise, transform: str, **parameters: Any) -> Contender:
    def make(images: npt.NDArray[np.uint8]) -> Call:
        from kornia import augmentation

        floats = to_tensor(images) / 255
        augment = getattr(augmentation, transform)(p=1.0, **parameters)
        return lambda: augment(floats)

    return Contender(noise, f"kornia {transform}", make, requires="kornia")


def albumentations(noise: Noise, transform: str, **ranges: tuple[float, ...]) -> Contender:
    """Image by image: its batches share one draw."""

    def make(images: npt.NDArray[np.uint8]) -> Call:
        with environment({"NO_ALBUMENTATIONS_UPDATE": "1"}):  # its import asks the network for a newer version
            import albumentations as library
        import cv2

        cv2.setNumThreads(1)
        augment = getattr(library, transform)(p=1.0, **ranges)
        return lambda: [augment(image=image)["image"] for image in images]

    return Contender(noise, f"albumentations {transform}", make, requires="albumentations")


def imagecorruptions(noise: Noise, corruption: str) -> Contender:
    """ImageNet-C's own functions, at severity 1, which take an image at a time."""

    def make(images: npt.NDArray[np.uint8]) -> Call:
        from imagecorruptions import corrupt

        if min(images.shape[1:3]) < 32:
            raise UnavailableError("takes images of 32 pixels and more")
        try:
            corrupt(images[0], severity=1, corruption_name=corruption)
        except Exception as error:  # of functions that newer versions of NumPy and scikit-image have dropped
            raise UnavailableError(f"fails here: {described(error)}") from error
        return lambda: [corrupt(image, severity=1, corruption_name=corruption) for image in images]

    # It imports pkg_resources, which setuptools 82 dropped.
    return Contender(noise, f"imagecorruptions {corruption}", make, requires='imagecorruptions "setuptools<82"')
