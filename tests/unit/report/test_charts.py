"""Charts: every measured level has its place, whichever way the magnitude goes and wherever it leaves images as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from builders import limit_record, results
from hypothesis import given
from hypothesis import strategies as st

from robustness.noise import Clean, Gaussian, Offset, Periodic, Resolution, declare_noise
from robustness.report.html.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, accuracy_charts, style
from robustness.report.html.page import render_report

FOG = declare_noise("mist", "python:mynoise:mist", "share", {}, Path())
BLUR = declare_noise("blur", "torchvision:GaussianBlur", "sigma", {}, Path())


def limit(noise, accuracy=0.5, model="net", required="0.4", **more):
    return limit_record(noise, accuracy=accuracy, model=model, required=required, **more)


def charts(*limits, models=("net",), published=None):
    return accuracy_charts(results(*limits, models=models, published=published or {}))


def ticks(chart):
    return [text for _, text in chart.x_ticks]


def drawn(line):
    """The points as (x, share of the height)."""
    return [(point.x, round((HEIGHT - BOTTOM - point.y) / (HEIGHT - BOTTOM - TOP), 2)) for point in line.points]


def test_clean_stands_at_zero_where_zero_does_nothing():
    (chart,) = charts(limit(Gaussian(50), 0.2), limit(Clean(), 0.9), limit(Gaussian(25), 0.6))
    assert (chart.title, chart.magnitude, ticks(chart)) == ("gaussian", "sigma", ["0", "25", "50"])
    assert drawn(chart.lines[0]) == [(LEFT, 0.9), ((LEFT + WIDTH - RIGHT) / 2, 0.6), (WIDTH - RIGHT, 0.2)]
    assert [point.text.partition(":")[0] for point in chart.lines[0].points] == [
        *("net, clean", "net, gaussian(sigma=25)", "net, gaussian(sigma=50)")
    ]


def test_clean_stands_at_one_where_one_does_nothing():
    (chart,) = charts(limit(Resolution(2), 0.6), limit(Resolution(3), 0.2), limit(Clean(), 0.9))
    assert ticks(chart) == ["1", "2", "3"]
    assert drawn(chart.lines[0]) == [(LEFT, 0.9), ((LEFT + WIDTH - RIGHT) / 2, 0.6), (WIDTH - RIGHT, 0.2)]


def test_clean_stands_between_levels_of_either_sign():
    (chart,) = charts(limit(Offset(-50), 0.2), limit(Offset(100), 0.3), limit(Clean(), 0.9))
    assert ticks(chart) == ["-50", "0", "100"]
    assert [share for _, share in drawn(chart.lines[0])] == [0.2, 0.9, 0.3]
    assert chart.lines[0].points[1].x == pytest.approx(LEFT + (WIDTH - LEFT - RIGHT) / 3, abs=0.1)


def test_where_nothing_is_known_to_do_nothing_clean_is_not_drawn():
    mist, blur = charts(limit(FOG(-1), 0.2), limit(Clean(), 0.9), limit(FOG(3), 0.3), limit(BLUR(2), 0.7))
    assert (mist.title, mist.magnitude, ticks(mist)) == ("mist", "share", ["-1", "3"])
    assert drawn(mist.lines[0]) == [(LEFT, 0.2), (WIDTH - RIGHT, 0.3)]
    assert (ticks(blur), drawn(blur.lines[0])) == (["2"], [(LEFT, 0.7)])


def test_a_transform_without_a_magnitude_does_not_stand_where_clean_does():
    rain = replace(limit(Clean(), 0.1), noise="rain", family="rain", identity=None)
    (chart,) = charts(rain, limit(Gaussian(5), 0.8))
    assert drawn(chart.lines[0]) == [(WIDTH - RIGHT, 0.8)]


def test_clean_alone_is_no_chart():
    assert charts(limit(Clean())) == []


def test_a_level_that_does_nothing_stands_beside_clean():
    (chart,) = charts(limit(Gaussian(0), 0.8), limit(Clean(), 0.9))
    assert ticks(chart) == ["0"]
    assert [point.x for point in chart.lines[0].points] == [LEFT, LEFT]


def test_models_without_limits_take_no_colour_from_those_with_them():
    names = [f"judge-{number}" for number in range(6)] + ["one", "two"]
    (chart,) = charts(limit(Gaussian(5), 0.9, "two"), limit(Gaussian(5), 0.9, "one"), models=names)
    assert {line.model: line.number for line in chart.lines} == {"one": 0, "two": 1}


def test_each_model_keeps_its_number_and_its_own_points():
    models = ("one", "two", "three")
    mist, gaussian = charts(
        *(limit(FOG(level), level, "three") for level in (0.2, 0.1)),
        *(limit(Gaussian(5), 0.5, model) for model in ("three", "one")),
        *(limit(Clean(), 0.9, model) for model in models),
        models=models,
    )
    assert [(line.model, line.number) for line in mist.lines] == [("three", 2)]
    assert [share for _, share in drawn(mist.lines[0])] == [0.1, 0.2]
    assert [(line.model, line.number, len(line.points)) for line in gaussian.lines] == [("one", 0, 2), ("three", 2, 2)]


def test_levels_too_close_for_their_texts_leave_ticks_out_but_no_points():
    (chart,) = charts(*(limit(FOG(level)) for level in (-1, -0.99, 0, 0.98, 1)))
    assert ticks(chart) == ["-1", "0", "1"] or ticks(chart) == ["-0.99", "0", "1"]
    assert len(chart.lines[0].points) == 5


def test_noises_that_differ_in_more_than_their_magnitude_have_charts_of_their_own():
    titles = [chart.title for chart in charts(limit(Periodic(1)), limit(Periodic(1, phase=90)), limit(FOG(1)), limit(BLUR(1)))]
    assert titles == ["periodic", "periodic(phase=90)", "mist", "blur"]


@given(
    levels=st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=6, unique=True),
    shares=st.lists(st.floats(0, 1), min_size=7, max_size=7),
    clean=st.booleans(),
    kind=st.sampled_from([FOG, Gaussian, Resolution]),
)
def test_every_point_and_tick_lies_on_the_canvas_in_order(levels, shares, clean, kind):
    low, high = kind.ranges[kind.magnitude]
    levels = sorted({min(max(level, low), high) for level in levels})
    limits = [limit(kind(level), share) for level, share in zip(levels, shares, strict=False)]
    (chart,) = charts(*limits, *([limit(Clean(), shares[-1])] if clean else []))
    (line,) = chart.lines
    assert len(line.points) == len(levels) + (clean and kind is not FOG)
    places = [point.x for point in line.points]
    assert places == sorted(places)
    assert all(LEFT <= x <= WIDTH - RIGHT for x in [*places, *(x for x, _ in chart.x_ticks)])
    assert all(TOP <= y <= HEIGHT - BOTTOM for point in line.points for y in (point.y, point.limit_y))
    assert [x for x, _ in chart.x_ticks] == sorted(x for x, _ in chart.x_ticks)


def test_what_a_study_published_stands_beside_what_was_measured():
    (chart,) = charts(limit(Clean()), limit(Gaussian(5)), published={"net": {"gaussian(sigma=5)": 0.6049}})
    clean, noisy = chart.lines[0].points
    assert clean.published_y is None
    assert noisy.published_y == round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * 0.6049, 1)
    assert noisy.text.endswith("published 60.49 %")


def test_what_is_said_of_the_population_is_a_band_around_the_line():
    levels = [limit(Gaussian(5), 0.6, low=0.55, high=0.65), limit(Gaussian(25), 0.4, low=0.35, high=0.45)]
    (chart,) = charts(*levels)
    corners = [tuple(map(float, point.split(","))) for point in chart.lines[0].band.split()]
    assert [x for x, _ in corners] == [point.x for point in (*chart.lines[0].points, *chart.lines[0].points[::-1])]
    heights = [y for _, y in corners]
    for point, upper, lower in zip(chart.lines[0].points, heights[:2], heights[:1:-1], strict=True):
        assert upper < point.y < lower
    (without,) = charts(levels[0], limit(Gaussian(25), 0.4))
    assert without.lines[0].band == ""


@pytest.mark.parametrize(
    ("accuracies", "required", "more", "zoomed"),
    [
        ((0.99, 0.95), "0.9", {}, True),
        ((0.99, 0.95), "0.89", {}, False),  # a limit below
        ((0.99, 0.89), "0.9", {}, False),
        ((0.99, 0.95), "0.9", {"low": 0.85, "high": 1.0}, False),
    ],
)
def test_the_scale_begins_at_90_per_cent_only_where_all_lies_above(accuracies, required, more, zoomed):
    levels = [
        limit(Gaussian(sigma), share, required=required, **more) for sigma, share in zip((5, 25), accuracies, strict=True)
    ]
    (chart,) = charts(*levels)
    assert chart.zoomed is zoomed
    assert [text for _, text in chart.y_ticks] == (
        ["90", "92.5", "95", "97.5", "100"] if zoomed else ["0", "25", "50", "75", "100"]
    )
    start = 0.9 if zoomed else 0
    assert drawn(chart.lines[0])[1][1] == pytest.approx((accuracies[1] - start) / (1 - start), abs=0.01)


def test_what_is_undecided_is_not_drawn_as_broken():
    levels = [
        limit(Gaussian(5), 0.8),
        limit(Gaussian(25), 0.45, verdict="INCONCLUSIVE"),
        limit(Gaussian(50), 0.2, verdict="FAIL"),
    ]
    (chart,) = charts(*levels)
    assert chart.lines[0].breaks.text.startswith("net, gaussian(sigma=50): 20.00 %")
    (chart,) = charts(*levels[:2])
    assert chart.lines[0].breaks is None
    page = render_report(results(*levels[:2]))
    assert 'class="open"' in page
    assert "12m0 -12l-12 12" not in page  # the cross


def test_no_two_of_twenty_models_are_drawn_alike():
    assert len({style(number) for number in range(20)}) == 20


def test_a_magnitude_has_its_unit_where_one_is_known():
    gaussian, wave, fog = charts(limit(Gaussian(5)), limit(Periodic(0.5, phase=90)), limit(FOG(0.5)))
    assert gaussian.x_label == "sigma, grey levels of 255"
    assert wave.x_label == "amplitude, a share of the full range"
    assert fog.x_label == "share"
