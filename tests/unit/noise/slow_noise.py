"""The noise contract once more, from its text: Python integers, fractions and loops, nothing shared with the package.

`slow_apply` works on one image of nested lists over (y, x, channel). Real numbers are exact fractions, or integers of 2^-320
where the mathematics leaves the fractions (Poisson probabilities); only the normal quantile and the cosine come in floating
point, from Python's library.
"""

from __future__ import annotations

import io
import math
from bisect import bisect_left
from fractions import Fraction
from functools import cache
from itertools import accumulate
from statistics import NormalDist

import numpy as np
from PIL import Image

STREAMS = {
    "gaussian": 1,
    "gaussian-wraparound": 1,
    "salt-and-pepper": 2,
    "impulse": 3,
    "uniform": 4,
    "speckle": 5,
    "shot": 6,
    "motion": 7,
    "fog": 8,
    "snow": 9,
    "snow's angle": 10,
}


def slow_apply(noise, image, index, seed):
    """The image with noise on it."""
    height, width, channels = len(image), len(image[0]), len(image[0][0])
    if noise.kind in WHOLE_IMAGES:
        return WHOLE_IMAGES[noise.kind](noise, image)
    if noise.kind in RANDOM_IMAGES:
        return RANDOM_IMAGES[noise.kind](noise, image, Words(noise.kind, index, seed))
    if noise.kind in PIXELS:
        return [[PIXELS[noise.kind](noise, pixel) for pixel in row] for row in image]

    def noisy(y, x, c):
        pixel = y * width + x
        return noisy_level(noise, image[y][x][c], (y, x), pixel, pixel * channels + c, Words(noise.kind, index, seed))

    return [[[noisy(y, x, c) for c in range(channels)] for x in range(width)] for y in range(height)]


def noisy_level(noise, level, place, pixel, element, words):
    match noise.kind:
        case "clean":
            return level
        case "gaussian":
            return clipped(level + normal_levels(noise.sigma, words.half(element)))
        case "gaussian-wraparound":
            return (level + normal_levels(noise.sigma, words.half(element))) % 256
        case "uniform":
            return clipped(level + uniform_levels(noise.half_width, words.half(element)))
        case "speckle":
            return clipped(level + normal_levels(level * fixed(noise.sigma), words.half(element)))
        case "shot":
            return clipped(shot_levels(fixed(noise.gain), level, words.half(element)))
        case "salt-and-pepper":
            return struck(noise.amount, words.word(pixel), level)
        case "impulse":
            return struck(noise.amount, words.word(element), level)
        case "periodic":
            return clipped(level + wave_levels(noise, *place))
        case "offset":
            return clipped(level + half_up(fixed(noise.levels)))


# Random words


