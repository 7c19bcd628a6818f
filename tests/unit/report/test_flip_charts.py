"""Charts of flips: a line that only rises, a band around it and a limit, all of them on the canvas."""

from __future__ import annotations

import numpy as np
import pytest
from builders import (
    break_evidence,
    claim_record,
    flip_curve,
    flips_found,
    flips_limit,
    levels_evidence,
    limit_record,
    results,
    spread,
    waves_limit,
)
from hypothesis import given
from hypothesis import strategies as st

from robustness.noise import Gaussian, Offset, Resolution
from robustness.report.html.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from robustness.report.html.flip_charts import BINS, flip_charts
from robustness.search.critical import LEVELS

NOISES = (Gaussian(50), Gaussian(0.001), Offset(-100), Resolution(4), Resolution(1.3))
FLOOR = HEIGHT - BOTTOM
PIXEL = 0.1
"""To which coordinates are rounded."""


def limit(noise=NOISES[0], shares=(0.0, 0.5), required="0.4", band=None, **more):
    """Shares as `spread` takes them, over the range. band: lower and upper, alike."""
    ends = None if band is None else (spread(band[0]), spread(band[1]))
    return flips_limit(noise, shares, band=ends, required=required, **more)


def claim(noise=NOISES[0], shares=(0.0, 0.5), breaks=25.0, interval=(20.0, 30.0), expected=(10.0, 40.0), model="net"):
    """A claim that accuracy breaks, with its search."""
    curve = flip_curve(noise, shares)
    return claim_record(
        models=(model,), evidence=break_evidence(break_point=breaks, interval=interval, expected=expected, search=curve)
    )


def charts(*limits, models=("net",), claims=()):
    return flip_charts(results(*limits, *claims, models=models))


def points(text):
    return np.array([[float(number) for number in point.split(",")] for point in text.split()])


def heights(chart):
    """The line's heights over the floor, and that of the limit."""
    return FLOOR - points(chart.line)[:, 1], FLOOR - chart.limit_y


@st.composite
def limits(draw):
    """A limit on flips whose shares only rise, between the ends of a band or without one."""
    rising = st.lists(st.floats(0, 1), min_size=2, max_size=6).map(sorted)
    shares = draw(rising)
    spare = draw(st.none() | st.floats(0, 0.3))
    below = [max(0.0, share - (spare or 0)) for share in shares]
    above = [min(1.0, share + (spare or 0)) for share in shares]
    return limit(
        noise=draw(st.sampled_from(NOISES)),
        shares=shares,
        required=str(draw(st.decimals(0, 1, places=3))),
        band=None if spare is None else (below, above),
    )


@given(limits())
def test_the_line_goes_from_end_to_end_and_only_rises(asked):
    (chart,) = charts(asked)
    x, y = points(chart.line).T
    assert len(x) == LEVELS + 1
    assert (x[0], x[-1]) == (LEFT, WIDTH - RIGHT)
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) <= 0).all()  # downwards is more
    assert np.ptp(np.diff(x)) <= 2 * PIXEL + 1e-9


@given(limits())
def test_everything_lies_on_the_canvas(asked):
    (chart,) = charts(asked)
    shapes = [points(chart.line), *([points(chart.band)] if chart.band else [])]
    for x, y in np.concatenate(shapes):
        assert LEFT <= x <= WIDTH - RIGHT
        assert TOP <= y <= FLOOR
    assert TOP <= chart.limit_y <= FLOOR
    assert [x for x, _ in chart.x_ticks] == pytest.approx(np.linspace(LEFT, WIDTH - RIGHT, 5), abs=PIXEL)
    assert [y for y, _ in chart.y_ticks] == pytest.approx(np.linspace(FLOOR, TOP, 5), abs=PIXEL)


@given(limits())
def test_the_limit_and_the_line_share_a_scale_that_starts_at_nothing(asked):
    (chart,) = charts(asked)
    line, bar = heights(chart)
    shares, required = np.array(asked.details.flipped), float(asked.required)
    band = asked.details.band or ((0.0,), (0.0,))
    top = max(shares[-1], required, band[1][-1])
    if top == 0:
        assert (line == 0).all()
        assert bar == 0
        return
    scale = max([*line, bar, *(FLOOR - points(chart.band)[:, 1] if chart.band else [])]) / top
    assert line == pytest.approx(scale * shares, abs=PIXEL)
    assert bar == pytest.approx(scale * required, abs=PIXEL)
    assert scale * top >= (FLOOR - TOP) / 1.6  # and fills the height, or most of it


