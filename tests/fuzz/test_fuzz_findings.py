"""Findings of hunts: what is read is tried on a network too, which must not end in an error of somebody else's."""

from __future__ import annotations

import json
from dataclasses import asdict
from fractions import Fraction

import numpy as np
import pytest
from builders import classifier, finding
from hostile import attempt, many
from hypothesis import given
from hypothesis import strategies as st
from mutations import VALUES, damaged, mutated

from robustness.data import ImageSet
from robustness.noise import Gaussian, Offset
from robustness.search.finding import Finding, finding_to_json, read_finding
from robustness.search.replay import replay

IMAGES = ImageSet.from_images(
    "plain", [np.full((8, 8, 3), grey, np.uint8) for grey in (20, 60, 150, 240)], [0, 0, 1, 1], ["dark", "light"]
)
CLASSIFIER = classifier("lightness", architecture="lightness")
FINDING = finding(
    model="lightness",
    data="plain",
    data_hash=IMAGES.content_hash,
    contract=(Gaussian.contract, Offset.contract),
    perturbation="gaussian(sigma=3) + offset(levels=2)",
    images=4,
    right=4,
    flipped=1,
    flipped_images=(2,),
    image=2,
    label="light",
    before="light",
    after="dark",
    smallest="gaussian(sigma=2) + offset(levels=1)",
)
CONTENT = json.loads(finding_to_json(FINDING))


@pytest.fixture(scope="module")
def file(folder):
    return folder / "finding.json"


def tried(file, content):
    file.write_bytes(content)
    try:
        past = isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        past = False
    read, _ = attempt("finding", lambda: read_finding(file), "finding.json", past, file.parent)
    if read is None:
        return
    assert past
    assert 0 <= Fraction(read.budget) < 1
    assert 1 <= read.flipped <= read.right <= read.images
    assert len(read.flipped_images) == read.flipped
    assert list(read.flipped_images) == sorted(set(read.flipped_images))
    assert 0 <= read.seed < 2**64
    replayed, _ = attempt("finding, replayed", lambda: replay(read, CLASSIFIER, IMAGES), "finding", True, file.parent)
    if replayed is not None:
        assert 0 <= replayed.flipped <= replayed.right <= 4
        assert replayed.broken == (Fraction(replayed.flipped, max(1, replayed.right)) > Fraction(read.budget))


def signed(content):
    """With the digest that belongs to the content, so that the content decides."""
    try:
        return content | {"sha256": Finding(**{name: value for name, value in content.items() if name != "sha256"}).sha256}
    except (TypeError, ValueError):
        return content


def test_the_finding_that_is_made_wrong_is_right(file):
    tried(file, finding_to_json(FINDING).encode())
    assert read_finding(file) == FINDING


@many(800)
@given(content=mutated(CONTENT), sign=st.integers(0, 3))
def test_a_wrong_finding_is_refused_or_can_be_tried(file, content, sign):
    tried(file, json.dumps(signed(content) if sign else content).encode())


@many(150)
@given(content=damaged(finding_to_json(FINDING).encode(), hits=3))
def test_a_damaged_finding_is_refused(file, content):
    tried(file, content)


@many(60)
@given(
    content=VALUES.map(json.dumps) | st.sampled_from(["[" * 5000, '{"a":' * 5000, "", "9" * 5000, '{"schema": 1, "schema": 1}'])
)
def test_what_is_no_finding_is_refused(file, content):
    tried(file, content.encode())


def test_fields_are_those_of_a_finding():
    assert set(CONTENT) == {*asdict(FINDING), "sha256"}
