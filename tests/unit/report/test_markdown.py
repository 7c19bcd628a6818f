"""The summary in Markdown: what stops a release first, and every word of the user's as text."""

from __future__ import annotations

import html
import re

import pytest

from robustness.report.markdown import LONGEST, SHOWN, append_summary, summary, text

EVIL = "a|b `c` <script>alert(1)</script>\n\n# [d](e) *f* _g_ ~~h~~ $i$ \\| &lt;"


def limit(noise="clean", verdict="PASS", model="net", asks="accuracy", **more):
    return {
        "model": model, "subject": noise, "bit_identical": True, "value": 0.831, "required": "0.85", "asks": asks,
        "right": 831, "seen": 1000, "verdict": verdict, "stops": verdict != "PASS", "waived_until": None,
        "reason": "why", "repeat": f"robustness evaluate {model}",
    } | more  # fmt: skip


def results(*limits, **more):
    return {
        "verdict": "FAIL", "gaps": [], "errors": {}, "left_out": [], "limits": list(limits),
        "hunts": [], "claims": [], "generator_limits": [], "data": "signs", "seed": 0, "images": {"images": 1000},
        "run": {"python": "3.12", "platform": "Linux", "versions": {"torch": "2"}, "seconds": 1.2},
    } | more  # fmt: skip


def rows(page):
    return [line for line in page.splitlines() if line.startswith("|")]


def test_the_verdict_is_the_heading_and_what_stops_comes_before_what_is_folded_away():
    page = summary(results(limit(), limit("gaussian(sigma=25)", "FAIL"), gaps=["1 limit not measured: x"]))
    assert page.startswith("## FAIL: 1 of 2 measured limits broken (net under gaussian(sigma=25)); 1 limit not measured: x\n")
    before, after = page.split("<details><summary>1 limit kept</summary>")
    assert "| net | gaussian(sigma=25) | 0.8310 | 0.85 | 831 of 1,000 | FAIL | <code>robustness evaluate net</code> |" in before
    assert "- 1 limit not measured: x" in before
    assert "| net | clean | 0.8310 | 0.85 | 831 of 1,000 | PASS |" in after
    assert "torch 2" in after


def test_hunts_claims_and_generator_limits_are_told_where_they_stop():
    hunt = {"hunt": "h", "words": "found", "stops": True, "replay": "replay it"}
    claim = {"claim": "c", "words": "why", "stops": True, "outcome": "refuted", "expected": "supported"}
    mark = {"generator_limit": "g", "words": "poor", "stops": True}
    kept = [one | {"stops": False, "words": "silent"} for one in (hunt, claim, mark)]
    page = summary(results(hunts=[hunt, kept[0]], claims=[claim, kept[1]], generator_limits=[mark, kept[2]]))
    assert "- hunt **h**: found<br><code>replay it</code>\n" in page
    assert "- claim **c**: refuted, declared supported: why\n" in page
    assert "- generator limit **g**: poor\n" in page
    assert "silent" not in page


def test_words_of_the_user_are_text_everywhere():
    hunt = {"hunt": EVIL, "words": EVIL, "stops": True, "replay": EVIL}
    page = summary(
        results(
            limit(EVIL, "FAIL", EVIL),
            limit(EVIL, "FAIL", EVIL, asks="max_flips", reason=EVIL),
            limit(EVIL, model=EVIL),
            hunts=[hunt], gaps=[EVIL], errors={EVIL: EVIL}, left_out=[EVIL], data=EVIL,
        )
    )  # fmt: skip
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
    page = summary(results(*[limit(str(number)) for number in range(SHOWN + 5)], gaps=["x" * 10 * LONGEST]))
    assert len(rows(page)) == 2 + SHOWN
    assert "and 5 more in the report" in page
    assert "x" * (LONGEST + 1) not in page


def test_a_summary_is_added_to_what_is_there(tmp_path):
    file = tmp_path / "summary.md"
    file.write_text("former\n")
    append_summary(results(limit(model="caf\u00e9 \udcff")), file)
    assert file.read_text(encoding="utf-8").startswith("former\n## ")
