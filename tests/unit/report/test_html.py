"""The report: everything a reader needs, nothing that runs, and every word of the user's escaped."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from builders import flips_limit, limit_record, results

from robustness.report.file import write_results
from robustness.report.html.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, accuracy_charts
from robustness.report.html.page import render_report, write_report
from robustness.report.results import Turned, TurnedImage


def limit(model="net", noise="gaussian(sigma=25)", right=80, **more):
    reason = f"{right} of 100 right, the limit asks for 75"
    return limit_record(noise, model=model, right=right, reason=reason, **more)


class Page(HTMLParser):
    """Tags in order, and a check that every element is closed."""

    VOID = frozenset({"meta", "link", "img", "br", "line", "circle", "polyline", "polygon", "path"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.attributes = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_verdict_stands_in_the_heading_and_broken_limits_come_before_the_table():
    page = render_report(results(limit(), limit(noise="clean", right=60, verdict="FAIL")))
    heading = re.search(r"<h1>(.*?)</h1>", page)
    assert heading is not None
    assert heading[1] == "FAIL: no model may be released; net is stopped."
    assert page.index("net under clean: FAIL</h3>") < page.index('id="accuracy"')
    assert "the limit asks for 75" in page
    assert "robustness evaluate net" in page


def test_a_heading_names_all_that_is_stopped_and_below_it_only_what_was_measured_is_said_to_be():
    broken = [limit(f"net-{number}", verdict="FAIL") for number in range(9)]
    page = render_report(results(*broken, models=[*(one.model for one in broken), "judge"]))
    heading = re.search(r"<h1>(.*?)</h1>", page)
    assert heading is not None
    assert heading[1] == "FAIL: no model may be released; 9 of 10 models are stopped."
    assert all(f"{one.model}," in page.partition("</header>")[0] for one in broken[:7])
    assert "net-7 and 1 more, on" in page
    assert "judge" not in page.partition("</header>")[0]


def test_the_table_of_accuracies_has_a_column_for_each_model_with_a_limit():
    page = render_report(results(limit("two"), models=("judge", "two")))
    table = page[page.index('id="accuracy"') :].partition("</table>")[0]
    assert re.findall(r'<th scope="col">(.*?)</th>', table) == ["noise", "two"]


def test_the_page_is_well_formed_and_loads_nothing():
    text = render_report(results(limit(), limit(noise="clean")))
    page = Page(text)
    assert not re.search(r"url\(|@import", text)
    assert page.tags.count("script") == 1  # its own, which sorts and filters
    assert not [a for a in page.attributes if a[1] in {"src", "href"} and not (a[2] or "").startswith(("data:", "#"))]


def test_links_at_the_top_lead_to_the_sections_that_are_there():
    text = render_report(results(limit(), limit(noise="clean")))
    links = [value[1:] for _, name, value in Page(text).attributes if name == "href" and not value.startswith("#check-")]
    assert links
    assert all(f'<h2 id="{link}"' in text for link in links)
    assert len(links) == text.count("<h2 ")


def test_a_model_named_like_a_script_is_text():
    bad = "<script>alert(1)</script>"
    page = render_report(results(limit(model=bad), models=[bad], errors={bad: bad}, gaps=(bad,)))
    assert page.count("<script") == 1
    assert "&lt;script&gt;" in page


def test_sections_that_were_not_measured_are_absent():
    page = render_report(results(gaps=("1 limit not measured: net-clean",)))
    assert re.findall(r'<h2 id="(\w+)"', page) == ["models", "about", "broken", "made"]


def test_every_check_has_a_row_and_every_figure_leads_to_one():
    stopped = [limit(noise=f"gaussian(sigma={sigma})", verdict="FAIL", right=50) for sigma in range(5, 18)]
    waived = limit(noise="clean", verdict="FAIL", stops=False, waived_until="2026-12-31", waiver="why")
    page = render_report(results(*stopped, waived, limit(model="two"), models=("net", "two")))
    rows = re.findall(r'<tr id="(check-\w+)"', page)
    assert len(rows) == len({*rows}) == 15
    assert {*re.findall(r'href="#(check-\w+)"', page)} == {*rows}


def test_a_check_leads_to_the_images_of_its_model_and_kind_of_noise():
    limits = [limit(noise="gaussian(sigma=5)"), limit(noise="gaussian(sigma=25)"), limit("two", "gaussian(sigma=25)")]
    shown = TurnedImage(index=1, name="stop/7.png", before="stop", after="go", clean="data:,", noisy="data:,")
    turned = Turned(model="net", noise="gaussian(sigma=25)", turned=1, pictures=(shown,))
    page = render_report(results(*limits, models=("net", "two"), turned=(turned,)))
    links = re.findall(r'href="#(images-\w+)"', page)
    assert len(links) == 2  # of both levels, and not of the other model
    assert f'<h3 id="{links[0]}">net under gaussian(sigma=25)' in page
    assert "stop/7.png" in page


def test_what_stops_is_grouped_by_model_and_noise_and_folded_after_ten():
    noises = ("gaussian(sigma={})", "offset(levels={})")
    stopped = [
        limit(f"net-{n}", noise=noise.format(level), verdict="FAIL") for n in range(6) for noise in noises for level in (1, 2)
    ]
    page = render_report(results(*stopped, models=[f"net-{n}" for n in range(6)]))
    broken = page.partition('id="broken"')[2].partition("</section>")[0]
    assert broken.count('class="broken"') == 12
    assert broken.partition("<details>")[0].count('class="broken"') == 10
    assert "<summary>2 more</summary>" in broken
    assert "net-0 under gaussian: 2 failed</h3>" in broken


def test_waived_limits_have_their_limit_their_day_and_their_reason():
    waived = limit(verdict="FAIL", right=60, stops=False, waived_until="2026-12-31", waiver="a new camera comes")
    section = render_report(results(waived)).partition('id="excused"')[2].partition("</section>")[0]
    for word in ("net under gaussian(sigma=25)", "60.00 %", "60 of 100", "0.75", "2026-12-31", "a new camera comes"):
        assert word in section
    assert 'id="excused"' not in render_report(results(limit()))


def test_a_failed_write_leaves_the_former_report(tmp_path):
    kept = write_results(results(limit()), tmp_path)
    write_report(results(limit()), tmp_path, kept)
    before = (tmp_path / "report.html").read_text()
    with pytest.raises(KeyError):
        write_report(replace(results(flips_limit()), models={}), tmp_path, kept)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "results.json"]
    assert (tmp_path / "report.html").read_text() == before


def test_published_figures_stand_in_their_cells_where_there_are_any():
    page = render_report(results(limit(noise="clean"), published={"net": {"clean": 0.8909}}))
    assert "what the study published" in page
    assert "(89.09)" in page
    assert "what the study published" not in render_report(results(limit(noise="clean")))


def test_charts_group_noises_by_what_is_not_their_magnitude():
    charts = accuracy_charts(
        results(
            limit(noise="clean"),
            limit(noise="gaussian(sigma=50)", right=40),
            limit(noise="gaussian(sigma=5)", right=70),
            limit(noise="periodic(amplitude=0.5, orientation=90)"),
            limit(noise="periodic(amplitude=0.5)"),
        )
    )
    assert [chart.title for chart in charts] == ["gaussian", "periodic(orientation=90)", "periodic"]
    points = charts[0].lines[0].points
    assert [point.x for point in points] == sorted(point.x for point in points)
    assert len(points) == 3  # clean stands at 0
    assert [point.y for point in points] == sorted(point.y for point in points)  # downwards as accuracy falls
    assert all(LEFT <= point.x <= WIDTH - RIGHT and TOP <= point.y <= HEIGHT - BOTTOM for point in points)
