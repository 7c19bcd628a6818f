"""Samples in a stream of any length, in the same memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

MEMORY = """
import resource, torch
from robustness.gan.condition import Condition
from robustness.gan.recipes import NETWORKS
from robustness.gan.sample import Generator, stream

def peak():  # MiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

imported = peak()
condition = Condition(tuple(map(str, range(43))))
generator = Generator(NETWORKS["study"].generator(condition), condition)
peaks = []
for count in (24, 2326):  # of 43 classes
    for _ in stream(generator, range(43), count, 0):
        pass
    peaks.append(peak())
print(peaks[0] - imported, peaks[1] - peaks[0])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="tells no peak of its memory")
def test_a_hundred_thousand_samples_take_the_memory_of_a_thousand():
    out = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True).stdout
    for_a_thousand, more = map(float, out.split())
    assert for_a_thousand < 600
    assert more < 30
