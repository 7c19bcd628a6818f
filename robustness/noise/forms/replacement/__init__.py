"""Some values become black or white."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.noise.forms.form import Form


@dataclass(frozen=True)
class Replacement(Form):
    """A word w for each pixel (or element, if per_channel): hit when `w >> 1 < limit`; then 255 if w is odd, else 0.

    limit: the amount in multiples of 2^-31.
    """

    stream: int
    limit: int
    per_channel: bool

    @property
    def changes(self) -> bool:
        return self.limit * 2**20 >= 2**31
