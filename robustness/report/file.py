"""`results.json`: typed results as a file, and back. Nothing else here knows JSON.

Schema 1; keys may be added to it, and have a default in `robustness.report.results`, which stands for them in an older file.
"""

from __future__ import annotations

import json
from dataclasses import fields, make_dataclass
from functools import lru_cache
from pathlib import Path
from types import GenericAlias
from typing import Any

from pydantic import ValidationError

from robustness.errors import RobustnessError, in_one_line
from robustness.files.atomic import replacing
from robustness.files.schemas import unreadable
from robustness.gate.notes import RuleMeasured, adapter
from robustness.gate.promise import AnyKind
from robustness.kinds import KINDS
from robustness.report.former import RESULTS, forget_results
from robustness.report.results import SCHEMA, Content, Results

__all__ = ["forget_results", "read_results", "results_from_json", "results_to_json", "write_results"]

AGAIN = "run the gate again"
FIRST = "is_plain"
"""What every limit has since limits can ask for more than accuracy."""


def write_results(results: Results, folder: Path) -> Path:
    """Write results.json into the folder, whole or not at all."""
    file = folder / RESULTS
    with replacing(file) as partial:
        partial.write_text(results_to_json(results), encoding="utf-8")
    return file


def results_to_json(results: Results) -> str:
    """The text of the file."""
    whole = _whole(tuple(KINDS))
    of_kinds = {_key(kind): results.of(kind.record) for kind in KINDS}
    rest = {one.name: getattr(results, one.name) for one in fields(Content)}
    content = adapter(whole).dump_python(whole(**rest, **of_kinds), mode="json", by_alias=True)
    for kind in KINDS:
        content[_key(kind)] = [{"kind": kind.name, **record} for record in content[_key(kind)]]
    measurements = content["measurements"]
    for test in measurements:
        measurements[test] = [{"kind": RuleMeasured.kind, **note} for note in measurements[test]]
    first = {"schema": SCHEMA} | {key: content[key] for key in ("verdict", *map(_key, KINDS))}
    return json.dumps(first | content, indent=2, ensure_ascii=False) + "\n"


def read_results(file: Path) -> Results:
    """The content; a `RobustnessError` where it is no results of a gate, or those of a version that is not known here."""
    try:
        text = file.read_text(encoding="utf-8")
        content = json.loads(text)
    except FileNotFoundError:
        raise RobustnessError(f"{file}: no such file; a gate writes robustness-report/results.json") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RobustnessError(f"{file}: cannot be read as JSON ({error}); {AGAIN}") from error
    if not isinstance(content, dict) or not isinstance(content.get("schema"), int):
        raise RobustnessError(f"{file}: not the results of a gate, which are an object with a schema")
    if content["schema"] != SCHEMA:
        raise RobustnessError(f"{file}: {unreadable('results', content['schema'], SCHEMA, _made_by(content))}")
    limits = content.get("limits")
    if isinstance(limits, list) and any(isinstance(limit, dict) and FIRST not in limit for limit in limits):
        raise RobustnessError(
            f"{file}: written before limits could ask for more than accuracy, and too little is in it for a report; {AGAIN}"
        )
    try:
        results = results_from_json(text)
    except ValidationError as error:
        problem = error.errors()[0]
        where = in_one_line(".".join(map(str, problem["loc"])) or "the whole")
        raise RobustnessError(f"{file}: not as a gate wrote it: {where}: {in_one_line(problem['msg'])}; {AGAIN}") from error
    missing = any(not promise.left_out for promise in results.unmeasured)
    stopped = bool(results.stopping or results.gaps or results.errors or missing)
    if (results.verdict != "FAIL" and stopped) or (results.verdict == "PASS" and results.left_out):
        raise RobustnessError(f"{file}: says {results.verdict!r}, and what it holds says otherwise; {AGAIN}")
    return results


def results_from_json(text: str) -> Results:
    """The inverse of `results_to_json`; a pydantic `ValidationError` where a value has another type than it writes."""
    whole = adapter(_whole(tuple(KINDS))).validate_json(text, strict=True)
    records = tuple(record for kind in KINDS for record in getattr(whole, _key(kind)))
    return Results(records=records, **{one.name: getattr(whole, one.name) for one in fields(Content)})


def results_schema() -> dict[str, Any]:
    """The JSON Schema of the file, with the kinds of promises that come with the package or were added."""
    whole = _whole(tuple(KINDS))
    schema = adapter(whole).json_schema(mode="serialization", by_alias=True)
    kinds = {kind.record.__name__: kind.name for kind in KINDS} | {RuleMeasured.__name__: RuleMeasured.kind}
    for record, name in kinds.items():
        schema["$defs"][record]["properties"]["kind"] = {"const": name}
        schema["$defs"][record]["required"].append("kind")
    schema["properties"]["schema"] = {"const": SCHEMA}
    schema["required"].append("schema")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "results.json of pytest-robustness"}


@lru_cache
def _whole(kinds: tuple[AnyKind, ...]) -> Any:
    """The class of the whole file: beside the content, the records of each kind."""
    keys = [(_key(kind), GenericAlias(tuple, (kind.record, ...)), ()) for kind in kinds]
    return make_dataclass("Whole", keys, bases=(Content,), frozen=True, kw_only=True)


def _key(kind: AnyKind) -> str:
    return f"{kind.name}s"


def _made_by(content: dict[str, Any]) -> object:
    try:
        return content["run"]["versions"]["pytest-robustness"]
    except (KeyError, TypeError):  # another schema may keep it elsewhere
        return content.get("made_by")