@given(limits())
def test_the_band_goes_along_its_lower_end_and_back_along_the_upper_one(asked):
    (chart,) = charts(asked)
    if asked.details.band is None:
        assert chart.band == ""
        return
    there, back = np.split(points(chart.band), 2)
    line = points(chart.line)
    assert (there[:, 0] == line[:, 0]).all()
    assert (back[::-1, 0] == line[:, 0]).all()
    assert (there[:, 1] >= line[:, 1]).all()
    assert (back[::-1, 1] <= line[:, 1]).all()
    if asked.details.band[0][-1] < asked.details.flipped[-1] - 0.05:
        assert there[-1, 1] > line[-1, 1]


def test_the_line_passes_the_limit_where_the_share_does():
    (chart,) = charts(limit(shares=(0, 0.5), required="0.25"))
    line, bar = heights(chart)
    assert line[LEVELS // 2] == pytest.approx(bar, abs=PIXEL)
    assert line[-1] == pytest.approx(2 * bar, abs=2 * PIXEL)
    assert (points(chart.line)[LEVELS // 2, 0]) == pytest.approx((LEFT + WIDTH - RIGHT) / 2, abs=PIXEL)


@pytest.mark.parametrize(
    ("noise", "ticks"),
    [
        (Gaussian(50), ["0", "12.5", "25", "37.5", "50"]),
        (Offset(-100), ["0", "-25", "-50", "-75", "-100"]),
        (Resolution(4), ["1", "1.75", "2.5", "3.25", "4"]),
        (Gaussian(0.001), ["0", "0.00025", "0.0005", "0.00075", "0.001"]),
    ],
    ids=str,
)
def test_magnitudes_go_from_nothing_to_the_highest(noise, ticks):
    (chart,) = charts(limit(noise))
    assert [text for _, text in chart.x_ticks] == ticks


@given(limits())
def test_each_tick_s_text_is_the_share_at_its_height_in_per_cent(asked):
    (chart,) = charts(asked)
    _, bar = heights(chart)
    top_text = float(chart.y_ticks[-1][1])
    for y, text in chart.y_ticks:
        assert len(text) <= 5  # or the edge of the picture cuts it off
        assert float(text) == pytest.approx(top_text * (FLOOR - y) / (FLOOR - TOP), rel=0.15, abs=0.01)
    if float(asked.required) > 0.01:
        assert 100 * float(asked.required) == pytest.approx(top_text * bar / (FLOOR - TOP), rel=0.15)


def test_where_nothing_flips_and_nothing_may_the_line_lies_on_the_floor():
    (chart,) = charts(limit(shares=(0, 0), required="0"))
    assert set(points(chart.line)[:, 1]) == {FLOOR}
    assert chart.limit_y == FLOOR


def test_what_is_read_aloud_says_how_many_flip_and_where():
    (chart,) = charts(limit(shares=(0, 0.125), required="0.1"))
    assert chart.text == (
        "12.50 % of the right predictions of net flip up to gaussian(sigma=50); 1 % up to 4; 5 % up to 20; "
        "passes the limit at 40.25"
    )


def test_each_limit_on_flips_has_a_chart_in_its_model_s_colour_and_other_limits_have_none():
    others = [limit_record(NOISES[0]), waves_limit(), limit_record(NOISES[0], asks="max_flips")]
    drawn = charts(limit(model="two"), *others, limit(model="one"), limit(Offset(9), model="two"), models=("one", "two"))
    assert [(chart.number, chart.limit.noise) for chart in drawn] == [
        (1, "gaussian(sigma=50)"),
        (0, "gaussian(sigma=50)"),
        (1, "offset(levels=9)"),
    ]
    assert charts(*others) == []


@pytest.mark.parametrize(
    ("most", "texts"),
    [
        (0.35, "0 10 20 30 40"),
        (0.97, "0 25 50 75 100"),
        (0.036, "0 1 2 3 4"),
        (0.0076, "0 0.2 0.4 0.6 0.8"),
        (0.05, "0 1.5 3 4.5 6"),
    ],
)
def test_ticks_are_round_numbers(most, texts):
    (chart,) = charts(limit(shares=(0, most), required="0.001"))
    assert [text for _, text in chart.y_ticks] == texts.split()


# The histogram.


@given(limits())
def test_the_bars_stand_on_the_floor_and_add_up_to_the_line(asked):
    (chart,) = charts(asked)
    line, _ = heights(chart)
    assert sum(height for *_, height in chart.bars) == pytest.approx(line[-1] - line[0], abs=2 * PIXEL * BINS)
    for x, y, width, height in chart.bars:
        assert y + height == pytest.approx(FLOOR, abs=1e-6)
        assert LEFT <= x < x + width <= WIDTH - RIGHT


def test_where_as_much_flips_everywhere_all_bars_are_alike_and_where_nothing_does_there_is_none():
    (even,), (late,) = charts(limit(shares=(0, 0.5))), charts(limit(shares=(0, 0, 0.5)))
    assert len(even.bars) == BINS
    assert np.ptp([height for *_, height in even.bars]) <= 2 * PIXEL
    assert len(late.bars) == BINS // 2
    assert late.bars[0][0] > (LEFT + WIDTH - RIGHT) / 2


# The break point.


@given(limits())
def test_a_limit_is_broken_where_the_line_passes_it_and_only_there(asked):
    (chart,) = charts(asked)
    line, bar = heights(chart)
    if asked.details.flipped[-1] <= float(asked.required):
        assert chart.breaks.x is None
        assert chart.breaks.text.startswith("the limit is kept up to ")
        return
    place = int(np.argmax(np.array(asked.details.flipped) > float(asked.required)))
    assert chart.breaks.x == points(chart.line)[place, 0]
    assert line[place] >= bar - PIXEL
    assert chart.breaks.text == f"passes the limit at {asked.details.magnitudes[place]:.4g}"


@given(limits())
def test_the_interval_of_a_break_point_holds_it(asked):
    (chart,) = charts(asked)
    if asked.details.band is None:
        assert chart.breaks.ends is None
    elif chart.breaks.x is not None:
        low, high = chart.breaks.ends
        assert LEFT <= low <= chart.breaks.x <= high <= WIDTH - RIGHT


def test_a_limit_kept_here_may_be_broken_in_the_population():
    (chart,) = charts(limit(shares=(0, 0.3), required="0.4", band=((0, 0.1), (0, 0.8))))
    assert chart.breaks.x is None
    assert chart.breaks.ends == pytest.approx(((LEFT + WIDTH - RIGHT) / 2, WIDTH - RIGHT), abs=2)


def test_a_claim_is_drawn_with_its_break_point_its_interval_and_the_range_it_expects():
    (chart,) = charts(claims=[claim(model="two")], models=("one", "two"))
    width = WIDTH - RIGHT - LEFT
    assert (chart.breaks.x, chart.breaks.text) == (LEFT + width / 2, "accuracy breaks at 25")
    assert chart.breaks.ends == pytest.approx((LEFT + 0.4 * width, LEFT + 0.6 * width), abs=PIXEL)
    assert chart.expected == pytest.approx((LEFT + 0.2 * width, LEFT + 0.8 * width), abs=PIXEL)
    assert (chart.limit_y, chart.limit, chart.number) == (None, None, 1)
    assert chart.text.endswith("50 % up to 50; accuracy breaks at 25")


def test_what_lies_beyond_the_range_searched_ends_at_its_edge():
    (chart,) = charts(claims=[claim(breaks=None, interval=(20.0, None), expected=(40.0, 500.0))])
    assert chart.breaks.x is None
    assert chart.breaks.text == "accuracy does not break up to 50"
    assert chart.breaks.ends[1] == WIDTH - RIGHT
    assert chart.expected[1] == WIDTH - RIGHT


def test_a_claim_that_searched_nothing_has_no_chart():
    assert charts(claims=[claim_record(evidence=break_evidence()), claim_record(evidence=levels_evidence())]) == []


def test_where_nothing_can_flip_there_is_no_band():
    found = flips_found(NOISES[0], (0.0, 0.0), band=(spread((0, 0)), spread((0, 1))), right=0)
    (chart,) = charts(flips_limit(NOISES[0], found=found))
    assert chart.band == ""
    assert chart.breaks.ends is None
