"""The open door: a transform of torchvision's or a callable of the user's own, declared as a noise.

Its bytes are its author's business: they may differ between versions and machines, so results are marked, and never kept
beyond a run. It is code, and runs with the user's rights.
"""

from __future__ import annotations

import inspect
import random
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import make_dataclass
from keyword import iskeyword
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from robustness.errors import RobustnessError, described, nearest
from robustness.factory import import_callable, importable
from robustness.noise.philox import philox4x32
from robustness.noise.specs import Noise

Images = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]

LOADS = ("torchvision:NAME", "python:package.module:function")
LARGEST = 1e12
"""Of the magnitudes either way: finite, and what charts and sweeps divide by stays so."""
STREAM = 255
"""Of the words that seed transforms, apart from those of the noise contract."""


class Custom(Noise):
    """Base of the declared noises; each is a class with its magnitude as the one parameter.

    load: `torchvision:NAME`, a class of `torchvision.transforms.v2`, made with the magnitude and the arguments, and called
    with one image at a time, uint8 of shape (1, 3, H, W), because a transform draws its random numbers once a call; or
    `python:package.module:function`, called with one image at a time too, a uint8 NumPy array of shape (1, H, W, 3), and the
    magnitude and arguments by name. Both return the same shape in uint8. The magnitude is a float, but an int where a
    transform of torchvision's takes whole numbers only, such as a JPEG's quality. Before each call Python's, NumPy's and, on
    the CPU, torch's global random numbers are seeded from the seed and the image's index.
    """

    bit_identical: ClassVar[bool] = False
    identity: ClassVar[float | None] = None
    load: ClassVar[str]
    arguments: ClassVar[Mapping[str, Any]]
    base: ClassVar[Path]

    @property
    def has_fixed_pattern(self) -> bool:
        """Whether its author says that it is one pattern for all images, by `.fixed_pattern = True` beside the function."""
        family, _, target = self.load.partition(":")
        return family == "python" and bool(getattr(import_callable(target, self.base), "fixed_pattern", False))


def declare_noise(name: str, load: str, magnitude: str, arguments: Mapping[str, Any], base: Path) -> type[Custom]:
    """The kind of noise that a thresholds file in the folder `base` declares."""
    family, *target = load.split(":")
    if {"torchvision": 1, "python": 2}.get(family) != len(target) or not all(target):
        raise RobustnessError(f"unknown transform {load!r}: valid: {', '.join(LOADS)}")
    plain = unicodedata.normalize("NFKC", magnitude)  # as Python reads names
    if not magnitude.isidentifier() or iskeyword(magnitude) or plain != magnitude:
        raise RobustnessError(f"a magnitude is the name of an argument, not {magnitude!r}")
    if magnitude in arguments:
        raise RobustnessError(f"{magnitude} is the magnitude, which the limits give: leave it out here")
    declared = {
        "kind": name,
        "magnitude": magnitude,
        "ranges": {magnitude: (-LARGEST, LARGEST)},
        "load": load,
        "arguments": dict(arguments),
        "base": base.resolve(),  # other processes on this machine, which stand elsewhere, find it too
    }
    if magnitude in declared or hasattr(Custom, magnitude):
        raise RobustnessError(f"a magnitude cannot be called {magnitude!r} here: declare a function of yours that renames it")
    return make_dataclass("Custom", [(magnitude, float)], bases=(Custom,), frozen=True, namespace=declared)


def apply_custom(noise: Custom, images: Images, index: Indices, seed: int) -> Images:
    """What the callable makes of images of shape (N, H, W, C); an error names the noise where it cannot be called so."""
    seeds = philox4x32((0, STREAM, index & 0xFFFFFFFF, index >> 32), (seed & 0xFFFFFFFF, seed >> 32))[:, 0]
    transform = _resolve(noise)
    noisy = np.empty_like(images)
    for part in (slice(n, n + 1) for n in range(len(images))):  # in company, its random numbers would depend on who comes first
        with _seeded(int(seeds[part][0])), importable(noise.base):
            try:
                result = transform(images[part])
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # the user's code may raise anything, and `sys.exit(0)` must end no gate
                raise RobustnessError(f"{noise} ({noise.load}) raised {described(error)}") from error
        if not isinstance(result, np.ndarray) or result.shape != images[part].shape or result.dtype != np.uint8:
            got = f"{result.dtype} of {result.shape}" if isinstance(result, np.ndarray) else type(result).__name__
            raise RobustnessError(f"{noise} ({noise.load}) returned {got}, not uint8 of {images[part].shape}")
        noisy[part] = result
    return noisy


def _resolve(noise: Custom) -> Callable[[Images], object]:
    name = str(noise.magnitude)
    level: float = getattr(noise, name)
    family, _, target = noise.load.partition(":")
    if family == "python":
        function = import_callable(target, noise.base)
        return lambda images: _as_array(function(images.copy(), **{name: level}, **noise.arguments))
    import torch
    from torchvision.transforms import v2

    valid = [name for name in dir(v2) if isinstance(getattr(v2, name), type) and issubclass(getattr(v2, name), v2.Transform)]
    if target not in valid:
        raise RobustnessError(f"{noise.kind}: torchvision.transforms.v2 has no transform {target!r}: {nearest(target, valid)}")
    try:
        made = getattr(v2, target)
        transform = made(**{name: _as_taken(made, name, level)}, **noise.arguments)
    except Exception as error:  # whatever a constructor thinks of its arguments
        raise RobustnessError(f"{noise} ({noise.load}) raised {described(error)}") from error
    return lambda images: _as_array(transform(torch.from_numpy(images.copy()).permute(0, 3, 1, 2)).permute(0, 2, 3, 1))


def _as_taken(transform: type, name: str, level: float) -> float:
    """The level, as an int where it is whole and the transform's argument cannot be a float."""
    argument = inspect.signature(transform).parameters.get(name)
    types = str(argument.annotation) if argument else ""
    return int(level) if level.is_integer() and "int" in types and "float" not in types else level


def _as_array(result: Any) -> object:
    """A tensor as an array; anything else as it is."""
    return result.cpu().numpy() if hasattr(result, "cpu") else result


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Global random numbers begin anew inside, and go on outside as if nothing had been."""
    import torch

    python, legacy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # `torch.manual_seed` would leave other devices' generators changed
        np.random.seed(seed)
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)
