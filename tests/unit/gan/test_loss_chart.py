"""The chart of the losses: readable by any SVG reader, whatever the values."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.gan.curves import HEIGHT, WIDTH, loss_chart

SVG = "{http://www.w3.org/2000/svg}"
LOSSES = st.integers(1, 30).flatmap(
    lambda epochs: st.tuples(*[st.lists(st.floats(-1e6, 1e6), min_size=epochs, max_size=epochs)] * 2)
)


@given(LOSSES, st.text("<>&\"'aé", max_size=20))
@settings(deadline=None)
def test_every_value_lies_on_the_canvas_and_a_higher_loss_higher(losses, title):
    chart = ElementTree.fromstring(loss_chart({"generator": losses[0], "discriminator": losses[1]}, title))
    lines = chart.findall(f"{SVG}polyline")
    for line, values in zip(lines, losses, strict=True):
        points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        assert len(points) == len(values)
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
        assert [x for x, _ in points] == sorted(x for x, _ in points)
        heights = [-y for _, y in sorted(zip(values, (y for _, y in points), strict=True))]
        assert heights == sorted(heights)
    assert title in chart.attrib["aria-label"]


def test_axes_have_round_numbers():
    chart = ElementTree.fromstring(loss_chart({"generator": [1.54] * 177, "discriminator": [0.45] * 177}, "signs"))
    said = [text.text for text in chart.findall(f"{SVG}text")]
    assert said == ["signs", "0", "0.5", "1", "1.5", "1", "50", "100", "150", "epoch", "generator", "discriminator"]
