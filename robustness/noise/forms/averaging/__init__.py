"""Areas become their mean."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.noise.forms.form import Form


@dataclass(frozen=True)
class Averaging(Form):
    """The image cut into rows times columns equal areas, each filled with its mean.

    Output row i of m averages rows `[i H / m, (i + 1) H / m)`, shares of pixels counted as such; row y of the noisy image
    is output row `(2y + 1) m // 2H`. Columns alike. Means are rounded half up.
    """

    rows: int
    columns: int

    height: int
    width: int

    @property
    def changes(self) -> bool:
        return (self.rows, self.columns) != (self.height, self.width)
