"""Hypothesis strategies over noises, images, and the ways images can lie in memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from robustness.noise import KINDS
from robustness.noise.forms.addition import Addition
from robustness.noise.forms.field import Field
from robustness.noise.forms.replacement import Replacement
from robustness.noise.forms.transition import Transition

Images = npt.NDArray[np.uint8]

SEEDS = st.integers(0, 2**64 - 1) | st.sampled_from([2**32 - 1, 2**32, 2**64 - 1])
INDICES = st.integers(0, 2**63 - 1) | st.integers(2**32 - 2, 2**32 + 2) | st.just(2**63 - 1)
SIDES = st.integers(1, 5)
CHANNELS = st.sampled_from([1, 3, 4])

TIES = st.integers(0, 80).map(lambda halves: halves / 2)
"""Where a level, a step or a side is rounded, halves are what can go wrong."""
OF_A_TABLE = {  # its table takes up to a second to fill, so that few values share the examples
    ("speckle", "sigma"): st.sampled_from([0.0, 2**-17, 1 / 255, 0.15, 0.35, 0.5, 1.0, 10.0]),
    ("shot", "gain"): st.sampled_from([0.0, 2**-17, 0.02, 0.51, 1.0, 4.25, 85.0, 255.0]) | st.floats(0.3, 255),
}
NARROW = {  # the plain implementation takes seconds beyond
    ("zoom", "steps"): st.floats(1, 20),
    ("snow", "radius"): st.floats(1, 12),
    ("gaussian-blur", "sigma"): st.floats(0, 5),
    ("defocus", "radius"): st.floats(0, 12),
    ("motion", "radius"): st.floats(1, 20),
}
USUAL = {  # beside the whole range, in which clipping leaves little to compare
    ("gaussian", "sigma"): st.floats(0, 60),
    ("gaussian-wraparound", "sigma"): st.floats(0, 60),
    ("uniform", "half_width"): st.floats(0, 60) | TIES,
    ("periodic", "amplitude"): st.floats(0, 0.5),
    ("periodic", "orientation"): st.sampled_from([0.0, 30.0, 45.0, 90.0, -135.0, 360.0]),
    ("offset", "levels"): TIES,
    ("brightness", "levels"): TIES,
    ("pixelate", "factor"): st.floats(1, 9) | TIES.filter(lambda factor: factor >= 1),
    ("saturate", "factor"): st.floats(0, 5),
    ("saturate", "shift"): st.just(0.0),
    ("gaussian-blur", "sigma"): st.floats(0, 2),
    ("defocus", "radius"): st.floats(0, 3) | TIES.filter(lambda radius: radius <= 12),
    ("defocus", "blur"): st.floats(0, 1),
    ("zoom", "factor"): st.floats(1, 1.5),
    ("fog", "amount"): st.floats(0, 3),
    ("fog", "decay"): st.floats(1, 3),
    ("motion", "sigma"): st.floats(0, 5),
    ("motion", "radius"): st.floats(1, 8),
    ("resolution", "factor"): st.floats(1, 9) | TIES.filter(lambda factor: factor >= 1),
}


def parameter(kind, name):
    """A parameter over its whole range, more often where it makes a difference."""
    if kind == "jpeg":
        return st.integers(1, 100).map(float)
    if (kind, name) in OF_A_TABLE:
        return OF_A_TABLE[kind, name]
    return NARROW.get((kind, name), st.floats(*KINDS[kind].ranges[name])) | USUAL.get((kind, name), st.nothing())


def noises_of(kind, **narrower):
    """Noises of a kind over the whole range of every parameter, or over the narrower strategies given."""
    spec = KINDS[kind]
    return st.builds(spec, **{name: parameter(kind, name) for name in spec.parameters()} | narrower)


POINTWISE = {
    kind
    for kind, spec in KINDS.items()
    if spec.magnitude is None
    or isinstance(spec(**{spec.magnitude: spec.typical}).form(1, 1), Addition | Transition | Replacement | Field)
}
"""Kinds that look at each value by itself."""
GROWING = [kind for kind, spec in KINDS.items() if spec.magnitude and spec.identity is not None]
NOISES = st.one_of([noises_of(kind) for kind in KINDS])


def images_of(*shape):
    """Images of that shape: random bytes, those of a generator where they are many."""
    size = int(np.prod(shape))
    few = st.binary(min_size=size, max_size=size).map(lambda data: np.frombuffer(data, np.uint8).reshape(shape).copy())
    many = st.integers(0, 2**32).map(lambda seed: np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))
    return few | many if size <= 200 else many


@st.composite
def batches(draw, most=3):
    """Small images with an index each."""
    images = draw(images_of(draw(st.integers(1, most)), draw(SIDES), draw(SIDES), draw(CHANNELS)))
    return images, np.array(draw(st.lists(INDICES, min_size=len(images), max_size=len(images))), dtype=np.int64)


def _planar(images):
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)


def _read_only(images):
    images = images.copy()
    images.flags.writeable = False
    return images


LAYOUTS: dict[str, Callable[[Images], Images]] = {  # the same images, elsewhere in memory
    "channels last": np.ascontiguousarray,
    "channels first": _planar,
    "fortran": np.asfortranarray,
    "rows sliced": lambda images: np.repeat(images, 2, axis=1)[:, ::2],
    "columns sliced": lambda images: np.repeat(images, 3, axis=2)[:, :, ::3],
    "channels sliced": lambda images: np.repeat(images, 2, axis=3)[..., ::2],
    "images sliced": lambda images: np.repeat(images, 2, axis=0)[::2],
    "channels first, sliced": lambda images: _planar(np.repeat(images, 2, axis=1))[:, ::2],
    "upside down": lambda images: images[:, ::-1].copy()[:, ::-1],
    "mirrored": lambda images: images[:, :, ::-1].copy()[:, :, ::-1],
    "last image first": lambda images: images[::-1].copy()[::-1],
    "blue first": lambda images: images[..., ::-1].copy()[..., ::-1],
    "transposed": lambda images: np.ascontiguousarray(images.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3),
    "read only": _read_only,
    "read only, channels first": lambda images: _read_only(images.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1),
}
