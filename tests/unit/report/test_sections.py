"""The report's sections on flips, waves, hunts, claims and generators: there when there is something to say, and safe."""

from __future__ import annotations

import base64
import html
import math
import re
from decimal import Decimal
from html.parser import HTMLParser
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from robustness.data import ImageSet
from robustness.declaration.scope import Scope
from robustness.evaluation.case import Case
from robustness.evaluation.evaluate import Measurement
from robustness.evaluation.result import Result
from robustness.limits.findings import worst_band
from robustness.limits.flips import max_flips
from robustness.noise import Gaussian, Periodic
from robustness.report.html import render_report
from robustness.search.critical import LEVELS, Flips, Search, SearchCase
from robustness.search.waves import waves

EVIL = "<script>alert(1)</script>"
SECTIONS = {
    "flips": "Critical magnitudes: where predictions flip",
    "waves": "Which waves disrupt",
    "hunts": "Hunts for flips",
    "claims": "Claims, declared and tested",
    "generators": "Generators",
}
INDEPENDENT = Scope(independent=True)


def limit(noise, asks, finding, required="0.5", model="net", stops=False):
    return {
        "limit": f"{model}-{noise}-{asks}",
        "place": "thresholds.toml:9",
        "model": model,
        "noise": str(noise),
        "subject": f"{noise}-{asks}",
        "family": noise.family,
        "magnitude": noise.magnitude,
        "level": noise.level,
        "identity": noise.identity,
        "bit_identical": True,
        "seed": 7,
        "asks": asks,
        "is_plain": asks == "accuracy",
        "required": required,
        "needed": 5,
        "value": finding.value,
        "details": finding.details,
        "right": 9,
        "total": 10,
        "seen": 10,
        "reason": finding.words,
        "stops": stops,
        "accuracy": 0.9,
        "verdict": "FAIL" if stops else "PASS",
        "repeat": f"robustness flips search {model}",
    }


def flips(model="net", name="stop", claim=INDEPENDENT, **more):
    """Of ten right predictions of one class, four that flip, as the gate describes them."""
    noise = Gaussian(50)
    magnitudes = np.array([*(step.level for step in noise.ladder(LEVELS)), math.inf])
    levels = np.array([20, 40, 60, 80] + [LEVELS + 1] * 6)
    after = np.where(levels > LEVELS, -1, 1).astype(np.int16)
    found = Flips(np.zeros(10, np.int16), magnitudes[levels], after, np.ones(10, np.int16))
    images = ImageSet.from_images("set", [np.zeros((1, 1, 3), np.uint8)] * 10, [0] * 10, [name, f"{name} after"])
    search = Search(SearchCase(Case(model, "set", noise, 0, "", "", ""), 25), found, np.zeros(10, np.int64), 0.0, False)
    return limit(noise, "max_flips", max_flips(search, images, claim, noise, Decimal("0.5")), model=model, **more)


def band(model="net", clean=0.9, rights=None, **more):
    """A map of waves of which the shortest but one disrupts most."""
    result = Result(np.zeros(10, np.int16), np.zeros(10, np.float32))
    measured = [
        Measurement(Case(model, "set", wave, 0, "", "", ""), result, [(right, 10)], 10, 0.0, False)
        for wave, right in zip(waves(0.1, 8), rights or [9] * 42 + [2] * 6 + [9] * 6, strict=True)
    ]
    return limit(Periodic(0.1), "worst_band", worst_band(clean, measured, Decimal("0.5")), model=model, **more)


def hunt(model="net", stops=False, words="no noise up to gaussian(sigma=3) flips more than 0.05 of 12 right predictions"):
    return {
        "hunt": f"{model}-gaussian",
        "place": "thresholds.toml:20",
        "model": model,
        "words": words,
        "mended": [],
        "stops": stops,
        "replay": f"robustness flips replay findings/{model}-1234.json" if stops else None,
    }


def claim(model="net", stops=False, words="accuracy falls below 0.9 of clean accuracy at sigma 25", distortions=None):
    return {
        "claim": f"{model}-breaks-gaussian",
        "place": "thresholds.toml:30",
        "says": "breaks",
        "models": [model, "other"],
        "expected": "refuted" if stops else "supported",
        "outcome": "supported",
        "stops": stops,
        "words": words,
        "evidence": {"confidence": 0.95} | ({} if distortions is None else {"distortions": distortions}),
    }