class Words:
    """The random words of one image for one kind of noise."""

    def __init__(self, kind, index, seed):
        self.kind, self.index, self.seed = kind, index, seed

    def word(self, number):
        counter = (number // 4, STREAMS[self.kind], self.index % 2**32, self.index // 2**32)
        return philox(counter, (self.seed % 2**32, self.seed // 2**32))[number % 4]

    def half(self, element):
        high, low = divmod(self.word(element // 2), 2**16)
        return high if element % 2 else low


@cache
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


# Rounding


def fixed(value):
    """A parameter as a multiple of 2^-16, ties to even."""
    return Fraction(round(Fraction(value) * 2**16), 2**16)


def half_up(value):
    return math.floor(value + Fraction(1, 2))


def clipped(level):
    return min(max(level, 0), 255)


# Additions


@cache
def normal_quantile(half_word):
    """20 binary digits of the normal quantile."""
    return Fraction(round(2**20 * NormalDist().inv_cdf((half_word + 0.5) / 2**16)), 2**20)


def normal_levels(sigma, half_word):
    return half_up(fixed(sigma) * normal_quantile(half_word))


def uniform_levels(half_width, half_word):
    return half_up(fixed(half_width) * Fraction(2 * half_word + 1 - 2**16, 2**16))


# Photons


def shot_levels(gain, level, half_word):
    if gain == 0:
        return level  # light without end
    first, cumulative = poisson(level / gain)
    share = -(-(2 * half_word + 1) * cumulative[-1] // 2**17)  # (u + 1/2) / 2^16 of the whole
    return half_up(gain * (first + bisect_left(cumulative, share)))


@cache
def poisson(mean):
    """The lowest photon count with a probability of 2^-160 of the highest, and from there the cumulative ones, unscaled.

    The terms mean^k / k! are whole multiples of 2^-320 of the largest, each below its real value by less than one in 2^140.
    """
    one = 2**320
    mode = math.floor(mean)
    terms = {mode: one}
    k = mode
    while terms[k] > 2**160:
        terms[k + 1] = terms[k] * mean.numerator // (mean.denominator * (k + 1))
        k += 1
    k = mode
    while k and terms[k] > 2**160:
        terms[k - 1] = terms[k] * k * mean.denominator // mean.numerator
        k -= 1
    return k, list(accumulate(terms[count] for count in sorted(terms)))


# Salt and pepper


def struck(amount, word, level):
    """The word's upper 31 bits, as a fraction, are below the amount, and its last bit is the colour."""
    hit = word // 2 < round(Fraction(amount) * 2**31)
    return (255 if word % 2 else 0) if hit else level


# Waves


def cosine(turns):
    """20 binary digits of the cosine of so many 2^-16 turns."""
    return Fraction(round(2**20 * math.cos(2 * math.pi * (turns % 2**16) / 2**16)), 2**20)


def sine(turns):
    return cosine(turns - 2**14)


def wave_levels(noise, y, x):
    orientation = round(Fraction(noise.orientation) / 360 * 2**16)
    steps = [round(Fraction(noise.frequency) * part(orientation) * 2**32) for part in (cosine, sine)]  # in 2^-32 turns
    phase = x * steps[0] + y * steps[1] + round(Fraction(noise.phase) / 360 * 2**32)
    turns = half_up(Fraction(phase, 2**16))
    return half_up(fixed(255 * Fraction(noise.amplitude)) * (cosine(turns) + sine(turns)))


# Resolution


def resolution(noise, image):
    return reduced_and_enlarged(
        image, *(max(1, half_up(side / Fraction(noise.factor))) for side in (len(image), len(image[0])))
    )


def pixelate(noise, image):
    return reduced_and_enlarged(
        image, *(max(1, math.floor(side / Fraction(noise.factor))) for side in (len(image), len(image[0])))
    )


def reduced_and_enlarged(image, rows, columns):
    """Means over equal areas, then for each pixel the mean of the area its centre lies in."""
    height, width, channels = len(image), len(image[0]), len(image[0][0])

    @cache
    def mean(i, j, c):
        top, bottom = Fraction(i * height, rows), Fraction((i + 1) * height, rows)
        left, right = Fraction(j * width, columns), Fraction((j + 1) * width, columns)
        light = sum(
            overlap(y, top, bottom) * overlap(x, left, right) * image[y][x][c] for y in range(height) for x in range(width)
        )
        return half_up(light / ((bottom - top) * (right - left)))

    return [
        [
            [
                mean(int((y + Fraction(1, 2)) * rows / height), int((x + Fraction(1, 2)) * columns / width), c)
                for c in range(channels)
            ]
            for x in range(width)
        ]
        for y in range(height)
    ]


def overlap(pixel, start, end):
    """How much of a pixel lies between two places of its row or column."""
    return max(Fraction(0), min(end, Fraction(pixel + 1)) - max(start, Fraction(pixel)))


# Colours


def contrast(noise, image):
    pixels = [pixel for row in image for pixel in row]
    means = [Fraction(sum(channel), len(pixels)) for channel in zip(*pixels, strict=True)]
    kept = 1 - fixed(noise.loss)
    return [
        [[half_up(mean + kept * (level - mean)) for level, mean in zip(pixel, means, strict=True)] for pixel in row]
        for row in image
    ]


def brightness(noise, pixel):
    largest = max(pixel)
    raised = min(max(largest + fixed(noise.levels), 0), 255)
    return recoloured(pixel, raised, Fraction(raised) / largest if largest else Fraction(0))


def saturate(noise, pixel):
    largest, span = max(pixel), max(pixel) - min(pixel)
    if not span:
        return pixel
    saturation = Fraction(span, largest)
    wanted = min(max(saturation + (fixed(noise.factor) - 1) * (saturation + fixed(noise.shift)), 0), 1) * largest
    return recoloured(pixel, largest, Fraction(math.floor(wanted * 2**22), 2**22) / span)


def recoloured(pixel, top, ratio):
    """The distance of every channel from the largest times the ratio, to 22 binary digits, taken off the top."""
    ratio = Fraction(half_up(ratio * 2**22), 2**22)
    return [half_up(top - ratio * (max(pixel) - level)) for level in pixel]


# Filters


def normal_curve(sigma, distance):
    """Sixty digits of `exp(-d^2 / 2 sigma^2)`, by the series of the exponential function of its inverse."""
    if not sigma:
        return Fraction(distance == 0)
    power = Fraction(distance**2) / (2 * Fraction(sigma) ** 2)
    if power > 2**16:  # below 10^-28000
        return Fraction(0)
    halvings = math.ceil(power).bit_length() + 4
    small, term, total = power / 2**halvings, Fraction(1), Fraction(0)
    for k in range(1, 60):
        total += term
        term = term * small / k
    for _ in range(halvings):
        total = Fraction(round(total * total * 10**60), 10**60)
    return 1 / total


def in_whole_parts(weights, total):
    """Weights by place in whole parts of a total; what is over goes to the place 0 or (0, 0)."""
    parts = {place: half_up(total * Fraction(weight) / sum(weights.values())) for place, weight in weights.items()}
    middle = next(place for place in parts if place in (0, (0, 0)))
    parts[middle] += total - sum(parts.values())
    return parts


def nearest(place, side):
    return min(max(place, 0), side - 1)


def mirrored(place, side):
    """As in mirrors on the first and the last pixel."""
    while not 0 <= place < side:
        place = -place if place < 0 else 2 * (side - 1) - place
        if side == 1:
            return 0
    return place


def weighted(image, weights, edge, one, digits=0):
    """The weighted mean around every pixel, rounded to so many binary digits. weights: by (rows, columns) away."""
    height, width = len(image), len(image[0])
    return [
        [
            [
                Fraction(
                    half_up(
                        Fraction(
                            sum(
                                weight * image[edge(y + down, height)][edge(x + right, width)][c]
                                for (down, right), weight in weights.items()
                            )
                        )
                        / one
                        * 2**digits
                    ),
                    2**digits,
                )
                for c in range(len(image[0][0]))
            ]
            for x in range(width)
        ]
        for y in range(height)
    ]


def gaussian_blur(noise, image):
    reach = half_up(4 * Fraction(noise.sigma))
    weights = in_whole_parts({d: normal_curve(noise.sigma, d) for d in range(-reach, reach + 1)}, 2**16)
    down = weighted(image, {(d, 0): weight for d, weight in weights.items()}, nearest, 2**16, digits=7)
    return weighted(down, {(0, d): weight for d, weight in weights.items()}, nearest, 2**16)


def defocus(noise, image):
    radius, soft = Fraction(noise.radius), 1 if noise.radius <= 8 else 2
    sigma = noise.blur if radius >= 1 else noise.blur * noise.radius
    edge = in_whole_parts({d: normal_curve(sigma, d) for d in range(-soft, soft + 1)}, 2**12)
    reach = math.floor(radius)
    weights: dict[tuple[int, int], int] = {}
    for y in range(-reach, reach + 1):
        for x in range(-reach, reach + 1):
            if y * y + x * x <= radius**2:
                for down, tall in edge.items():
                    for right, wide in edge.items():
                        weights[y + down, x + right] = weights.get((y + down, x + right), 0) + tall * wide
    return weighted(image, in_whole_parts(weights, 2**22), mirrored, 2**22)


def motion(noise, image, words):
    steps = range(2 * math.floor(noise.radius) + 1)
    parts = in_whole_parts({step: normal_curve(noise.sigma, step) for step in steps}, 2**22)
    turn = -(2**13) + 16 * (words.word(0) * 1024 // 2**32) + 8
    weights: dict[tuple[int, int], int] = {}
    for step, weight in parts.items():
        place = half_up(step * sine(turn)), half_up(step * cosine(turn))
        weights[place] = weights.get(place, 0) + weight
    return weighted(image, weights, nearest, 2**22)


def jpeg(noise, image):
    """By Pillow: of one and of three channels as they are, of others each by itself."""
    values = np.array(image, dtype=np.uint8)
    if values.shape[2] in (1, 3):
        return by_pillow(values, int(noise.quality)).tolist()
    alone = [by_pillow(values[..., c : c + 1], int(noise.quality)) for c in range(values.shape[2])]
    return np.concatenate(alone, axis=2).tolist()


def by_pillow(image, quality):
    """Saved and opened again. image: uint8 of shape (H, W, 1 or 3)."""
    file = io.BytesIO()
    Image.fromarray(image if image.shape[2] == 3 else image[..., 0]).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).reshape(image.shape)


# Enlargements


def read_at(image, y, x, c):
    """Between four pixels, with weights of 2^-8, and beyond the last pixel that pixel again."""
    height, width = len(image), len(image[0])
    top, left = math.floor(y), math.floor(x)
    down, right = (Fraction(half_up((place - math.floor(place)) * 2**8), 2**8) for place in (y, x))
    below, beside = min(top + 1, height - 1), min(left + 1, width - 1)
    return (1 - down) * ((1 - right) * image[top][left][c] + right * image[top][beside][c]) + down * (
        (1 - right) * image[below][left][c] + right * image[below][beside][c]
    )


def enlarged(image, step):
    """About the middle of the image, in steps of 2^-16 pixels."""
    height, width = len(image), len(image[0])
    middle_y, middle_x = Fraction(height - 1, 2), Fraction(width - 1, 2)
    return [
        [
            [
                read_at(image, middle_y + (y - middle_y) * step, middle_x + (x - middle_x) * step, c)
                for c in range(len(image[0][0]))
            ]
            for x in range(width)
        ]
        for y in range(height)
    ]


def zoom(noise, image):
    count = int(noise.steps)
    steps = [Fraction(half_up(Fraction(2**16 / (1 + (noise.factor - 1) * k / count))), 2**16) for k in range(1, count + 1)]
    layers = [image, image, *(enlarged(image, step) for step in steps)]
    return [
        [
            [half_up(Fraction(sum(levels)) / len(layers)) for levels in zip(*pixels, strict=True)]
            for pixels in zip(*rows, strict=True)
        ]
        for rows in zip(*layers, strict=True)
    ]


# Weather


def fog(noise, image, words):
    height, width = len(image), len(image[0])
    side = 2
    while side < max(height, width):
        side *= 2
    heights, faintness, step = {(0, 0): 0}, Fraction(1), side

    def raised(y, x, around):
        draw = half_up(2**24 * faintness) * (2 * words.half(y * side + x) + 1 - 2**16) // 2**16
        heights[y, x] = sum(heights[(y + down) % side, (x + right) % side] for down, right in around) // 4 + draw

    while step >= 2:
        half = step // 2
        for y in range(half, side, step):
            for x in range(half, side, step):
                raised(y, x, [(-half, -half), (-half, half), (half, -half), (half, half)])
        for y in range(0, side, half):
            for x in range(0, side, half):
                if (x + y) // half % 2:
                    raised(y, x, [(-half, 0), (half, 0), (0, -half), (0, half)])
        step, faintness = half, faintness / Fraction(noise.decay) ** 2

    least, most = min(heights.values()), max(heights.values())
    largest = max(level for row in image for pixel in row for level in pixel)
    amount = fixed(255 * noise.amount)
    gain = Fraction(half_up(2**24 * largest / (largest + amount)) if largest + amount else 0, 2**24)

    def foggy(level, y, x):
        share = Fraction((heights[y, x] - least) * 2**16 // max(most - least, 1), 2**16)
        return half_up((level + Fraction(math.floor(amount * share * 2**16), 2**16)) * gain)

    return [[[foggy(level, y, x) for level in pixel] for x, pixel in enumerate(row)] for y, row in enumerate(image)]


def snow(noise, image, words):
    height, width = len(image), len(image[0])
    mean, threshold = (Fraction(half_up(fixed(255 * share) * 16), 16) for share in (noise.mean, noise.threshold))

    def flake(y, x):
        return [mean + Fraction(half_up(16 * fixed(255 * noise.spread) * normal_quantile(words.half(y * width + x))), 16)]

    flakes = [[flake(y, x) for x in range(width)] for y in range(height)]
    large = enlarged(flakes, Fraction(half_up(Fraction(2**16 / noise.zoom)), 2**16))
    cut = [[[0 if value < threshold else min(half_up(value), 255) for value in pixel] for pixel in row] for row in large]
    steps = range(2 * math.floor(noise.radius) + 1)
    parts = in_whole_parts({step: normal_curve(noise.sigma, step) for step in steps}, 2**22)
    turn = -3 * 2**13 + 16 * (Words("snow's angle", words.index, words.seed).word(0) * 1024 // 2**32) + 8
    weights: dict[tuple[int, int], int] = {}
    for step, weight in parts.items():
        place = half_up(step * sine(turn)), half_up(step * cosine(turn))
        weights[place] = weights.get(place, 0) + weight
    layer = weighted(cut, weights, nearest, 2**22)

    def snowed(y, x):
        pixel, falling = image[y][x], layer[y][x][0] + layer[height - 1 - y][width - 1 - x][0]
        if len(pixel) == 3:
            grey = half_up(Fraction(19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2], 2**16))
        else:
            grey = half_up(Fraction(sum(pixel), len(pixel)))
        pale = [fixed(1 - noise.mix) * max(0, Fraction(3 * grey + 255, 2) - level) for level in pixel]
        return [
            clipped(level + half_up(fixed(noise.strength) * (falling + more))) for level, more in zip(pixel, pale, strict=True)
        ]

    return [[snowed(y, x) for x in range(width)] for y in range(height)]


WHOLE_IMAGES = {
    "jpeg": jpeg,
    "resolution": resolution,
    "pixelate": pixelate,
    "contrast": contrast,
    "gaussian-blur": gaussian_blur,
    "defocus": defocus,
    "zoom": zoom,
}
RANDOM_IMAGES = {"motion": motion, "fog": fog, "snow": snow}
PIXELS = {"brightness": brightness, "saturate": saturate}
