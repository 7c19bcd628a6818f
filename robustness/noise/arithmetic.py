"""The noise contract: every noise as integer arithmetic on bytes, which any kernel can do without one bit of difference.

A noisy value depends on the noise, the seed, the image's index, the position in the image and the image's values; on nothing
else (batch, order, memory layout, threads, machine). Random 32-bit words come from Philox-4x32-10 with

    key     = (seed low word, seed high word)
    counter = (block, stream, image index low word, image index high word)

where `stream` tells the noises apart and block b holds words 4b to 4b + 3 of the image. Pixels are numbered in (y, x) order
and elements, the values of single channels, in (y, x, channel) order. A half word is 16 bits: element e has the low half
(e even) or the high half (e odd) of word `e // 2`. Each kind has its stream in its own file in `kinds/`; a number is never
used again.

Parameters become integers first, ties to even: sigma, half_width, gain, levels and 255 amplitude in multiples of 2^-16, amount
of 2^-31, an orientation of 2^-16 turns (0.0055 degrees), a phase of 2^-32 turns; frequency and factor stay as they are, and
their few products and quotients are single IEEE 754 operations on doubles. Levels are rounded half up; `>>` and `//` round
towards minus infinity. Q and C are the normal quantiles and cosines of `robustness.noise.tables`, in multiples of 2^-20.

A kind in `kinds/` says which form it takes, with which integers; a form in `forms/` says what is done with them, three times:
by the reference, by the CPU's kernel and by the CUDA device's.
"""

from __future__ import annotations

from functools import lru_cache

from robustness.noise.forms.form import Form
from robustness.noise.specs import Noise


@lru_cache(maxsize=256)
def arithmetic(noise: Noise, height: int, width: int) -> Form | None:
    """What the noise does to images of that many pixels; None if nothing."""
    return noise.form(height, width)