def judged(name="stop", losses=None, classes=True):
    """All marks of a generator, as the gate keeps them; one class, of which a third is named so, unless it knows none."""
    label = {
        "name": name, "images": 9, "right": 3, "real_right": 9, "low": 0.07, "high": 0.7, "variety": 0.1,
        "fidelity": 1 / 3, "collapsed": True,
    }  # fmt: skip
    return {
        "judge": "net", "samples": 9, "fidelity": 1 / 3 if classes else None, "classes": [label] if classes else [],
        "collapsed": [name] if classes else [], "precision": 0.5, "recall": 0.25, "frechet": 12.0, "nearest": 1.0,
        "copied": 0.0, "divergence": None, "losses": losses or {}, "sheet": "UklGRg==", "pairs": "cGFpcnM=",
    }  # fmt: skip


def mark(model="signs", stops=False, words="fidelity 0.333, the limit asks for at least 0.9"):
    return {
        "generator_limit": f"{model}-fidelity", "place": "thresholds.toml:40", "generator": model, "judge": "net",
        "asks": "fidelity", "required": "0.9" if stops else "0.3", "value": 1 / 3, "stops": stops, "words": words,
    }  # fmt: skip


def results(*limits, models=("net",), **more):
    return {
        "schema": 1,
        "verdict": "PASS",
        "gaps": [],
        "thresholds": {"path": "thresholds.toml", "sha256": "ab" * 32},
        "data": "signs",
        "seed": 0,
        "confidence": 0.95,
        "models": {model: {} for model in models},
        "model_hashes": {},
        "images": None,
        "published": {},
        "gallery": [],
        "confusions": [],
        "turned": [],
        "per_class": [],
        "timings": [],
        "limits": list(limits),
        "hunts": [],
        "claims": [],
        "generator_limits": [],
        "generators": {},
        "left_out": [],
        "errors": {},
        "measurements": {},
        "run": {
            "command": ["robustness", "gate"],
            "started": "2026-01-02T03:04:05+00:00",
            "seconds": 1.0,
            "versions": {"torch": "2"},
            "python": "3.12",
            "platform": "Linux",
        },
    } | more


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


def sections(*limits, **more):
    return Page(render_report(results(*limits, **more))).sections


# Which there are.


@pytest.mark.parametrize(
    "there", list(product([False, True], repeat=5)), ids=lambda there: "".join("-+"[is_there] for is_there in there)
)
def test_each_section_is_there_exactly_when_there_is_something(there):
    asked = dict(zip(SECTIONS, there, strict=True))
    limits = [one() for one, is_there in ((flips, asked["flips"]), (band, asked["waves"])) if is_there]
    made = results(*limits, hunts=[hunt()] * asked["hunts"], claims=[claim()] * asked["claims"])
    made["generators"] = {"signs": judged()} if asked["generators"] else {}
    page = render_report(made)
    found = Page(page).sections
    for name, heading in SECTIONS.items():
        assert (name in found) is asked[name]
        assert (heading in page) is asked[name]
        assert found.get(name, heading).startswith(heading)
    assert "broken" not in found
    assert "others" not in found  # limits with sections of their own have no second place
    assert "accuracy" not in found


def test_the_page_stays_well_formed_and_loads_nothing():
    page = Page(render_report(results(flips(), band(), hunts=[hunt(stops=True)], claims=[claim(stops=True)], verdict="FAIL")))
    assert page.tags.count("script") == 1  # its own, which sorts and filters
    assert not [a for a in page.attributes if (a[1] in {"src", "href"} and a[2][0] != "#") or a[1].startswith("on")]
    assert {"polyline", "polygon", "svg"} < set(page.tags)


# What they say.


def test_flips_are_shown_with_their_limit_their_classes_and_their_images():
    said = sections(flips())["flips"]
    assert "net up to gaussian(sigma=50), seed 7" in said
    assert "40.00 % flip; the limit allows 50 % PASS" in said
    assert "stop: 4 of 10" in said
    assert "image 0, stop, becomes stop after at sigma 5 image 1, stop" in said
    assert "Looked at 200 magnitudes up to sigma 50, 0.25 apart" in said
    assert "Band: 95 % for the whole line." in said


