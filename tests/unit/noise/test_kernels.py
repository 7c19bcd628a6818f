"""The compiled CPU kernel at home in threads; as a program see tests/processes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import numpy as np
import pytest

from robustness.noise import Gaussian, Impulse, Offset, Resolution, Shot, apply, cpu, reference
from robustness.noise.forms.addition import cpu as addition_cpu
from robustness.noise.forms.averaging import cpu as averaging_cpu
from robustness.noise.forms.field import cpu as field_cpu
from robustness.noise.forms.form import Form
from robustness.noise.forms.replacement import cpu as replacement_cpu
from robustness.noise.forms.transition import cpu as transition_cpu

KERNELS: tuple[Any, ...] = (
    addition_cpu.add,
    transition_cpu.move,
    replacement_cpu.replace,
    field_cpu.add_field,
    averaging_cpu.average,
)
NOISES = [Gaussian(60), Shot(4.25), Impulse(0.3), Offset(9), Resolution(3)]  # one for each


def images(count=8):
    return np.random.default_rng(0).integers(0, 256, (count, 7, 9, 3), dtype=np.uint8)


@pytest.fixture
def _threads_for_any_size(monkeypatch):
    for form in Form.__subclasses__():
        monkeypatch.setattr(form, "small", 1)


@pytest.mark.usefixtures("_threads_for_any_size")
def test_four_threads_at_once_get_the_right_bytes():
    wanted = {noise: reference.apply(noise, images(), np.arange(8), 1) for noise in NOISES}
    together = Barrier(4)

    def work(number):
        together.wait()
        return [
            np.array_equal(apply(noise, images(), range(8), 1, threads=3), wanted[noise])
            for noise in [*NOISES[number:], *NOISES[:number]] * 3
        ]

    with ThreadPoolExecutor(4) as pool:
        assert all(all(right) for right in pool.map(work, range(4)))


def test_four_threads_may_all_be_the_first():
    for kernel in KERNELS:
        kernel.cache_clear()
    together = Barrier(4)

    def work(_):
        together.wait()
        return [apply(noise, images(), range(8), 1).tobytes() for noise in NOISES]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(4)))
    assert results == [[reference.apply(noise, images(), np.arange(8), 1).tobytes() for noise in NOISES]] * 4


@pytest.mark.usefixtures("_threads_for_any_size")
@pytest.mark.parametrize("threads", [1, 2, 7, 8, 9, 1000, None])
def test_any_number_of_threads_will_do(threads):
    for noise in NOISES:
        wanted = reference.apply(noise, images(), np.arange(8), 1)
        assert np.array_equal(apply(noise, images(), range(8), 1, threads), wanted)


@pytest.mark.usefixtures("_threads_for_any_size")
def test_what_goes_wrong_in_a_thread_is_raised(monkeypatch):
    def fail(images, *_):
        if not images[0, 0]:
            raise ZeroDivisionError

    monkeypatch.setattr(addition_cpu, "add", lambda: fail)
    with pytest.raises(ZeroDivisionError):
        apply(Gaussian(1), np.array([1, 0], np.uint8).reshape(2, 1, 1, 1), [0, 1], 0, threads=2)


@pytest.mark.usefixtures("_threads_for_any_size")
def test_systems_that_cannot_name_their_processors_will_do(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    cpu._pool.cache_clear()
    assert np.array_equal(apply(Offset(9), images(), range(8), 1), reference.apply(Offset(9), images(), np.arange(8), 1))
