"""How long a call takes, on the CPU or on a CUDA device."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from importlib.util import find_spec

Call = Callable[[], object]

ROUNDS = 3
SECONDS = 0.1  # for each call, in each round


def has_cuda() -> bool:
    import torch

    return torch.cuda.is_available() and find_spec("triton") is not None  # which brings the clock


def times(call: Call, cuda: bool) -> list[float]:
    """Seconds, call by call; on CUDA the median of many."""
    if cuda:
        from triton.testing import do_bench

        return [do_bench(call, return_mode="median") / 1000]  # device events, with the L2 cache flushed before each
    first = timeit.timeit(call, number=1)
    return [first, *timeit.repeat(call, number=1, repeat=int(SECONDS / first))]
