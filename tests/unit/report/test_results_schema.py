"""The JSON Schema of results.json: what is written keeps it, what is not so breaks it, and the page has the one of today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders import rich_results
from jsonschema import Draft202012Validator

from robustness.report.file import results_schema, results_to_json

PUBLISHED = Path(__file__).parents[3] / "docs" / "results.schema.json"
WRITE = "import json; from robustness.report.file import results_schema; print(json.dumps(results_schema(), indent=1))"
SCHEMA = Draft202012Validator(results_schema())


def written():
    return json.loads(results_to_json(rich_results()))


def test_it_is_a_schema():
    Draft202012Validator.check_schema(results_schema())


def test_what_is_written_keeps_it():
    assert [error.message for error in SCHEMA.iter_errors(written())] == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("verdict",), "GOOD"),
        (("schema",), 2),
        (("limits", 0, "right"), "eighty"),
        (("limits", 0, "kind"), "hunt"),
        (("hunts", 0, "stops"), None),
        (("unmeasured", 0, "models"), "net"),
        (("run", "environment", "threads"), "many"),
        (("report", "limitations"), "none"),
    ],
)
def test_what_is_not_so_breaks_it(place, value):
    content = at = written()
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    assert not SCHEMA.is_valid(content)


@pytest.mark.parametrize("key", ["verdict", "limits", "run", "schema"])
def test_what_is_missing_breaks_it(key):
    content = written()
    del content[key]
    assert SCHEMA.is_valid(content) is (key == "limits")  # a file without a kind of promise made none of it


def test_the_one_beside_the_page_is_that_of_today():
    assert json.loads(PUBLISHED.read_text()) == results_schema(), f"python -c '{WRITE}' > docs/results.schema.json"
