"""docs/report.md describes all that results.json has: a key or field that is written and not described fails here."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from robustness.gate.records import to_property
from robustness.limits.flips import describe_flips
from robustness.report.per_class import count_by_class

from robustness.claims.measure import Examined
from robustness.data import ImageSet
from robustness.declaration.scope import Scope
from robustness.evaluation.result import Result
from robustness.gate.ledger import Ledger
from robustness.generators.measure import GeneratorJudged
from robustness.hunts.measure import Hunted
from robustness.kinds import read_thresholds
from robustness.limits.measure import Outcome
from robustness.noise import Clean, Gaussian
from robustness.report.mistakes import describe_confusions, draw_turned
from robustness.report.pictures import describe_images, draw_gallery
from robustness.report.results import build_results
from robustness.report.timings import describe_timings
from robustness.search.critical import Flips, Search, SearchCase

ROOT = Path(__file__).parents[3]
IMAGES = ImageSet.from_images("made", [np.full((8, 8, 3), 9 * n, np.uint8) for n in range(4)], [0, 0, 1, 1], ["one", "two"])
LIMITS = """
schema = 1

[run]
data = "folder:nowhere"

[models.net]
load = "baseline-cnn"
weights = "signs"

[[limits]]
models = ["net"]
noise = "clean"
accuracy = 0.5
"""


def tables():
    """By heading: what stands in the left column of its table, the names in backticks."""
    named, heading = {}, ""
    for line in (ROOT / "docs" / "report.md").read_text().splitlines():
        if line.startswith("#"):
            heading = line.strip("# ")
        elif line.startswith("| `"):
            named.setdefault(heading, set()).update(re.findall(r"`(\w+)`", line.split("|")[1]))
    return named


TABLES = tables()


def names_of(record, *more, but=()):
    return {field.name for field in fields(record)} - set(but) | set(more)


def outcome(noise):
    told = {"model": "net", "noise": str(noise), "family": noise.family, "level": noise.level, "identity": noise.identity}
    return told | {"accuracy": 0.5, "stops": False, "is_plain": True, "key": noise.kind, "size": 8, "fit": "resize"}


def find(key):
    named = {"clean": [0, 0, 1, 1], "gaussian": [1, 0, 1, 0]}[key]
    return Result(np.array(named, np.int16), np.ones(4, np.float32))


def searched():
    noise = Gaussian(50)
    case = SearchCase(SimpleNamespace(noise=noise), 25)
    flips = Flips(np.array([0, 0, 1, 1], np.int16), np.array([5.0] * 4), np.zeros(4, np.int16), np.ones(4, np.int16))
    return describe_flips(Search(case, flips, IMAGES.labels, 0.0, False), IMAGES, Scope())


def timed():
    ledger = Ledger([], asked=True)
    ledger.report("test_own.py::test_mine", True, None, [to_property("rule", {})])
    return describe_timings(ledger, early=False)[0]


def written():
    """By heading of the page: the fields that a gate writes."""
    noises = [Clean(), Gaussian(25)]
    outcomes = [outcome(noise) for noise in noises]
    return {
        "images": set(describe_images(IMAGES)),
        "limits": names_of(Outcome, "kind", "reason"),
        "flips": set(searched()),
        "hunts": names_of(Hunted, "kind", "words"),
        "claims": names_of(Examined, "kind"),
        "generator_limits": names_of(GeneratorJudged, "kind", but=("judged",)),
        "confusions": set(describe_confusions(outcomes, IMAGES, find)[0]),
        "per_class": set(count_by_class(outcomes, IMAGES, find)[0]),
        "turned": set(draw_turned(outcomes, {str(noise): noise for noise in noises}, IMAGES, 0, find)[0]),
        "gallery": set(draw_gallery(IMAGES, noises, 0)[0]),
        "timings": set(timed()),
    }


@pytest.mark.parametrize("heading", written())
def test_every_field_of_a_record_is_described_and_no_other(heading):
    assert TABLES[heading] == written()[heading]


def test_every_key_is_described_and_no_other(tmp_path):
    (tmp_path / "thresholds.toml").write_text(LIMITS)
    thresholds = read_thresholds(tmp_path / "thresholds.toml")
    results = build_results(Ledger(list(map(str, thresholds.limits)), asked=True), thresholds, ["robustness"], 0.0, "run")
    assert TABLES["results.json"] == set(results)
    page = (ROOT / "docs" / "report.md").read_text()
    assert all(f"`{name}`" in page for key in ("run", "thresholds") for name in results[key])
