"""Named lists of noises."""

from __future__ import annotations

from collections.abc import Mapping

from robustness.errors import RobustnessError, nearest
from robustness.noise.benchmarks import refuse_what_is_missing, severities
from robustness.noise.kinds import KINDS
from robustness.noise.kinds.gaussian import Gaussian
from robustness.noise.kinds.periodic import Periodic
from robustness.noise.kinds.salt_and_pepper import SaltAndPepper
from robustness.noise.specs import Noise
from robustness.noise.text import make_noise, read_text_form

PAPER = (
    *(Gaussian(sigma) for sigma in (5, 25, 50)),
    *(Periodic(amplitude) for amplitude in (0.25, 0.5, 1)),
    *(SaltAndPepper(amount) for amount in (0.001, 0.002, 0.004)),
)
"""The study's nine noisy sets, smallest level first (section 4.2 of the paper)."""


SEVERITIES: dict[str, dict[int, tuple[Noise, ...]]] = severities()
"""`cifar-c` and `imagenet-c` are the four noises of CIFAR-10-C and ImageNet-C in the narrow sense; the presets that end in a
number have so many corruptions, in the order of the paper.

What differs: the benchmarks cut fractions of a grey level off, which darkens by half a level, and ours round; theirs are
frozen JPEG or NumPy files with one draw, ours any seed's; and theirs are made at 224, 64 or 32 pixels, ours at the network's
input size.
"""

PRESETS: dict[str, tuple[Noise, ...]] = {
    "paper": PAPER,
    **{name: tuple(noise for level in levels.values() for noise in level) for name, levels in SEVERITIES.items()},
}


def make_noises(kind: str, parameters: Mapping[str, float], kinds: Mapping[str, type[Noise]] = KINDS) -> tuple[Noise, ...]:
    """The noises of a preset, at one `severity` or at all, or the one noise of that kind."""
    if kind not in PRESETS:
        refuse_what_is_missing(kind)
        if kind not in kinds:
            raise RobustnessError(f"unknown noise {kind!r}: {nearest(kind, [*kinds, *PRESETS])}")
        return (make_noise(kind, parameters, kinds),)
    for name in parameters:
        if name not in parameter_names(kind):
            raise RobustnessError(f"{kind} has no parameter {name!r}: {nearest(name, parameter_names(kind))}")
    if "severity" not in parameters:
        return PRESETS[kind]
    severity = parameters["severity"]
    if isinstance(severity, bool) or not isinstance(severity, int | float) or severity not in SEVERITIES[kind]:
        raise RobustnessError(f"{kind}: severity is 1, 2, 3, 4 or 5, not {severity}")
    return SEVERITIES[kind][int(severity)]


def parameter_names(kind: str, kinds: Mapping[str, type[Noise]] = KINDS) -> tuple[str, ...]:
    """What a preset or a kind of noise can be given."""
    return kinds[kind].parameters() if kind in kinds else ("severity",) if kind in SEVERITIES else ()


def parse_noises(text: str, kinds: Mapping[str, type[Noise]] = KINDS) -> tuple[Noise, ...]:
    """The noises a text form stands for: `paper`, `imagenet-c(severity=3)`, `gaussian(sigma=25)`.

    >>> [str(noise) for noise in parse_noises("cifar-c(severity=1)")]
    ['gaussian(sigma=10.2)', 'shot(gain=0.51)', 'impulse(amount=0.01)', 'speckle(sigma=0.06)']
    """
    return make_noises(*read_text_form(text), kinds)
