"""docs/report.md describes all that results.json has: a key or field that is written and not described fails here."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from builders import rich_results

from robustness.gate.ledger import Ledger
from robustness.generators.record import ClassMarks
from robustness.kinds import read_thresholds
from robustness.limits.record import DropFound
from robustness.report.build import build_results
from robustness.report.file import results_from_json, results_to_json
from robustness.study.published import HYPOTHESES, figures_of

ROOT = Path(__file__).parents[3]
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


WRITTEN = json.loads(results_to_json(rich_results()))
MERE = {"generators": {"worst_class", "copy_distance"}}
"""By heading: what is shown nowhere, so not described."""


def written(heading):
    """The fields of the first of them."""
    if heading == "flips":
        return set(next(limit["details"] for limit in WRITTEN["limits"] if limit["asks"] == "max_flips"))
    first = WRITTEN[heading]
    while not isinstance(first, dict) or (heading in ("generators", "measurements") and first is WRITTEN[heading]):
        first = first[0] if isinstance(first, list) else next(iter(first.values()))
    return set(first) - MERE.get(heading, set())


@pytest.mark.parametrize("heading", sorted(TABLES.keys() & {"flips", *WRITTEN}))
def test_every_field_of_a_record_is_described_and_no_other(heading):
    assert TABLES[heading] == written(heading)


def test_every_part_has_its_heading():
    parts = {"limits", "hunts", "claims", "generator_limits", "generators", "measurements", "confusions", "per_class", "turned"}
    assert parts | {"flips", "images", "gallery", "timings"} <= TABLES.keys()
    page = (ROOT / "docs" / "report.md").read_text()
    assert all(f"`{field.name}`" in page for cls in (DropFound, ClassMarks) for field in fields(cls))


def test_every_key_is_described_and_no_other(tmp_path):
    (tmp_path / "thresholds.toml").write_text(LIMITS)
    thresholds = read_thresholds(tmp_path / "thresholds.toml")
    ended = Ledger.of(thresholds, asked=True).close()
    built = build_results(ended, thresholds, ["robustness"], 0.0, "run", None, figures_of, HYPOTHESES)
    content = json.loads(results_to_json(built))
    assert results_from_json(results_to_json(built)) == built
    assert TABLES["results.json"] == set(content)
    page = (ROOT / "docs" / "report.md").read_text()
    assert all(f"`{name}`" in page for key in ("run", "thresholds") for name in content[key])
