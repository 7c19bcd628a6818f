"""Values moved towards the mean of their channel."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.noise.forms.form import Form

ONE = 2**16


@dataclass(frozen=True)
class Stretching(Form):
    """`m + k (x - m)`, rounded half up, m the mean of the image's channel.

    Of a channel of P pixels that sum to S: `(2 (k (x P - S) + 2^16 S) + 2^16 P) // (2^17 P)`, exact for images of up to 2^30
    pixels.

    factor: k in multiples of 2^-16, 0 to 2^16.
    """

    factor: int

    @property
    def changes(self) -> bool:
        return self.factor != ONE
