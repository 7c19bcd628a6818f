"""The report's sections on flips, waves, hunts, claims and generators: there when there is something to say, and safe."""

from __future__ import annotations

import base64
import html
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import product

import builders
import pytest
from builders import (
    break_evidence,
    claim_record,
    distortions,
    drop_found,
    drop_limit,
    flip_curve,
    flips_found,
    flips_limit,
    generator_record,
    hunt_record,
    levels_evidence,
    limit_record,
    marks,
    patterns_evidence,
    results,
    rich_results,
    spread,
    waves_limit,
)

from robustness.report.html.page import render_report
from robustness.report.results import ClassCounts, Hypothesis, Timing, UnmeasuredPromise
from robustness.search.waves import FREQUENCIES, ORIENTATIONS, DisruptionMap

EVIL = "<script>alert(1)</script>"
SECTIONS = {
    "flips": "Critical magnitudes: where predictions flip",
    "waves": "Sensitivity to spatial frequency",
    "claims": "Claims, declared and tested",
    "generators": "Generators",
}
BAND = (spread((0, 0.2)), spread((0, 0.9)))
FOUND = flips_found(shares=[0.0] * 20 + [0.1] * 20 + [0.2] * 20 + [0.3] * 20 + [0.4] * 121)
"""Of ten right predictions of one class, four that flip."""


def flips(model="net", name="stop", band=BAND, **more):
    quantiles = flips_found().quantiles
    found = flips_found(shares=FOUND.flipped, name=name, band=band, quantiles=quantiles)
    words = "4 of 10 right predictions flip"
    return flips_limit(found=found, model=model, seed=7, reason=words, **{"required": "0.5"} | more)


def band(model="net", clean=0.9, rights=None, **more):
    """A map of waves of which the shortest but one disrupts most."""
    drawn = DisruptionMap.of([right / 10 for right in rights or [9] * 42 + [2] * 6 + [9] * 6], clean)
    found = builders.wave_map(
        frequencies=tuple(map(float, FREQUENCIES)),
        orientations=tuple(map(float, ORIENTATIONS)),
        accuracies=tuple(map(tuple, drawn.accuracies.tolist())),
        clean=clean,
        words=drawn.in_words(),
    )
    return waves_limit(found, model=model, seed=7, **{"required": "0.5"} | more)


def claim(model="net", stops=False, **more):
    return claim_record(stops, models=(model, "other"), **more)


def hunt(model="net", stops=False, **more):
    return hunt_record(stops, model=model, **more)


