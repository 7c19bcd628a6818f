"""What a record tells of itself."""

from __future__ import annotations

import pytest
from builders import limit_record


@pytest.mark.parametrize(
    ("noise", "distance"),
    [
        ("gaussian(sigma=25)", 25),
        ("offset(levels=-40)", 40),
        ("offset(levels=40)", 40),
        ("resolution(factor=3)", 2),  # 1 leaves images as they are
        ("resolution(factor=1)", 0),
        ("clean", 0),
    ],
)
def test_its_distance_is_from_the_level_that_leaves_images_as_they_are(noise, distance):
    assert limit_record(noise).distance == distance


def test_what_it_is_about_stands_in_its_title():
    record = limit_record("gaussian(sigma=25)", model="net", verdict="FAIL")
    assert (record.under, record.title) == ("net under gaussian(sigma=25)", "net under gaussian(sigma=25): FAIL")
