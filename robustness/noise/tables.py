"""The two tables every draw and every wave is read from: integers, frozen by their SHA-256.

Floating-point functions differ in their last bit from machine to machine. Here each value is rounded to 20 binary digits
once; none lies nearer to a tie than 10^-11, ten thousand times the error of any such function, so every machine arrives at
the same integers, and one that does not is refused.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from robustness.errors import RobustnessError

ONE = 2**20
"""What stands for 1 in both tables."""
SIZE = 2**16

Table = npt.NDArray[np.int32]


@lru_cache(maxsize=1)
def normal_quantiles() -> Table:
    """`Q[u] = round(2^20 Phi^-1((u + 1/2) / 2^16))` for the 65,536 half words u; Phi^-1 is the standard normal quantile."""
    quantile = NormalDist().inv_cdf
    upper = np.array([quantile((u + 0.5) / SIZE) for u in range(SIZE // 2, SIZE)])
    return _frozen(np.concatenate([-upper[::-1], upper]), "normal quantiles", QUANTILES_SHA256)


@lru_cache(maxsize=1)
def cosines() -> Table:
    """`C[k] = round(2^20 cos(2 pi k / 2^16))` for the 65,536 parts of a turn; the sine of k is `C[k - 2^14]`."""
    return _frozen(np.array([math.cos(2 * math.pi * k / SIZE) for k in range(SIZE)]), "cosines", COSINES_SHA256)


QUANTILES_SHA256 = "7030c40868edff0a36b70d4a06ceacbf25ac02eb87069f34786f8258a1e9a44d"
COSINES_SHA256 = "c1b4b75b0fe65d904bdad6d9cab87649da19d95a9f428458b6e9cafedcb639d8"


def _frozen(values: npt.NDArray[np.float64], name: str, sha256: str) -> Table:
    table = np.rint(ONE * values).astype("<i4")
    if hashlib.sha256(table.tobytes()).hexdigest() != sha256:
        raise RobustnessError(f"this machine computes other {name} than the noise contract's; noise made here would differ")
    table.flags.writeable = False
    return table
