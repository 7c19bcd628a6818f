"""Limits on flips through pytest itself: what is kept is kept at every fifth level, not at every 25th."""

from __future__ import annotations

import pytest

BANDED = """
import torch
from torch import nn


class Banded(nn.Module):
    \"\"\"Tells dark from bright, but for a mean between 71 and 73 grey levels, which it calls bright.\"\"\"

    def forward(self, images):
        level = 255 * images[:, :1].mean(dim=(1, 2, 3))
        bright = ((level > 127) | ((level >= 71) & (level < 73))).float()
        return torch.stack([bright, 1 - bright], dim=1)


make = Banded
"""


@pytest.fixture
def banded(project):
    """Ten of twenty pictures have a mean of about 60; each flips under one or two levels of light, between 8 and 16."""
    project.write("toy.py", BANDED)
    table = 'noise = "offset"\nlevels = 60\naccuracy = 0.5\nmax_flips = 0.4\n'
    head = (project.pytester.path / "thresholds.toml").read_text().partition("[[limits]]")[0]
    project.write("thresholds.toml", head + '[[limits]]\nmodels = ["toy"]\n' + table)
    return project


def test_flips_between_the_levels_of_the_coarse_search_break_the_limit(banded):
    run = banded.gate()
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(
        [
            "*10 of 20 right predictions flip up to offset(levels=60), 0.5000; the limit 0.4 allows 8 (200 magnitudes*every 5th*",
            '*repeat: robustness flips search toy * --noise "offset(levels=60)" --every 5',
        ]
    )
    banded.edit("thresholds.toml", "max_flips = 0.4", "max_flips = 0.5")
    assert banded.gate().ret == pytest.ExitCode.OK
    (limit,) = [limit for limit in banded.results()["limits"] if limit["asks"] == "max_flips"]
    assert (limit["verdict"], limit["details"]["resolution"]) == (
        "PASS",
        "200 magnitudes up to levels 60, 0.3 apart: each image at every 5th until it changes, then by halving; "
        "a flip that is undone between two of those is not seen",
    )


def test_a_limit_that_the_coarse_search_breaks_needs_no_other(banded):
    banded.write("toy.py", BANDED.replace("level > 127", "level > 100"))  # and stay bright from 40 levels of light on
    run = banded.gate()
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["*10 of 20 right predictions flip*each image at every 25th*", '*--noise "offset(levels=60)"'])
