"""What may be said of the dependence of images: what was declared, else their tracks, else nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import plain_images

from robustness.declaration.scope import Scope, sampling_of
from robustness.errors import RobustnessError


def images(tracks=None, dependent=None):
    return replace(plain_images([0] * 4, "set", tracks=tracks), dependent=dependent)


def test_what_was_declared_goes_before_tracks_and_tracks_before_independence():
    declared = Scope("population", independent=True, design_effect=9.0)
    tracks = [4, 4, 7, 7]
    assert sampling_of(declared, images(tracks, "they are frames")).design_effect == 9
    assert sampling_of(declared, images(tracks)).tracks is None
    tracked = sampling_of(Scope("population", independent=True), images(tracks))
    assert (tracked.tracks.tolist(), tracked.design_effect) == (tracks, 1)
    alone = sampling_of(Scope("population", independent=True), images())
    assert (alone.tracks, alone.design_effect) == (None, 1)


@pytest.mark.parametrize(
    ("claim", "dependent", "message"),
    [
        (Scope("population"), None, "images of set are independent is not known; give a design_effect in .run., or say"),
        (Scope("population", independent=True), "they are frames", "they are frames; give a design_effect in .run.$"),
    ],
)
def test_nothing_is_said_where_dependence_is_unknown(claim, dependent, message):
    with pytest.raises(RobustnessError, match=message):
        sampling_of(claim, images(dependent=dependent))