def test_where_there_is_no_band_the_reason_stands_in_its_place():
    page = render_report(results(flips(claim=Scope())))
    assert "No interval: no claim about a population can be made: whether the images of set are independent" in page
    assert "<polygon" not in page
    assert "Band:" not in page


def test_every_wave_has_a_cell_that_is_darker_the_more_is_lost():
    limited = band(stops=True)
    page = render_report(results(limited, verdict="FAIL"))
    cells = re.findall(r'<td style="--lost: ([\d.]+)">(\d+)</td>', page)
    assert len(cells) == 54
    assert {(float(lost), int(accuracy)) for lost, accuracy in cells} == {(0, 90), (0.778, 20)}  # 7 of 9
    said = Page(page).sections["waves"]
    assert "net, energy of amplitude 0.1, seed 7 FAIL" in said
    assert "Waves at 0.3536 cycles per pixel (2.83 pixels long) take half of the accuracy; worst at 0.3536" in said
    assert "90.00 % without noise, and at least 50 % is asked for" in said


def test_a_map_of_a_network_that_is_never_right_can_be_drawn():
    page = render_report(results(band(clean=0.0, rights=[0] * 53 + [1], stops=True), verdict="FAIL"))
    assert page.count('<td style="--lost: 1">') == 54


def test_what_a_claim_rests_on_stands_beside_it():
    rows = [
        {"noise": "gaussian(sigma=26)", "psnr": 19.98, "ssim": 0.7},
        {"noise": "offset(levels=25.5)", "psnr": 19.83, "ssim": 0.9},
    ]
    said = sections(claims=[claim(distortions=rows)])["claims"]
    assert "Distortion: gaussian(sigma=26) 19.98 dB, SSIM 0.7; offset(levels=25.5) 19.83 dB, SSIM 0.9" in said
    assert "at 95 % confidence" in said
    assert "Distortion" not in sections(claims=[claim()])["claims"]


# What stops the release.


def test_broken_hunts_and_claims_stand_under_what_stops_the_release_and_the_others_do_not():
    found = sections(
        flips(stops=True),
        band(model="two"),
        models=("net", "two"),
        verdict="FAIL",
        hunts=[hunt("kept"), hunt("caught", stops=True, words="offset(levels=3), seed 0, flips 4 of 12")],
        claims=[claim("held"), claim("otherwise", stops=True, words="accuracy never breaks")],
    )
    stops = found["broken"]
    assert stops.startswith("What stops the release")
    assert "net under gaussian(sigma=50)-max_flips" in stops
    assert "4 of 10 right predictions flip" in stops
    assert "caught: a hunt found too many flips thresholds.toml:20: offset(levels=3), seed 0, flips 4 of 12." in stops
    assert "robustness flips replay findings/caught-1234.json" in stops
    assert "otherwise, other: a claim is supported, not refuted" in stops
    assert "thresholds.toml:30 otherwise-breaks-gaussian: accuracy never breaks." in stops
    assert not [word for word in ("kept", "held", "two under", "worst_band") if word in stops]


@pytest.mark.parametrize(
    "more",
    [{"hunts": [hunt(stops=True)]}, {"claims": [claim(stops=True)]}, {"generator_limits": [mark(stops=True)]}],
    ids=lambda more: next(iter(more)),
)
def test_a_hunt_a_claim_or_a_generator_limit_alone_can_stop_the_release(more):
    assert "broken" in sections(flips(), band(), verdict="FAIL", **more)


def test_a_generator_is_shown_with_every_mark_its_worst_classes_its_samples_and_its_losses():
    losses = {"generator": [1.0, 2.0], "discriminator": [1.0, 0.5]}
    made = results(generators={"signs": judged(losses=losses)}, generator_limits=[mark(stops=True)], verdict="FAIL")
    page = Page(render_report(made))
    said = page.sections["generators"]
    assert "signs, judged by net on 9 samples" in said
    assert "fidelity 0.333 ≥ 0.9 FAIL worst class 0.333 precision 0.5 recall 0.25" in said
    assert "Frechet distance 12 nearest training image 1 copied 0" in said
    assert "divergence of the losses none" in said
    assert "stop: 0.333, 3 of 9 samples named so (0.07 to 0.70), collapsed" in said
    assert "thresholds.toml:40: fidelity 0.333, the limit asks for at least 0.9." in page.sections["broken"]
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
    older = {key: value for key, value in judged().items() if key not in ("nearest", "pairs")}
    made = results(generators={"signs": older})
    assert "nearest training image none copied 0" in Page(render_report(made)).sections["generators"]


