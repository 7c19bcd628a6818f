"""The noise contract on the CPU: bytes in, bytes out, in one pass over memory.

Images are worked on as they lie in memory, (N, H, W, C) or (N, C, H, W), called planar; other layouts are copied once.
Threads share out whole images, so their number cannot change a byte.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from robustness.noise.forms.form import Form

Images = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]

SHARES = 8
"""Parts that the images are cut into for each thread."""


def apply_on_cpu(form: Form, images: Images, index: Indices, seed: int, threads: int | None = None) -> Images:
    """What the form makes of images of shape (N, H, W, C), laid out as they are; threads: all processors if None."""
    planar = not images.flags.c_contiguous and images.transpose(0, 3, 1, 2).flags.c_contiguous
    dense = images.transpose(0, 3, 1, 2) if planar else np.ascontiguousarray(images)
    noisy = np.empty_like(dense)
    count, height, width, channels = images.shape
    flat, out = dense.reshape(count, -1), noisy.reshape(count, -1)
    loop = form.side("cpu").loop(form, height, width, channels, planar, np.uint64(seed))

    workers = min(threads or _processors(), count, max(1, images.size // form.small))
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


def _processors() -> int:
    """Those this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_processors(), thread_name_prefix="noise")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork
