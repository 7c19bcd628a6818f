"""Hypothesis strategies over noises and small image batches."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from robustness.noise import KINDS

SEEDS = st.integers(0, 2**64 - 1)
INDICES = st.integers(0, 2**63 - 1) | st.integers(2**32 - 2, 2**32 + 2)

SIDES = st.integers(1, 5)
CHANNELS = st.sampled_from([1, 3, 4])


def noises_of(kind, **narrower):
    """Noises of a kind over the whole range of every parameter, or over the narrower strategies given."""
    spec = KINDS[kind]
    return st.builds(spec, **{name: st.floats(*spec.ranges[name]) for name in spec.parameters()} | narrower)


NOISES = st.one_of([noises_of(kind) for kind in KINDS])


@st.composite
def batches(draw, most=3):
    """Images with an index each."""
    shape = (draw(st.integers(1, most)), draw(SIDES), draw(SIDES), draw(CHANNELS))
    images = np.frombuffer(draw(st.binary(min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))), np.uint8)
    return images.reshape(shape), np.array(draw(st.lists(INDICES, min_size=shape[0], max_size=shape[0])), dtype=np.int64)
