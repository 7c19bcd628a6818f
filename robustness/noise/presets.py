"""Named lists of noises."""

from __future__ import annotations

from robustness.noise.specs import Gaussian, Noise, Periodic, SaltAndPepper, parse_noise

PRESETS: dict[str, tuple[Noise, ...]] = {
    # The study's nine noisy sets, smallest level first (section 4.2 of the paper).
    "paper": (
        *(Gaussian(sigma) for sigma in (5, 25, 50)),
        *(Periodic(amplitude) for amplitude in (0.25, 0.5, 1)),
        *(SaltAndPepper(amount) for amount in (0.001, 0.002, 0.004)),
    ),
}


def parse_noises(text: str) -> tuple[Noise, ...]:
    """The noises of a preset, or the one noise a text form stands for."""
    return PRESETS[text] if text in PRESETS else (parse_noise(text),)