def test_a_generator_without_classes_or_losses_is_shown_without_them():
    page = render_report(results(generators={"plain": judged(classes=False)}))
    assert "Classes of lowest fidelity" not in page
    assert "image/svg" not in page
    assert 'alt="Samples of plain"' in page


def per_class(model="net", name="stop"):
    """Of two classes under one noise the second is the weaker; with the limit that the noise's name is taken from."""
    noise = Gaussian(25)
    finding = SimpleNamespace(value=0.5, details=None, words="accuracy 0.5")
    return {
        "limits": [limit(noise, "accuracy", finding, model=model)],
        "images": {
            "name": "set",
            "images": 8,
            "content_hash": "cd" * 32,
            "classes": [{"name": label, "images": 4, "picture": None} for label in (name, f"{name} after")],
        },
        "per_class": [{"model": model, "noise": str(noise), "seen": [4, 4], "right": [4, 1]}],
    }


def test_classes_stand_under_each_noise_the_weakest_first():
    page = render_report(results(**per_class()))
    assert "net class images mean gaussian sigma 25 stop after 4 25 25 stop 4 100 100" in Page(page).sections["per_class"]
    assert page.count('style="--lost:0.75">25</td>') == 2


def test_timings_are_shown_where_there_are_any_and_only_what_was_measured():
    timed = [
        {"kind": "max_flips", "tests": 2, "seconds": 12.3456, "stored": 1, "images_per_second": None},
        {"kind": "accuracy", "tests": 1_200, "seconds": 0.5, "stored": 1_100, "images_per_second": 4321.9},
    ]
    said = sections(timings=timed)["timings"]
    assert "The whole run took 1.0 s" in said
    assert said.endswith("images per second max flips 2 1 12.35 accuracy 1,200 1,100 0.50 4,322")
    assert "timings" not in sections()


def test_a_search_shows_where_shares_have_flipped_and_marks_the_break_point():
    page = render_report(results(flips()))
    assert "1 % by sigma 5 (" in Page(page).sections["flips"]
    assert "the limit is kept up to 50" in page  # read aloud
    stopped = flips(stops=True) | {"required": "0.25"}
    assert ">passes the limit at 15</text>" in render_report(results(stopped, verdict="FAIL"))


def test_a_claim_that_accuracy_breaks_shows_its_search_and_the_hypothesis_it_bears_on():
    found = claim()
    found["evidence"] |= {"break_point": 15.0, "interval": [10.0, 20.0], "expected": [5, 40], "search": flips()["details"]}
    made = sections(models=("net", "other"), claims=[found, claim("two", distortions=[]) | {"says": "more-noise-never-helps"}])
    assert "net up to gaussian(sigma=50) 0 12.5 25" not in made["flips"]
    assert "accuracy breaks at 15" in made["flips"]
    assert "net-breaks-gaussian: accuracy falls below 0.9 of clean accuracy at sigma 25. supported" in made["flips"]
    assert "there is a magnitude beyond which a network regularly fails" in made["claims"]
    assert "H2" not in made["claims"]


def test_images_newly_wrong_since_the_baseline_are_named():
    change = {
        "baseline": "v1",
        "right_before": 9,
        "broken": 60,
        "mended": 1,
        "drop": 0.1,
        "low": 0.0,
        "high": 0.2,
        "p_value": 0.5,
    }
    noise, finding = Gaussian(25), SimpleNamespace(value=0.1, details=None, words="a drop of 0.1")
    dropped = limit(noise, "max_drop", finding) | {"change": change, "confidence": 0.95}
    assert "newly wrong Image" not in sections(dropped)["drops"]  # of a file from before they were kept
    change["broken_images"] = [3, 14, 15]
    assert "60 newly wrong Images 3, 14, 15 and 57 more." in sections(dropped)["drops"]


