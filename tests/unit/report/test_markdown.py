"""The summary in Markdown: what stops a release first, and every word of the user's as text."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import builders
import pytest
from builders import claim_record, generator_record, hunt_record, limit_record

from robustness.report.ci.markdown import LONGEST, SHOWN, append_summary, summary, text

EVIL = "a|b `c` <script>alert(1)</script>\n\n# [d](e) *f* _g_ ~~h~~ $i$ \\| &lt;"


def limit(noise="clean", verdict="PASS", **more):
    subject = {"subject": noise}
    fields = {"value": 0.831, "required": "0.85", "right": 831, "seen": 1000, "verdict": verdict, "reason": "why"}
    return limit_record("clean", **subject | fields | more)


def results(*records, **more):
    return builders.results(*records, **{"verdict": "FAIL", "images": builders.images(images=1000)} | more)


def rows(page):
    return [line for line in page.splitlines() if line.startswith("|")]


def test_the_verdict_is_the_heading_and_what_stops_comes_before_what_is_folded_away():
    page = summary(results(limit(), limit("gaussian(sigma=25)", "FAIL"), gaps=("1 limit not measured: x",)))
    assert page.startswith("## FAIL: 1 of 2 measured limits broken (net under gaussian(sigma=25)); 1 limit not measured: x\n")
    before, after = page.split("<details><summary>1 limit kept</summary>")
    assert "| net | gaussian(sigma=25) | 0.8310 | 0.85 | 831 of 1,000 | FAIL | <code>robustness evaluate net</code> |" in before
    assert "- 1 limit not measured: x" in before
    assert "| net | clean | 0.8310 | 0.85 | 831 of 1,000 | PASS |" in after
    assert "torch 2" in after


def test_hunts_claims_and_generator_limits_are_told_where_they_stop():
    hunt = hunt_record(stops=True, hunt="h", words="found", replay="replay it")
    claim, mark = (
        claim_record(stops=True, claim="c", words="why"),
        generator_record(stops=True, generator_limit="g", words="poor"),
    )
    kept = [replace(one, stops=False, words="silent") for one in (hunt, claim, mark)]
    page = summary(results(hunt, kept[0], claim, kept[1], mark, kept[2]))
    assert "- **hunt h**: found<br><code>replay it</code>\n" in page
    assert "- **claim c**: supported, declared refuted: why\n" in page
    assert "- **generator limit g**: poor\n" in page
    assert "silent" not in page


def test_warnings_are_said_and_stop_nothing():
    evil = builders.noise_warning(words=EVIL)
    page = summary(results(limit("clean"), verdict="PASS", warnings=(builders.noise_warning(), evil)))
    assert "\n- warning: thresholds.toml:12: gaussian(sigma=0.15) changes next to nothing\n- warning: " in html.unescape(page)
    assert "<script>" not in page


def test_what_lay_beside_the_images_is_said():
    page = summary(results(limit("clean"), images=builders.images(left_out="1 file that is no image was left out: a.md")))
    assert "\n\nsigns: 1 file that is no image was left out: a.md\n\n" in html.unescape(page)


def test_words_of_the_user_are_text_everywhere():
    page = summary(
        results(
            limit(EVIL, "FAIL", model=EVIL, repeat=EVIL),
            limit(EVIL, "FAIL", model=EVIL, asks="max_flips", reason=EVIL),
            limit(EVIL, model=EVIL),
            hunt_record(stops=True, hunt=EVIL, words=EVIL, replay=EVIL),
            gaps=(EVIL,),
            errors={EVIL: EVIL},
            left_out=(EVIL,),
            data=EVIL,
            images=builders.images(name=EVIL, left_out=EVIL),
        )
    )
    assert not re.search(r"<script|`|\*f\*|_g_|~~|\$i|\[d", page)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows(page)} == {8, 7}
    assert len(rows(page)) == 2 + 2 + 2 + 1
    assert sum(line.startswith("#") for line in page.splitlines()) == 1


@pytest.mark.parametrize("words", [EVIL, "- item", "1. item", "# heading", "max_flips"])
def test_text_reads_as_it_was(words):
    shown = text(words)
    assert html.unescape(shown) == " ".join(words.split())
    assert not re.match(r"[-#]|\d+\.", shown)


def test_long_summaries_are_cut():
    page = summary(results(*[limit(str(number)) for number in range(SHOWN + 5)], gaps=("x" * 10 * LONGEST,)))
    assert len(rows(page)) == 2 + SHOWN
    assert "and 5 more in the report" in page
    assert "x" * (LONGEST + 1) not in page


def test_a_summary_is_added_to_what_is_there(tmp_path):
    file = tmp_path / "summary.md"
    file.write_text("former\n")
    append_summary(results(limit(model="caf\u00e9 \udcff")), file)
    assert file.read_text(encoding="utf-8").startswith("former\n## ")
