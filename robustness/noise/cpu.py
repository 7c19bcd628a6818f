"""The noise contract on the CPU: bytes in, bytes out, in one pass over memory.

Images are worked on as they lie in memory, (N, H, W, C) or (N, C, H, W), called planar; other layouts are copied once.
Threads share out whole images, so their number cannot change a byte.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from robustness.noise import cpu_kernels as kernels
from robustness.noise.arithmetic import Addition, Arithmetic, Averaging, Field, Replacement, Transition

Images = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]

SMALL = 100_000
"""Fewer values than this are not worth a second thread."""
SHARES = 8
"""Parts that the images are cut into for each thread."""


def apply_on_cpu(work: Arithmetic, images: Images, index: Indices, seed: int, threads: int | None = None) -> Images:
    """What `work` makes of images of shape (N, H, W, C), laid out as they are; threads: all processors if None."""
    planar = not images.flags.c_contiguous and images.transpose(0, 3, 1, 2).flags.c_contiguous
    dense = images.transpose(0, 3, 1, 2) if planar else np.ascontiguousarray(images)
    noisy = np.empty_like(dense)
    count, height, width, channels = images.shape
    flat, out = dense.reshape(count, -1), noisy.reshape(count, -1)
    loop = _loop(work, height, width, channels, planar, np.uint64(seed))

    small = 40 * SMALL if isinstance(work, Field) else SMALL  # a field is added while a thread wakes up
    workers = min(threads or _processors(), count, max(1, images.size // small))
    step = -(-count // (SHARES * workers)) if workers > 1 else count
    parts = iter([slice(start, start + step) for start in range(0, count, step)])

    def work_off() -> None:
        for part in parts:  # whoever is free takes the next, so nobody waits for a thread that is late
            loop(flat[part], out[part], index[part])

    running = [_pool().submit(work_off) for _ in range(workers - 1)]
    try:
        work_off()
    finally:
        wait(running)  # nobody writes into memory that is given back
    for worker in running:
        worker.result()
    return noisy.transpose(0, 2, 3, 1) if planar else noisy


def _loop(
    work: Arithmetic, height: int, width: int, channels: int, planar: bool, seed: np.uint64
) -> Callable[[Images, Images, Indices], None]:
    match work:
        case Addition(stream, table, wraps):
            add = kernels.add()
            return lambda images, noisy, index: add(images, noisy, channels, planar, table, wraps, stream, index, seed)
        case Transition(stream, counts, first):
            move = kernels.move()
            return lambda images, noisy, index: move(images, noisy, channels, planar, counts, first, stream, index, seed)
        case Replacement(stream, limit, per_channel):
            replace = kernels.replace()
            return lambda images, noisy, index: replace(
                images, noisy, channels, planar, limit, per_channel, stream, index, seed
            )
        case Field():
            add_field = kernels.add_field()
            field = work.in_memory_order(channels, planar)
            return lambda images, noisy, _: add_field(images, noisy, field)
        case Averaging(rows, columns):
            average = kernels.average()
            return lambda images, noisy, _: average(images, noisy, channels, planar, height, width, rows, columns)


def _processors() -> int:
    """Those this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_processors(), thread_name_prefix="noise")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork
