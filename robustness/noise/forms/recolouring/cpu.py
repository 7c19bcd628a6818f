"""Recolouring on the CPU, in planes: of so many pixels at once each channel by itself, which the processor takes 64 at a time.

What the tables say is looked up one by one, and takes nearly half of the time.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types

from robustness.noise.forms.by_numba import BYTES, CHUNK, OUT, Loop, kernel
from robustness.noise.forms.recolouring import Recolouring

TOP = types.Array(types.int32, 1, "C", readonly=True)
RATIO = types.Array(types.int32, 2, "C", readonly=True)


def loop(form: Recolouring, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled = recolour()
    return lambda images, noisy, _: compiled(images, noisy, channels, planar, form.top, form.ratio)


@njit(nogil=True)
def _apart(image, pixel_step, channel_step, planes, count):
    """So many pixels of an image as planes. What is usual, planes and three channels in turn, is known when it is compiled."""
    for c in range(len(planes)):
        channel, plane = image[c * channel_step :], planes[c]
        if pixel_step == 1:
            for p in range(count):
                plane[p] = channel[p]
        elif pixel_step == 3:
            for p in range(count):
                plane[p] = channel[3 * p]
        else:
            for p in range(count):
                plane[p] = channel[p * pixel_step]


@njit(nogil=True)
def _together(planes, pixel_step, channel_step, out, count):
    """And back."""
    if pixel_step == 3:  # at once, so that no byte is written over
        red, green, blue = planes[0], planes[1], planes[2]
        for p in range(count):
            out[3 * p], out[3 * p + 1], out[3 * p + 2] = red[p], green[p], blue[p]
        return
    for c in range(len(planes)):
        channel, plane = out[c * channel_step :], planes[c]
        if pixel_step == 1:
            for p in range(count):
                channel[p] = plane[p]
        else:
            for p in range(count):
                channel[p * pixel_step] = plane[p]


@njit(nogil=True)
def _look_up(largest, smallest, top, ratio, most, share, count):
    """Of each pixel the two numbers that all of its channels are made with."""
    if ratio.shape[1] == 1:
        for p in range(count):
            share[p] = ratio[largest[p], 0]
    else:
        for p in range(count):
            share[p] = ratio[largest[p], smallest[p]]
    for p in range(count):
        most[p] = top[largest[p]] + np.int32(2097152) - share[p] * np.int32(largest[p])


@kernel(types.void(BYTES, OUT, types.int64, types.boolean, TOP, RATIO))
def recolour(images, noisy, channels, planar, top, ratio):
    pixels = images.shape[1] // channels
    pixel_step, channel_step = (1, pixels) if planar else (channels, 1)
    planes = np.empty((channels, CHUNK), np.uint8)
    largest, smallest = np.empty(CHUNK, np.uint8), np.empty(CHUNK, np.uint8)
    most, share = np.empty(CHUNK, np.int32), np.empty(CHUNK, np.int32)
    for n in range(len(images)):
        for start in range(0, pixels, CHUNK):
            count = min(CHUNK, pixels - start)
            _apart(images[n, start * pixel_step :], pixel_step, channel_step, planes, count)
            largest[:] = planes[0]
            smallest[:] = planes[0]
            for c in range(1, channels):
                plane = planes[c]
                for p in range(count):
                    largest[p], smallest[p] = max(largest[p], plane[p]), min(smallest[p], plane[p])
            _look_up(largest, smallest, top, ratio, most, share, count)
            for c in range(channels):
                plane = planes[c]
                for p in range(count):
                    plane[p] = np.int32(most[p] + share[p] * np.int32(plane[p])) >> np.int32(22)
            _together(planes, pixel_step, channel_step, noisy[n, start * pixel_step :], count)
