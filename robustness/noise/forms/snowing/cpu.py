"""Snowing on the CPU."""

from __future__ import annotations

import numpy as np
from numba import types

from robustness.noise.forms.by_numba import BYTES, INDEX, OUT, Loop, kernel, words_of
from robustness.noise.forms.by_numba_planes import correlate, shift
from robustness.noise.forms.snowing import Snowing

FLAKES = types.Array(types.int16, 1, "C", readonly=True)
WEIGHTS = types.Array(types.int32, 1, "C", readonly=True)
OFFSETS = types.Array(types.int32, 3, "C", readonly=True)


def loop(form: Snowing, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled, streaks = snow(), form.streaks
    return lambda images, noisy, index: compiled(
        images, noisy, channels, planar, height, width, form.flakes, form.threshold, form.step, form.stream,
        streaks.weights, streaks.offsets, streaks.reach, streaks.stream, form.strength, form.pale, index, seed,
    )  # fmt: skip


@kernel(
    types.void(
        BYTES, OUT, types.int64, types.boolean, types.int64, types.int64, FLAKES, types.int64, types.int64, types.int64,
        WEIGHTS, OFFSETS, types.int64, types.int64, types.int64, types.int64, INDEX, types.uint64,
    )
)  # fmt: skip
def snow(
    images, noisy, channels, planar, height, width, flakes, threshold, step, stream,
    weights, offsets, reach, direction_stream, strength, pale, index, seed,
):  # fmt: skip
    pixels, wide = height * width, width + 2 * reach
    pixel_step, channel_step = (1, pixels) if planar else (channels, 1)
    words, first_word = np.empty((pixels + 7) // 8 * 4, np.uint32), np.empty(4, np.uint32)
    halves = words.view(np.uint16)
    layer, padded = np.empty(pixels, np.uint8), np.empty((height + 2 * reach) * wide, np.uint8)
    shifts, sums, streaks = np.empty(len(weights), np.int64), np.empty(width, np.int32), np.empty(pixels, np.uint8)
    for n in range(len(images)):
        image, out = images[n], noisy[n]
        words_of(words, 0, stream, index[n], seed)
        words_of(first_word, 0, direction_stream, index[n], seed)
        for y in range(height):
            at = (height - 1) * 65536 + (2 * y - height + 1) * step
            upper, tall = (at >> 17) * width, ((at & 131071) + 256) >> 9
            lower = min((at >> 17) + 1, height - 1) * width
            for x in range(width):
                at = (width - 1) * 65536 + (2 * x - width + 1) * step
                left, part = at >> 17, ((at & 131071) + 256) >> 9
                right = min(left + 1, width - 1)
                above = (256 - part) * np.int64(flakes[halves[upper + left]]) + part * np.int64(flakes[halves[upper + right]])
                below = (256 - part) * np.int64(flakes[halves[lower + left]]) + part * np.int64(flakes[halves[lower + right]])
                value = (256 - tall) * above + tall * below
                layer[y * width + x] = 0 if value < threshold * 65536 else min((value + 524288) >> 20, 255)
        direction = (np.uint64(first_word[0]) * np.uint64(len(offsets))) >> np.uint64(32)
        shift(offsets[direction], reach, wide, 1, shifts)
        correlate(layer, height, width, 1, reach, False, shifts, weights, padded, sums, streaks)
        for p in range(pixels):
            start = p * pixel_step
            if channels == 3:
                red, green = np.int64(image[start]), np.int64(image[start + channel_step])
                blue = np.int64(image[start + 2 * channel_step])
                grey = np.int64(19595 * red + 38470 * green + 7471 * blue + 32768) >> np.int64(16)
            else:
                total = np.int64(channels)
                for c in range(channels):
                    total += 2 * np.int64(image[start + c * channel_step])
                grey = np.int64(total // (2 * channels))
            falling = (np.int64(streaks[p]) + np.int64(streaks[pixels - 1 - p])) * 131072
            for c in range(channels):
                light = np.int64(image[start + c * channel_step])
                more = strength * (falling + pale * max(3 * grey + 255 - 2 * light, 0))
                out[start + c * channel_step] = min(light + ((more + 4294967296) >> 33), 255)