ORDER = (
    *("broken", "breaks", "accuracy", "others", "curves", "flips", "turned", "confusions", "per_class", "drops", "waves"),
    *("hunts", "claims", "generators", "gallery", "classes", "timings", "made"),
)


def test_sections_come_in_order_and_the_links_at_the_top_with_them():
    noise = Gaussian(25)
    plain = limit(noise, "accuracy", SimpleNamespace(value=0.5, details=None, words="accuracy 0.5"), stops=True)
    timed = [{"kind": "hunt", "tests": 1, "seconds": 1.0, "stored": None, "images_per_second": None}]
    picture = {"index": 1, "before": "a", "after": "b", "clean": "data:,", "noisy": "data:,"}
    confusion = {"model": "net", "noise": str(noise), "accuracy": 0.5, "seen": [4, 4], "right": [4, 1], "pairs": [[1, 0, 3]]}
    change = dict.fromkeys(("right_before", "broken", "mended"), 1) | dict.fromkeys(("drop", "low", "high", "p_value"), 0.1)
    dropped = plain | {"asks": "max_drop", "is_plain": False, "change": change | {"baseline": "v1"}, "confidence": 0.95}
    made = per_class() | {
        "turned": [{"model": "net", "noise": str(noise), "turned": 1, "pictures": [picture]}],
        "confusions": [confusion],
        "gallery": [{"noise": str(noise), "pictures": ["data:,"]}],
        "limits": [plain, plain | {"asks": "worst_class", "is_plain": False}, dropped, flips(), band()],
    }
    page = render_report(
        results(**made, hunts=[hunt()], claims=[claim()], generators={"signs": judged()}, timings=timed, verdict="FAIL")
    )
    assert re.findall(r'<h2 id="(\w+)">', page) == [*ORDER]
    assert re.findall(r'<li><a href="#(\w+)">', page) == [*ORDER]


def test_in_their_own_sections_those_that_stop_come_first():
    found = sections(
        hunts=[hunt("kept"), hunt("caught", stops=True)],
        claims=[claim("held"), claim("otherwise", stops=True)],
        verdict="FAIL",
    )
    assert found["hunts"].index("caught") < found["hunts"].index("kept")
    assert found["hunts"].index("FAIL") < found["hunts"].index("PASS")
    assert found["claims"].index("otherwise-breaks") < found["claims"].index("held-breaks")
    assert "supported, declared refuted" in found["claims"]


def test_the_heading_counts_what_stops_and_what_holds():
    page = render_report(results(flips(), verdict="FAIL", hunts=[hunt(), hunt("two", stops=True)], claims=[claim(stops=True)]))
    heading = re.search(r"<h1>(.*?)</h1>", page)
    assert heading is not None
    assert heading[1] == (
        "FAIL: 1 of 2 hunts found too many flips (two-gaussian); 1 of 1 claim not as declared (net-breaks-gaussian)"
    )
    held = render_report(results(flips(), band(), hunts=[hunt()], claims=[claim()]))
    assert "<h1>PASS: all 2 limits hold, 1 hunt found nothing, 1 claim came out as declared</h1>" in held


# What the user wrote.


@pytest.mark.parametrize("stops", [False, True])
def test_a_model_and_a_class_named_like_a_script_are_text_wherever_they_stand(stops):
    rows = [{"noise": EVIL, "psnr": 20.0, "ssim": 0.5}]
    made = results(
        flips(EVIL, EVIL, stops=stops),
        band(EVIL, stops=stops),
        models=[EVIL],
        verdict="FAIL" if stops else "PASS",
        hunts=[hunt(EVIL, stops, f"image 3, {EVIL}, becomes {EVIL}")],
        claims=[claim(EVIL, stops, f"{EVIL} differs", rows)],
        generators={EVIL: judged(EVIL, {"generator": [1.0], "discriminator": [1.0]})},
        generator_limits=[mark(EVIL, stops, f"{EVIL} collapsed")],
    )
    classes = per_class(EVIL, EVIL)
    made |= {key: classes[key] for key in ("images", "per_class")} | {"limits": [*made["limits"], *classes["limits"]]}
    page = render_report(made)
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