class Page(HTMLParser):
    """Tags in order, the words of each section by its heading's id, and a check that every element is closed."""

    VOID = frozenset({"meta", "link", "img", "br", "line", "circle", "polyline", "polygon", "path"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.sections, self.attributes = [], [], {}, []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if tag not in self.VOID:
            self.open.append((tag, dict(attributes).get("aria-labelledby")))

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for _, section in self.open:
            if section:
                self.sections[section] = f"{self.sections.get(section, '')} {' '.join(data.split())}".strip()


def sections(*records, **more):
    return Page(render_report(results(*records, **more))).sections


# Which there are.


@pytest.mark.parametrize(
    "there", list(product([False, True], repeat=4)), ids=lambda there: "".join("-+"[is_there] for is_there in there)
)
def test_each_section_is_there_exactly_when_there_is_something(there):
    asked = dict(zip(SECTIONS, there, strict=True))
    made = (("flips", flips), ("waves", band), ("claims", claim))
    generators = {"signs": marks()} if asked["generators"] else {}
    page = render_report(results(*(make() for name, make in made if asked[name]), generators=generators))
    found = Page(page).sections
    for name, heading in SECTIONS.items():
        assert (name in found) is asked[name]
        assert (heading in page) is asked[name]
        assert found.get(name, heading).startswith(heading)
    assert "broken" not in found
    assert "accuracy" not in found


def test_the_page_stays_well_formed_and_loads_nothing():
    text = render_report(results(flips(), band(), hunt(stops=True), claim(stops=True)))
    page = Page(text)
    assert not re.search(r"url\(|@import", text)
    assert page.tags.count("script") == 1  # its own, which sorts and filters
    assert not [a for a in page.attributes if (a[1] in {"src", "href"} and a[2][0] != "#") or a[1].startswith("on")]
    assert {"polyline", "polygon", "svg"} < set(page.tags)


# What they say.


def test_flips_are_shown_with_their_limit_their_classes_and_their_images():
    said = sections(flips())["flips"]
    assert "net up to gaussian(sigma=50), seed 7" in said
    assert "40.00 % flip ; the limit allows 50 % PASS" in said
    assert "stop: 4 of 10" in said
    assert "image 0, stop, becomes stop after at sigma 5 image 1, stop" in said
    assert "Looked at 200 magnitudes up to sigma 50" in said
    assert "Band: 95 % for the whole line." in said


def test_where_there_is_no_band_the_reason_stands_in_its_place():
    page = render_report(results(flips(band=None)))
    assert "No interval: no claim about a population can be made." in page
    assert "<polygon" not in page
    assert "Band:" not in page


def test_every_wave_has_a_cell_that_is_darker_the_more_is_lost():
    limited = band(stops=True)
    page = render_report(results(limited))
    cells = re.findall(r'<td style="--lost: ([\d.]+)">(\d+)</td>', page)
    assert len(cells) == 54
    assert {(float(lost), int(accuracy)) for lost, accuracy in cells} == {(0, 90), (0.778, 20)}  # 7 of 9
    said = Page(page).sections["waves"]
    assert "net, energy of amplitude 0.1 , seed 7 FAIL" in said
    assert "Waves at 0.3536 cycles per pixel (2.83 pixels long) take half of the accuracy; worst at 0.3536" in said
    assert "90.00 % without noise, and at least 50 % is asked for" in said


def test_a_map_of_a_network_that_is_never_right_can_be_drawn():
    page = render_report(results(band(clean=0.0, rights=[0] * 53 + [1], stops=True)))
    assert page.count('<td style="--lost: 1">') == 54


def test_what_a_claim_rests_on_stands_beside_it():
    said = sections(claim(evidence=patterns_evidence()))["claims"]
    assert "Distortion: gaussian(sigma=26) 19.98 dB, SSIM 0.7; offset(levels=25.5) 19.83 dB" in said
    assert "at 95 % confidence" in said
    assert "Distortion" not in sections(claim())["claims"]


# What stops the release.


def test_broken_hunts_and_claims_stand_under_what_stops_the_release_and_the_others_do_not():
    found = sections(
        flips(stops=True),
        band(model="two"),
        hunt("kept"),
        hunt("caught", stops=True, words="offset(levels=3), seed 0, flips 4 of 12"),
        claim("held"),
        claim("otherwise", stops=True, words="accuracy never breaks"),
        models=("net", "two"),
    )
    stops = found["broken"]
    assert stops.startswith("What stops the release")
    assert "net under gaussian(sigma=50)-max_flips" in stops
    assert "4 of 10 right predictions flip" in stops
    assert "caught: a hunt found too many flips thresholds.toml:20 : offset(levels=3), seed 0, flips 4 of 12." in stops
    assert "robustness flips replay findings/caught-1234.json" in stops
    assert "otherwise, other: a claim is supported, not refuted" in stops
    assert "thresholds.toml:30 : supported, declared refuted: accuracy never breaks." in stops
    assert not [word for word in ("kept", "held", "two under", "worst_band") if word in stops]


@pytest.mark.parametrize(
    "record", [hunt(stops=True), claim(stops=True), generator_record(stops=True)], ids=lambda record: f"{record.kind}s"
)
def test_a_hunt_a_claim_or_a_generator_limit_alone_can_stop_the_release(record):
    assert "broken" in sections(flips(), band(), record)


def test_a_generator_is_shown_with_every_mark_its_worst_classes_its_samples_and_its_losses():
    losses = {"generator": (1.0, 2.0), "discriminator": (1.0, 0.5)}
    made = results(generator_record(stops=True), generators={"signs": marks(losses=losses)})
    page = Page(render_report(made))
    said = page.sections["generators"]
    assert "signs, judged by net on 9 samples" in said
    assert "fidelity 0.333 ≥ 0.9 FAIL worst class 0.333 precision 0.5 recall 0.25" in said
    assert "Frechet distance 12 nearest training image 1 copied 0" in said
    assert "divergence of the losses none" in said
    assert "stop: 0.333, 3 of 9 samples named so (0.07 to 0.70), collapsed" in said
    assert "thresholds.toml:40 : fidelity 0.333, the limit asks for at least 0.9." in page.sections["broken"]
    sources = [value for tag, key, value in page.attributes if (tag, key) == ("img", "src")]
    chart, sheet, pairs = sources
    assert b"<polyline" in base64.b64decode(chart.removeprefix("data:image/svg+xml;base64,"))
    assert sheet == "data:image/webp;base64,UklGRg=="
    assert pairs == "data:image/webp;base64,cGFpcnM="
    alternatives = [value for tag, key, value in page.attributes if (tag, key) == ("img", "alt")]
    assert alternatives == [
        "Losses in the training of signs: generator 2.000 after 2 epochs; discriminator 0.500 after 2 epochs",
        "Samples of signs, a column for each class",
        "The samples of signs nearest to a training image, that image below each",
    ]


def test_a_mark_that_older_results_do_not_have_is_shown_as_none():
    made = results(generators={"signs": marks(nearest=None, pairs=None)})
    assert "nearest training image none copied 0" in Page(render_report(made)).sections["generators"]


def test_a_generator_without_classes_or_losses_is_shown_without_them():
    page = render_report(results(generators={"plain": marks(classes=False)}))
    assert "Classes of lowest fidelity" not in page
    assert "image/svg" not in page
    assert 'alt="Samples of plain"' in page


def per_class(model="net", name="stop"):
    """Of two classes under one noise the second is the weaker."""
    counts = ClassCounts(model=model, noise="gaussian(sigma=25)", seen=(4, 4), right=(4, 1))
    classes = tuple(replace(one, images=4) for one in builders.images(name, f"{name} after").classes)
    return {"images": builders.images(classes=classes), "per_class": (counts,)}


def test_classes_stand_under_each_noise_the_weakest_first():
    page = render_report(results(limit_record(), **per_class()))
    assert "net class images mean gaussian sigma 25 stop after 4 25 25 stop 4 100 100" in Page(page).sections["per_class"]
    assert page.count('style="--lost:0.75">25</td>') == 2


def test_timings_are_shown_where_there_are_any_and_only_what_was_measured():
    timed = (
        Timing(kind="max_flips", tests=2, seconds=12.3456, stored=1, images_per_second=None),
        Timing(kind="accuracy", tests=1_200, seconds=0.5, stored=1_100, images_per_second=4321.9),
    )
    said = sections(timings=timed)["timings"]
    assert "The whole run took 1.0 s" in said
    assert said.endswith("images per second max flips 2 1 12.35 accuracy 1,200 1,100 0.50 4,322")
    assert "timings" not in sections()


def test_a_search_shows_where_shares_have_flipped_and_marks_the_break_point():
    page = render_report(results(flips()))
    assert "1 % by sigma 5 (" in Page(page).sections["flips"]
    assert "the limit is kept up to 50" in page  # read aloud
    assert ">passes the limit at 15</text>" in render_report(results(flips(stops=True, required="0.25")))


def test_a_claim_that_accuracy_breaks_shows_its_search_and_the_hypothesis_it_bears_on():
    evidence = break_evidence(break_point=15.0, interval=(10.0, 20.0), expected=(5.0, 40.0), search=flip_curve())
    two = claim("two", says="more-noise-never-helps", evidence=levels_evidence())
    first = Hypothesis(name="H1", words="there is a magnitude beyond which a network regularly fails")
    hypotheses = {"breaks": first, "order-differs": Hypothesis(name="H2", words="of others")}
    made = sections(claim(evidence=evidence), two, models=("net", "two"), hypotheses=hypotheses)
    assert made["flips"].count("net up to gaussian(sigma=50)") == 1
    assert (
        "net up to gaussian(sigma=50) flipped, % 0 15 30 45 60 0 12.5 25 37.5 50 sigma, grey levels of 255 accuracy"
        in made["flips"]
    )
    assert "accuracy breaks at 15" in made["flips"]
    assert "net-breaks-gaussian : accuracy falls below 0.9 of clean accuracy at sigma 25. supported" in made["flips"]
    assert "there is a magnitude beyond which a network regularly fails" in made["claims"]
    assert "H2" not in made["claims"]


def test_images_newly_wrong_since_the_baseline_are_named():
    dropped = drop_limit(change=drop_found(broken=60))
    assert "newly wrong Image" not in sections(dropped)["drops"]  # of a file from before they were kept
    dropped = drop_limit(change=drop_found(broken=60, broken_images=(3, 14, 15)))
    assert "60 newly wrong Images 3, 14, 15 and 57 more." in sections(dropped)["drops"]


ORDER = (
    *("models", "about", "broken", "excused", "warnings", "breaks", "accuracy", "checks", "curves", "flips", "turned"),
    *("confusions", "per_class", "drops", "waves", "claims", "generators", "gallery", "classes", "timings", "made"),
)


def test_sections_come_in_order_and_the_links_at_the_top_with_them():
    page = render_report(rich_results())
    assert re.findall(r'<h2 id="(\w+)">', page) == [*ORDER]
    assert re.findall(r'<li><a href="#(\w+)">', page) == [*ORDER]


def test_among_all_checks_those_that_stop_come_first_and_hunts_tell_how_hard_they_tried():
    found = sections(hunt("kept"), hunt("caught", stops=True), claim("held"), claim("otherwise", stops=True))
    assert found["checks"].index("caught") < found["checks"].index("2 kept") < found["checks"].index("held-breaks")
    assert "up to 30 tried on 100 images" in found["checks"]
    assert found["claims"].index("otherwise-breaks") < found["claims"].index("held-breaks")
    assert "supported, declared refuted" in found["claims"]


def test_the_table_of_checks_has_what_was_not_measured_what_was_left_out_and_the_rules_that_hold():
    missing = [
        UnmeasuredPromise(kind="limit", id=name, place="thresholds.toml:7", models=("net",), left_out=left_out)
        for name, left_out in (("net-lost", False), ("net-not-asked", True))
    ]
    found = sections(limit_record(), unmeasured=tuple(missing), rules=("test_rules.py::test_mine",), gaps=("1 not measured",))
    assert "net-lost not measured limit" in found["checks"]
    assert "net-not-asked left out limit" in found["checks"]
    assert "test_rules.py::test_mine pytest test_rules.py::test_mine PASS rule" in found["checks"]


# What the user wrote.


@pytest.mark.parametrize("stops", [False, True])
def test_a_model_and_a_class_named_like_a_script_are_text_wherever_they_stand(stops):
    page = render_report(
        results(
            flips(EVIL, EVIL, stops=stops),
            band(EVIL, stops=stops),
            limit_record(model=EVIL),
            hunt(EVIL, stops, words=f"image 3, {EVIL}, becomes {EVIL}"),
            claim(EVIL, stops, words=f"{EVIL} differs", evidence=patterns_evidence(distortions=distortions(EVIL))),
            generator_record(stops, generator=EVIL, words=f"{EVIL} collapsed"),
            models=[EVIL],
            generators={EVIL: marks(EVIL, losses={"generator": (1.0,), "discriminator": (1.0,)})},
            **per_class(EVIL, EVIL),
        )
    )
    assert page.count("<script") == 1
    parsed = Page(page)
    assert parsed.tags.count("script") == 1
    for section in (*SECTIONS, "per_class"):
        assert EVIL in parsed.sections[section]  # as text
    assert (EVIL in parsed.sections.get("broken", "")) is stops
    assert f"{html.escape(EVIL)}: 4 of 10" in page
    assert f"of the right predictions of {html.escape(EVIL)} flip up to" in page  # read aloud


def test_quotes_in_a_name_end_no_attribute():
    name = '" onload="alert(1)'
    page = Page(render_report(results(flips(name, name), band(name), models=[name])))
    assert not [attribute for _, attribute, _ in page.attributes if attribute.startswith("on")]
    assert any(name in (value or "") for _, attribute, value in page.attributes if attribute == "aria-label")
