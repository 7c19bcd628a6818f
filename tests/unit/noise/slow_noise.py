"""The noise contract once more, from its text: Python integers and loops, nothing shared with the package."""

from __future__ import annotations

import math
from statistics import NormalDist


def philox(counter, key):
    """Salmon et al., section 3.3: ten rounds of two 32x32 multiplications, the key bumped by Weyl constants."""
    left0, right0, left1, right1 = counter
    key0, key1 = key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * left0, 2**32)
        high1, low1 = divmod(0xCD9E8D57 * left1, 2**32)
        left0, right0, left1, right1 = high1 ^ right0 ^ key0, low1, high0 ^ right1 ^ key1, low0
        key0, key1 = (key0 + 0x9E3779B9) % 2**32, (key1 + 0xBB67AE85) % 2**32
    return left0, right0, left1, right1


def words(block, noise_id, index, seed):
    return philox((block, noise_id, index % 2**32, index // 2**32), (seed % 2**32, seed // 2**32))


def slow_apply(noise, image, index, seed):
    """One image, as nested lists over (y, x, channel)."""
    return [
        [[_element(noise, image, (y, x, c), index, seed) for c in range(len(image[0][0]))] for x in range(len(image[0]))]
        for y in range(len(image))
    ]


def wave_level(noise, y, x):
    """The wave before rounding."""
    orientation, phase = math.radians(noise.orientation), math.radians(noise.phase)
    t = 2 * math.pi * noise.frequency * (x * math.cos(orientation) + y * math.sin(orientation)) + phase
    return 255 * noise.amplitude * (math.sin(t) + math.cos(t))


def _element(noise, image, place, index, seed):
    y, x, c = place
    level, width, channels = int(image[y][x][c]), len(image[0]), len(image[0][0])
    if noise.kind == "clean":
        return level
    if noise.kind == "periodic":
        return _clip(level + round(wave_level(noise, y, x)))
    if noise.kind == "salt-and-pepper":
        pixel = y * width + x
        draw, colour = words(pixel // 2, 2, index, seed)[2 * (pixel % 2) :][:2]
        return (255 if colour >= 2**31 else 0) if draw < round(noise.amount * 2**32) else level
    element = (y * width + x) * channels + c
    word = words(element // 8, 1, index, seed)[element % 8 // 2]
    half = word // 65536 if element % 2 else word % 65536
    sixty_fourths = round(64 * noise.sigma * NormalDist().inv_cdf((half + 0.5) / 65536))
    total = math.floor((64 * level + sixty_fourths + 32) / 64)
    return _clip(total) if noise.kind == "gaussian" else total % 256


def _clip(level):
    return min(max(level, 0), 255)
