"""Accuracy by corruption and severity, of limits on the noises of a preset."""

from __future__ import annotations

import pytest
from builders import limit_record, results

from robustness.noise import PRESETS, Clean, Gaussian, parse_noises
from robustness.report.html.corruption_maps import corruption_maps
from robustness.report.html.page import render_report


def limit(noise, accuracy=0.9, **more):
    return limit_record(noise, accuracy=accuracy, required="0.5", verdict="PASS" if accuracy >= 0.5 else "FAIL", **more)


def found(*limits):
    return corruption_maps(results(*limits))


def test_every_corruption_is_a_row_and_every_severity_a_column():
    accuracies = [0.9 - place / 100 for place in range(60)]
    (one,) = found(limit(Clean()), *map(limit, PRESETS["cifar-c-12"], accuracies))
    assert (one.preset, one.severities, len(one.rows)) == ("cifar-c-12", (1, 2, 3, 4, 5), 12)
    assert [one.rows["shot"][place].accuracy for place in range(5)] == [accuracies[1 + 12 * place] for place in range(5)]
    assert one.mean == pytest.approx(sum(accuracies) / 60)
    assert one.lost(one.rows["gaussian"][0]) == 0
    assert one.lost(one.rows["jpeg"][4]) == pytest.approx(1 - accuracies[59] / 0.9, abs=1e-3)


def test_severities_that_were_not_measured_have_no_column():
    limits = [limit(noise) for severity in (1, 4) for noise in parse_noises(f"imagenet-c-12(severity={severity})")]
    (one,) = found(*limits[:-1])
    assert one.severities == (1, 4)
    assert one.rows["jpeg"][1] is None


def test_the_four_of_a_preset_are_not_shown_again_among_twelve():
    (one,) = found(*map(limit, PRESETS["cifar-c-12"]))
    assert one.preset == "cifar-c-12"
    (four,) = found(*map(limit, PRESETS["cifar-c"]))
    assert four.preset == "cifar-c"


def test_other_noises_have_no_map():
    assert found(limit(Clean()), limit(Gaussian(10.2)), limit(Gaussian(15.3)), limit(Gaussian(33))) == []


def test_the_page_shows_it_with_what_is_broken_in_bold():
    noises = PRESETS["cifar-c-12"]
    page = render_report(results(*map(limit, noises, [0.4] + [0.8] * 59)))
    section = page.partition('<h2 id="corruptions">')[2].partition("</section>")[0]
    assert "under cifar-c-12: mean accuracy 79.33 %" in section
    assert section.count("80.0 %") == 59
    assert "<strong>40.0 %</strong>" in section
    assert 'id="corruptions"' not in render_report(results(limit(Clean())))
