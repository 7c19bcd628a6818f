"""Limits on flips, and a search in plain values: counted by brute force on searches made by hand, with a band around it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits_made import limit
from pydantic import TypeAdapter

from robustness.data import ImageSet
from robustness.declaration.scope import Scope
from robustness.errors import RobustnessError
from robustness.evaluation.case import Case
from robustness.limits.asks.ask import Found
from robustness.limits.asks.max_flips import (
    KNOTS,
    QUANTILES,
    SHOWN_CLASSES,
    SHOWN_IMAGES,
    describe_flips,
    judge_flips,
    search_to_decide,
)
from robustness.limits.record import ClassFlips, FlippedImage, FlipsFound
from robustness.noise import Gaussian, Offset, Resolution
from robustness.search.critical import CLOSE, COARSE, FINE, LEVELS, Flips, Search, SearchCase
from robustness.statistics.intervals import lower_bound, upper_bound
from robustness.statistics.sampling import Sampling, mean_interval

NEVER = LEVELS + 1
NAMES = ("stop", "yield", "left", "right", "ahead", "school", "60")
NOISES = (Gaussian(100), Offset(-100), Resolution(5))
INDEPENDENT = Scope(independent=True)
FIRST = 1000
"""The index of the first image, which is not its place."""


def searched(levels, labels=None, right=None, mended=None, noise=NOISES[0], tracks=None, stride=COARSE):
    """A search in which each image changes at a level, or `NEVER`, and its images; all of them right if nothing is said.

    An image that changes becomes the next class, or the one after that if it would be its own; a mended one its own.
    """
    levels, count = np.asarray(levels), len(levels)
    labels = np.zeros(count, np.int64) if labels is None else np.asarray(labels)
    right = np.ones(count, bool) if right is None else np.asarray(right)
    mended = np.zeros(count, bool) if mended is None else np.asarray(mended)
    clean = np.where(right, labels, (labels + 1) % len(NAMES))
    changed = np.where(mended, labels, (labels + np.where(right, 1, 2)) % len(NAMES))
    magnitudes = np.array([*(step.level for step in noise.ladder(LEVELS)), math.inf])
    flips = Flips(
        clean=clean.astype(np.int16),
        critical=magnitudes[levels],
        after=np.where(levels == NEVER, -1, changed).astype(np.int16),
        tries=np.full(count, 7, np.int16),
    )
    case = SearchCase(Case("net", "set", noise, 0, "", "", ""), stride)
    images = ImageSet.from_images("set", [np.zeros((1, 1, 3), np.uint8)] * count, labels.tolist(), NAMES, tracks)
    return Search(case, flips, labels, 0.0, False), replace(images, index=images.index + FIRST)


def described(*arguments, claim=INDEPENDENT, **more):
    search, images = searched(*arguments, **more)
    return describe_flips(search, images, claim)


@st.composite
def searches(draw, most=40):
    """One to so many images, right or wrong, that change at a level or never; as arguments of `searched`."""
    changes = st.integers(1, NEVER) | st.integers(1, 12) | st.just(NEVER)
    images = st.tuples(changes, st.integers(0, len(NAMES) - 1), st.integers(0, 4), st.booleans())
    drawn = draw(st.lists(images, min_size=1, max_size=most))
    levels, labels, right, mended = (np.array(column) for column in zip(*drawn, strict=True))
    right = right > 0  # four in five
    return {
        "levels": levels,
        "labels": labels,
        "right": right,
        "mended": mended & ~right & (levels < NEVER),
        "noise": draw(st.sampled_from(NOISES)),
    }


# The limit.


@pytest.mark.parametrize(
    ("required", "right", "allowed"),
    [
        *(("0.29", 100, 29), ("0.57", 100, 57), ("0.58", 100, 58)),  # floats make 28.999999999999996 of the first
        *(("0.07", 100, 7), ("0.3333", 3, 0), ("0.3334", 3, 1), ("0", 5, 0), ("0.01", 99, 0), ("0.01", 100, 1)),
    ],
)
def test_the_limit_allows_a_share_of_the_right_predictions_exactly(required, right, allowed):
    for flipped, kept in ((allowed, True), (allowed + 1, False)):
        search, images = searched([9] * flipped + [NEVER] * (right - flipped))
        finding = judge_flips(search, images, Scope(), Decimal(required))
        assert finding.kept is kept
        assert finding.value == flipped / right
        assert finding.words.startswith(
            f"{flipped} of {right} right predictions flip up to gaussian(sigma=100), {flipped / right:.4f}; "
            f"the limit {required} allows {allowed} (200 magnitudes up to sigma 100, 0.5 apart: "
        )


@settings(deadline=None)
@given(right=st.integers(1, 300), flipped=st.integers(0, 300), wrong=st.integers(0, 20), required=st.decimals(0, 1, places=3))
def test_the_limit_is_kept_exactly_when_the_share_is_no_larger(right, flipped, wrong, required):
    flipped = min(flipped, right)
    levels = [LEVELS] * flipped + [NEVER] * (right - flipped) + [1] * wrong
    search, images = searched(levels, right=[True] * right + [False] * wrong)
    finding = judge_flips(search, images, Scope(), required)
    assert finding.kept == (Fraction(flipped, right) <= Fraction(required))
    assert finding.value == pytest.approx(flipped / right)


def decided(coarse, close, required):
    """What a limit is held against, and the strides of the searches that were asked for."""
    asked = []

    def search(stride):
        asked.append(stride)
        return replace({COARSE: coarse, CLOSE: close}[stride], of=replace(coarse.of, stride=stride), seconds=float(stride))

    return search_to_decide(search, Decimal(required)), asked


def test_a_limit_is_kept_only_by_the_close_search_and_broken_by_the_coarse_one_alone():
    (few, _), (more, _) = searched([9, NEVER, NEVER, NEVER]), searched([9, 7, NEVER, NEVER])
    search, asked = decided(few, more, "0.25")  # the coarse one missed a flip
    assert (search.of.stride, asked) == (CLOSE, [COARSE, CLOSE])
    assert np.array_equal(search.levels, more.levels)
    assert (search.seconds, search.stored) == (COARSE + CLOSE, False)
    search, asked = decided(few, more, "0.2499")
    assert (search.of.stride, asked) == (COARSE, [COARSE])
    assert np.array_equal(search.levels, few.levels)


@pytest.mark.parametrize(("stride", "every"), [(COARSE, ""), (CLOSE, " --every 5"), (FINE, " --every 1"), (None, "")])
def test_it_is_searched_again_as_closely_as_it_was_decided(stride, every):
    search = None if stride is None else searched([9, NEVER], stride=stride)[0]
    asked, found = limit("max_flips", noise=Offset(-100)), Found(0.5, True, "", search=search)
    assert asked.ask.again(asked, found) == ("flips search net", f'--noise "offset(levels=-100)"{every}')


def test_where_nothing_is_right_there_is_nothing_to_decide():
    nothing, _ = searched([3, NEVER], right=[False, False])
    with pytest.raises(RobustnessError, match="no clean image is named right, so no right prediction can flip"):
        decided(nothing, nothing, "0.5")


def test_what_is_found_comes_with_its_description():
    search, images = searched([3, 5, NEVER])
    finding = judge_flips(search, images, INDEPENDENT, Decimal("0.5"))
    assert finding.details == describe_flips(search, images, INDEPENDENT)


def test_where_nothing_is_right_nothing_can_flip():
    search, images = searched([3, NEVER], right=[False, False])
    with pytest.raises(RobustnessError, match="no clean image is named right, so no right prediction can flip"):
        judge_flips(search, images, INDEPENDENT, Decimal(1))


# A search in plain values.


@settings(deadline=None, max_examples=60)
@given(searches())
def test_shares_accuracies_and_quantiles_are_those_of_brute_force(made):
    search, images = searched(**made)
    said = describe_flips(search, images, Scope())
    right, levels, mended = made["right"], made["levels"].tolist(), made["mended"]
    total = int(right.sum())
    flipped = [sum(level <= at for level, is_right in zip(levels, right, strict=True) if is_right) for at in range(LEVELS + 1)]
    gained = [
        sum(level <= at for level, is_mended in zip(levels, mended, strict=True) if is_mended) for at in range(LEVELS + 1)
    ]
    assert (said.right, said.total) == (total, len(levels))
    assert list(said.magnitudes) == [noise.level for noise in made["noise"].ladder(LEVELS)]
    assert list(said.flipped) == [round(count / max(total, 1), 6) for count in flipped]
    assert list(said.accuracy) == [
        round((total - lost + won) / len(levels), 6) for lost, won in zip(flipped, gained, strict=True)
    ]
    for row, share in zip(said.quantiles, QUANTILES, strict=True):
        reached = [at for at in range(LEVELS + 1) if flipped[at] >= Fraction(str(share)) * total] if total else []
        assert (row.share, row.magnitude) == (share, said.magnitudes[reached[0]] if reached else None)


@pytest.mark.parametrize(("right", "at"), [(100, 1), (30, 3), (10, 1), (20, 1), (199, 2), (7, 1)])
def test_a_quantile_is_reached_by_the_image_that_makes_up_the_share_to_the_count(right, at):
    """At level n flips the n-th image: 1 % of 100 is the first, 10 % of 30 the third, 5 % of 20 the first again."""
    rows = {row.share: row.magnitude for row in described(range(1, right + 1)).quantiles}
    share = {100: 0.01, 30: 0.1, 10: 0.1, 20: 0.05, 199: 0.01, 7: 0.1}[right]
    assert rows[share] == at / 2


def test_predictions_that_turn_right_are_counted_apart():
    said = described(
        [4, 4, 4, NEVER, 4],
        right=[True, False, False, False, False],
        mended=[False, True, False, False, True],
    )
    assert (said.mended, said.right, said.total) == (2, 1, 5)
    assert (said.accuracy[3], said.accuracy[4]) == (0.2, 0.4)
    assert [row.index for row in said.images] == [FIRST]  # no wrong one flips


def test_what_was_looked_at_is_said():
    coarse, fine = described([3], noise=Offset(-100)), described([3], noise=Offset(-100), stride=FINE)
    assert (coarse.noise, coarse.family, coarse.magnitude) == ("offset(levels=-100)", "offset", "levels")
    assert coarse.passes == 7
    assert coarse.resolution.startswith("200 magnitudes up to levels -100, 0.5 apart: each image at every 25th")
    assert fine.resolution == "every one of 200 magnitudes up to levels -100, 0.5 apart"
    assert coarse.confidence == 0.95


@settings(deadline=None, max_examples=60)
@given(searches(most=80))
def test_the_classes_that_lose_most_come_first(made):
    said = described(**made, claim=Scope()).classes
    rows = []
    for label, name in enumerate(NAMES):
        mine = made["levels"][made["right"] & (made["labels"] == label)]
        if (mine < NEVER).any():
            rows.append(ClassFlips(name=name, flipped=int((mine < NEVER).sum()), right=len(mine)))
    rows.sort(key=lambda row: Fraction(-row.flipped, row.right))  # stable: the lower label first
    assert said == tuple(rows[:SHOWN_CLASSES])


@settings(deadline=None, max_examples=60)
@given(searches(most=80))
def test_the_images_that_flip_first_come_first(made):
    said = described(**made, claim=Scope())
    places = [place for place, level in enumerate(made["levels"]) if made["right"][place] and level < NEVER]
    places.sort(key=lambda place: (made["levels"][place], place))
    assert said.images == tuple(
        FlippedImage(
            index=FIRST + place,
            label=NAMES[made["labels"][place]],
            becomes=NAMES[(made["labels"][place] + 1) % len(NAMES)],
            magnitude=said.magnitudes[made["levels"][place]],
        )
        for place in places[:SHOWN_IMAGES]
    )


@settings(deadline=None, max_examples=15)
@given(searches(), st.sampled_from([Scope(), INDEPENDENT, Scope(design_effect=3.0)]))
def test_a_description_is_plain_values(made, claim):
    said = described(**made, claim=claim)
    adapter = TypeAdapter(FlipsFound)
    plain = adapter.dump_python(said, by_alias=True)
    assert all(image["class"] in NAMES for image in plain["images"])
    assert adapter.validate_json(json.dumps(plain, allow_nan=False)) == said


# The band.


def levels_of(rows, said):
    """The ends of quantiles as levels, `NEVER` for what lies beyond the range."""
    return [tuple(NEVER if end is None else said.magnitudes.index(end) for end in row) for row in rows]


@settings(deadline=None, max_examples=20)
@given(searches(), st.sampled_from(["independent", "design effect", "tracks"]), st.sampled_from([0.5, 0.95, 0.999]))
def test_the_band_holds_the_shares_rises_with_them_and_frames_the_quantiles(made, kind, confidence):
    claim = Scope(confidence=confidence, independent=True, design_effect=2.5 if kind == "design effect" else None)
    tracks = np.arange(len(made["levels"])) // 3 if kind == "tracks" else None
    said = described(**made, tracks=tracks, claim=claim)
    if not made["right"].any():
        assert (said.band, said.band_missing) == (None, "no clean image is named right")
        return
    assert said.band_missing is None
    lower, upper = map(np.array, said.band)
    assert (lower >= 0).all()
    assert (upper <= 1).all()
    assert (lower <= np.array(said.flipped) + 2e-6).all()
    assert (upper >= np.array(said.flipped) - 2e-6).all()
    assert (np.diff(lower) >= 0).all()
    assert (np.diff(upper) >= 0).all()
    for low, here, high in levels_of([(row.low, row.magnitude, row.high) for row in said.quantiles], said):
        assert low <= here <= high


@settings(deadline=None, max_examples=10)
@given(searches())
def test_at_and_between_the_knots_the_band_is_what_shares_that_only_rise_allow(made):
    said = described(**made)
    if said.band is None:
        return
    mine, step = made["levels"][made["right"]], LEVELS // KNOTS
    ends = [
        mean_interval((mine <= knot).astype(float), Sampling(), (1 - 0.95) / KNOTS, (0.0, 1.0))
        for knot in range(step, LEVELS + 1, step)
    ]
    for level in (1, step - 1, step, step + 1, 5 * step - 1, 5 * step, LEVELS - 1, LEVELS):
        below = [low for number, (low, _) in enumerate(ends, 1) if number * step <= level]
        assert said.band[0][level] == pytest.approx(max(below, default=0), abs=1e-6)
        if level % step or level == LEVELS:
            above = [high for number, (_, high) in enumerate(ends, 1) if number * step >= level]
            assert said.band[1][level] == pytest.approx(min(above), abs=1e-6)


@pytest.mark.slow
def test_the_band_covers_the_population_s_shares_all_along():
    """At 50 % confidence no more than half of the sets may miss the truth anywhere; intervals of one level each do."""
    rng, sets, images = np.random.default_rng(0), 30, 40
    truth = np.arange(LEVELS + 1) / 250  # of the population flipped at each level: 0.8 at the last
    knots = np.arange(LEVELS // KNOTS, LEVELS + 1, LEVELS // KNOTS)
    missed, missed_by_one = 0, 0
    for _ in range(sets):
        levels = np.minimum(1 + (rng.random(images) * 250).astype(int), NEVER)
        lower, upper = map(np.array, described(levels, claim=replace(INDEPENDENT, confidence=0.5)).band)
        missed += bool((lower > truth + 1e-6).any() or (upper < truth - 1e-6).any())
        counts = [int((levels <= knot).sum()) for knot in knots]
        alone = [(lower_bound(count, images, 0.25), upper_bound(count, images, 0.25)) for count in counts]
        missed_by_one += any(not low <= truth[knot] <= high for knot, (low, high) in zip(knots, alone, strict=True))
    print(f"the band misses in {missed} of {sets} sets, intervals of one level each in {missed_by_one}")
    assert missed <= sets / 2
    assert missed_by_one > sets / 2


def width(said):
    lower, upper = map(np.array, said.band)
    return upper - lower


def test_tracks_and_a_design_effect_widen_the_band():
    levels = np.repeat(np.arange(1, 61) * 5, 10)  # ten frames of each of sixty signs flip together
    levels = np.minimum(levels, NEVER)
    alone = described(levels)
    in_tracks = described(levels, tracks=np.repeat(np.arange(60), 10), claim=Scope())
    inflated = described(levels, claim=Scope(design_effect=10.0))
    for wider in (in_tracks, inflated):
        assert wider.flipped == alone.flipped
        assert (width(wider) >= width(alone)).all()
        assert width(wider).mean() > 2 * width(alone).mean()
        medians = [said.quantiles[-1] for said in (wider, alone)]
        ends = levels_of([(row.low, row.high) for row in medians], alone)
        assert ends[0][0] < ends[1][0]
        assert ends[0][1] > ends[1][1]


def test_more_confidence_widens_the_band():
    wide, narrow = (described(range(1, 150), claim=replace(INDEPENDENT, confidence=share)) for share in (0.99, 0.8))
    assert (np.array(wide.band[0]) <= narrow.band[0]).all()
    assert (np.array(wide.band[1]) >= narrow.band[1]).all()
    assert width(wide).mean() > 1.1 * width(narrow).mean()
    assert (wide.confidence, narrow.confidence) == (0.99, 0.8)


def test_only_the_tracks_of_right_images_count():
    levels, tracks = list(range(1, 41)), np.arange(40) // 4
    alone = described(levels, tracks=tracks)
    beside = described(
        [*levels, *[1] * 30], right=[True] * 40 + [False] * 30, tracks=[*tracks, *[99] * 30]
    )  # a long track, all wrong
    assert beside.band == alone.band
    assert beside.quantiles == alone.quantiles


@pytest.mark.parametrize(
    ("dependent", "reason"),
    [
        (None, "whether the images of set are independent is not known; give a design_effect in [run], or say independent"),
        ("they are frames of one film", "they are frames of one film; give a design_effect in [run]"),
    ],
)
def test_where_dependence_is_unknown_there_is_no_band_and_the_reason_is_said(dependent, reason):
    search, images = searched(range(1, 101))
    said = describe_flips(search, replace(images, dependent=dependent), Scope(independent=dependent is not None))
    assert said.band is None
    assert reason in (said.band_missing or "")
    assert [(row.low, row.high) for row in said.quantiles] == [(None, None)] * len(QUANTILES)
    assert said.quantiles[0].magnitude == 0.5  # what is counted is said all the same


def test_a_network_that_names_nothing_right_can_be_described():
    said = described([3, NEVER, 7], right=[False] * 3, mended=[True, False, False])
    assert (said.right, said.mended, said.classes, said.images) == (0, 1, (), ())
    assert (said.band, said.band_missing) == (None, "no clean image is named right")
    assert set(said.flipped) == {0.0}
    assert said.accuracy[3] == pytest.approx(1 / 3, abs=1e-6)
    assert [row.magnitude for row in said.quantiles] == [None] * len(QUANTILES)
