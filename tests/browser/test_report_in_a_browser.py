"""The report as people open it: from a file, offline, wide and narrow, light and dark, with scripts and without."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe

WIDTHS = (1280, 390)
LIMITS = """
schema = 1

[run]
data = "signs"

[models.baseline-cnn]
load = "baseline-cnn"
weights = "signs"

[models.small-resnet]
load = "small-resnet"
weights = "signs"

[[limits]]
models = ["baseline-cnn", "small-resnet"]
noise = "clean"
accuracy = 0.9

[[limits]]
models = ["baseline-cnn", "small-resnet"]
noise = "paper"
accuracy = 0.7

[[limits]]
models = ["baseline-cnn"]
noise = "gaussian"
sigma = 3
max_flips = 0.001

[[limits]]
models = ["baseline-cnn"]
noise = "periodic"
amplitude = 0.05
worst_band = 0.47

[[claims]]
says = "breaks"
models = ["baseline-cnn"]
noise = "salt-and-pepper"
amount = [0.001, 0.5]
of_clean = 0.5
expected = "supported"

[[claims]]
says = "more-noise-never-helps"
models = ["baseline-cnn"]
noise = "gaussian"
sigma = [5, 25, 50]
expected = "supported"
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A gate on the drawn signs that fails, with as many sections as it takes seconds to measure."""
    folder = tmp_path_factory.mktemp("gate")
    (folder / "thresholds.toml").write_text(LIMITS)
    done = subprocess.run([sys.executable, "-m", "robustness.cli", "gate", "-n", "0"], cwd=folder, capture_output=True)
    assert done.returncode == 1, done.stdout.decode()
    return folder / "robustness-report"


@pytest.fixture(scope="session")
def report(folder):
    return folder / "report.html"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_from_its_file_without_a_word_and_asks_for_nothing(visit, report, width, scheme):
    page = visit(report, width, color_scheme=scheme)
    assert page.said == []
    assert [url for url in page.asked if not url.startswith("data:")] == [report.as_uri()]
    assert page.locator("h1").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width  # what is wide scrolls by itself


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier(visit, report, width, scheme):
    found = Axe().run(visit(report, width, color_scheme=scheme)).response["violations"]
    assert not found, json.dumps([(one["id"], one["impact"], one["nodes"][0]["html"][:200]) for one in found], indent=1)


def test_dark_is_dark_and_light_is_light(visit, report):
    light, dark = (
        visit(report, color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    )
    assert light == "rgb(255, 255, 255)"
    assert max(map(int, dark[4:-1].split(","))) < 60


def column(table, place):
    return [cell.strip() for cell in table.locator(f"tbody tr:visible > :nth-child({place})").all_inner_texts()]


def test_a_table_is_sorted_by_a_column_upwards_downwards_and_not_at_all(visit, report):
    page = visit(report)
    table = page.locator("section[aria-labelledby=accuracy] table")
    before, numbers = column(table, 1), column(table, 2)
    head = table.locator("thead th").nth(1)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    values = [float(text.split()[0]) for text in column(table, 2)]
    assert values == sorted(values)
    head.get_by_role("button").press("Enter")
    assert [float(text.split()[0]) for text in column(table, 2)] == values[::-1]
    head.get_by_role("button").press("Enter")
    assert (column(table, 1), column(table, 2)) == (before, numbers)


def test_numbers_are_sorted_by_their_size_however_they_are_written(visit, folder, tmp_path):
    results = json.loads((folder / "results.json").read_text())
    for label, images in zip(results["images"]["classes"], (1000, 90, 20_000), strict=False):
        label["images"] = images
    results["timings"] = [
        {"kind": f"kind {seconds}", "tests": 1, "seconds": seconds, "stored": None, "images_per_second": None}
        for seconds in (0.5, 12.25, 0.06, 1234.0)
    ]
    (tmp_path / "results.json").write_text(json.dumps(results))
    subprocess.run([sys.executable, "-m", "robustness.cli", "report", "results.json"], cwd=tmp_path, check=True)
    page = visit(tmp_path / "report.html")
    for section, place, last in (("per_class", 2, ["90", "1,000", "20,000"]), ("timings", 4, ["0.50", "12.25", "1,234.00"])):
        table = page.locator(f"section[aria-labelledby={section}] table").first
        table.locator("thead th").nth(place - 1).get_by_role("button").click()
        assert column(table, place)[-3:] == last


def test_heads_of_a_long_table_stay_in_sight(visit, report):
    page = visit(report, 390)
    region = page.locator("section[aria-labelledby=per_class] .tall").first
    region.evaluate("region => region.scrollTo(200, 300)")
    top, left = region.evaluate("region => [region.getBoundingClientRect().top, region.getBoundingClientRect().left]")
    head, first = (
        region.locator("thead th").first.bounding_box(),
        region.locator("tbody tr").nth(20).locator("th").bounding_box(),
    )
    assert head["y"] == pytest.approx(top, abs=1)
    assert head["x"] == first["x"] == pytest.approx(left, abs=1)


def test_rows_are_filtered_by_what_they_say(visit, report):
    page = visit(report)
    table = page.locator("section[aria-labelledby=accuracy] table")
    page.locator("section[aria-labelledby=accuracy] input[type=search]").fill("SALT")
    assert column(table, 1) == [f"salt-and-pepper(amount={amount})" for amount in (0.001, 0.002, 0.004)]
    assert page.locator("section[aria-labelledby=accuracy] output").inner_text() == "3 of 10"


def test_everything_is_there_without_scripts(visit, report):
    with_scripts, without = (visit(report, java_script_enabled=on) for on in (True, False))
    assert without.locator("th button").count() == 0
    for page in (with_scripts, without):
        assert page.locator("section").count() >= 10
    sections = [page.locator("h2").all_inner_texts() for page in (with_scripts, without)]
    assert sections[0] == sections[1]


def test_links_at_the_top_are_reached_by_keyboard_and_lead_to_their_sections(visit, report):
    page = visit(report)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#about")
    assert page.locator("#about").is_visible()


def test_a_figure_leads_to_its_row_even_where_that_is_folded(visit, report):
    page = visit(report)
    link = page.locator("section[aria-labelledby=accuracy] td a").first
    row = page.locator(f"id={link.get_attribute('href')[1:]}")
    assert not row.is_visible()
    link.click()
    assert row.is_visible()
    assert "robustness evaluate baseline-cnn" in row.inner_text()


def test_checks_are_filtered_by_verdict_model_and_kind(visit, report):
    page = visit(report)
    section = page.locator("section[aria-labelledby=checks]")
    rows = section.locator("tbody tr")
    section.get_by_label("kind").select_option("claim")
    assert rows.locator("visible=true").count() == 2
    section.get_by_label("model").select_option("small-resnet")
    assert rows.locator("visible=true").count() == 0
    section.get_by_label("kind").select_option("")
    section.get_by_label("verdict").select_option("PASS")
    shown = rows.locator("visible=true").all_inner_texts()
    assert shown
    assert all("small-resnet" in text and "PASS" in text for text in shown)


def test_the_counts_of_a_confusion_matrix_are_read_by_arrow_keys(visit, report):
    page = visit(report)
    matrix = page.locator("svg.matrix").first
    matrix.focus()
    matrix.press("ArrowRight")
    first = matrix.locator("xpath=..").locator("output").inner_text()
    matrix.press("ArrowRight")
    second = matrix.locator("xpath=..").locator("output").inner_text()
    assert first != second
    assert all(re.search(r"classified.*: \d+ of \d+", text) for text in (first, second))


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_on_paper_nothing_is_cut_heads_are_repeated_and_pages_are_counted(visit, report, tmp_path, paper):
    page = visit(report)
    page.emulate_media(media="print")
    width = {"A4": 186, "Letter": 191.9}[paper] / 25.4 * 96
    page.set_viewport_size({"width": int(width), "height": 1000})
    wide = (
        "[...document.querySelectorAll('table, svg, pre')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)"
    )
    assert page.evaluate(f"{wide}.map((one) => one.outerHTML.slice(0, 80))") == []
    page.pdf(path=tmp_path / "report.pdf", format=paper, prefer_css_page_size=False)
    text = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "report.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    pages = text.rstrip("\f\n").split("\f")
    assert len(pages) <= 20
    for number, of_page in enumerate(pages, start=1):
        assert re.search(rf"FAIL - \S+ - results.json [0-9a-f]{{16}} +{number} of {len(pages)}", of_page)
    split = [of_page for of_page in pages if re.search(r"^ *(Stop|Yield) +\d+ +\d+", of_page, re.MULTILINE)]
    assert split
    assert all(re.search(r"images +mean", of_page) for of_page in split)


def test_a_model_named_like_a_script_runs_nothing(visit, folder, tmp_path):
    bad = "<img src=x onerror=alert(1)><script>alert(1)</script>"
    results = json.loads((folder / "results.json").read_text().replace('"baseline-cnn"', json.dumps(bad)))
    (tmp_path / "results.json").write_text(json.dumps(results))
    for inputs in (["results.json"], ["results.json", str(folder / "results.json")]):
        subprocess.run([sys.executable, "-m", "robustness.cli", "report", *inputs], cwd=tmp_path, check=True)
        page = visit(tmp_path / "report.html")
        assert page.said == []
        assert len(page.asked) == 1
        assert bad in page.locator("body").inner_text()


def test_what_has_long_names_still_fits_a_narrow_page(visit, folder, tmp_path):
    results = json.loads((folder / "results.json").read_text().replace('"baseline-cnn"', json.dumps("a-name-" * 12)))
    results["errors"] = {"thresholds.toml::test_limits.py::test_limit[baseline-cnn-gaussian(sigma=5)-max_drop]": "lost"}
    (tmp_path / "results.json").write_text(json.dumps(results))
    subprocess.run([sys.executable, "-m", "robustness.cli", "report", "results.json"], cwd=tmp_path, check=True)
    assert visit(tmp_path / "report.html", 390).evaluate("document.documentElement.scrollWidth") <= 390


def test_several_runs_side_by_side_open_as_quietly(visit, folder, tmp_path):
    command = [sys.executable, "-m", "robustness.cli", "report", *[str(folder / "results.json")] * 2, "-o", "two.html"]
    subprocess.run(command, cwd=tmp_path, check=True)
    for width in WIDTHS:
        page = visit(tmp_path / "two.html", width)
        assert (page.said, len(page.asked)) == ([], 1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not Axe().run(page).response["violations"]
