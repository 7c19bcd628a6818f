"""The tables of `thresholds.toml`, schema 1, as pydantic checks them one by one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from robustness.declaration.places import KeyPath
from robustness.errors import nearest
from robustness.files.schemas import unreadable

SCHEMA = 1

Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
PartOfClean = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Shares = Annotated[list[Share], BeforeValidator(lambda value: value if isinstance(value, list) else [value])]
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")]
Channels = tuple[Finite, Finite, Finite]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RunTable(Table):
    data: str
    seed: Annotated[int, Field(ge=0, lt=2**64)] = 0
    baseline: str | None = None
    claim: Literal["test-set", "population"] = "test-set"
    confidence: Annotated[float, Field(ge=0.5, lt=1, allow_inf_nan=False)] = 0.95
    independent: bool = False
    design_effect: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = None
    mode: Literal["full", "early"] = "full"
    inconclusive: Literal["fail", "warn"] = "fail"
    time_limit: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class ModelTable(Table):
    load: str
    weights: str | None = None
    size: Annotated[int, Field(ge=1, le=4096)] | None = None
    fit: Literal["crop-or-pad", "resize"] | None = None
    mean: Annotated[Channels, Field(strict=False)] = (0.0, 0.0, 0.0)
    std: Annotated[Channels, Field(strict=False)] = (1.0, 1.0, 1.0)
    precision: Literal["float32", "bfloat16"] = "float32"


class NoiseTable(Table):
    """Whatever other keys there are go to the transform."""

    model_config = ConfigDict(extra="allow", strict=True)

    load: str
    magnitude: str


class LimitsTable(Table):
    """Whatever other keys there are belong to the noise."""

    model_config = ConfigDict(extra="allow", strict=True)

    models: Annotated[list[str], Field(min_length=1)]
    noise: str
    accuracy: Annotated[Shares, Field(min_length=1)] | None = None
    max_drop: Annotated[Shares, Field(min_length=1)] | None = None
    relative: Annotated[Shares, Field(min_length=1)] | None = None
    worst_class: Annotated[Shares, Field(min_length=1)] | None = None
    worst_band: Annotated[Shares, Field(min_length=1)] | None = None
    max_flips: Annotated[Shares, Field(min_length=1)] | None = None
    max_differences: Annotated[Shares, Field(min_length=1)] | None = None
    same_as: str | None = None
    monotone: Share | None = None
    mean_error: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    reference: str | None = None
    break_point: Finite | None = None
    of_clean: PartOfClean | None = None
    classes: Annotated[list[str], Field(min_length=1)] = []
    waived_until: date | None = None
    reason: Annotated[str, Field(min_length=1)] | None = None
    seeds: Annotated[list[Annotated[int, Field(ge=0, lt=2**64)]], Field(min_length=1)] = []


class HuntsTable(Table):
    models: Annotated[list[str], Field(min_length=1)]
    safe: Annotated[dict[str, Finite], Field(min_length=1)]
    budget: Share
    images: Annotated[int, Field(ge=1)] = 256


class ClaimsTable(Table):
    """Whatever other keys there are belong to the noise."""

    model_config = ConfigDict(extra="allow", strict=True)

    says: Literal["breaks", "patterns-differ", "order-differs", "more-noise-never-helps", "outperforms"]
    models: Annotated[list[str], Field(min_length=1)]
    over: Annotated[list[str], Field(min_length=2)] | None = None
    expected: Literal["supported", "refuted", "undecided"]
    noise: str | None = None
    of_clean: PartOfClean | None = None
    noises: Annotated[list[str], Field(min_length=1)] | None = None
    psnr: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    ssim: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | None = None
    negligible: Share = 0.01


class GeneratorTable(Table):
    load: str
    judge: str
    training: str | None = None


class GeneratorLimitsTable(Table):
    generators: Annotated[list[str], Field(min_length=1)]
    fidelity: NotNegative | None = None
    worst_class: NotNegative | None = None
    precision: Share | None = None
    recall: Share | None = None
    max_frechet: Finite | None = None
    max_nearest: NotNegative | None = None
    max_copied: Share | None = None
    max_collapsed: Annotated[int, Field(ge=0)] | None = None
    max_divergence: Finite | None = None


class FileTable(Table):
    schema_: Annotated[int, Field(ge=SCHEMA, le=SCHEMA)] = Field(alias="schema")
    run: RunTable
    models: Annotated[dict[Name, ModelTable], Field(min_length=1)]
    noises: dict[Name, NoiseTable] = {}
    limits: Annotated[list[LimitsTable], Field(min_length=1)]
    hunts: list[HuntsTable] = []
    claims: list[ClaimsTable] = []
    generators: dict[Name, GeneratorTable] = {}
    generator_limits: list[GeneratorLimitsTable] = []


TABLES: dict[str, type[Table]] = {
    "run": RunTable,
    "models": ModelTable,
    "noises": NoiseTable,
    "limits": LimitsTable,
    "hunts": HuntsTable,
    "claims": ClaimsTable,
    "generators": GeneratorTable,
    "generator_limits": GeneratorLimitsTable,
}


def in_words(problem: Any) -> tuple[KeyPath, str]:
    """A pydantic error as a path and a sentence."""
    path = tuple(problem["loc"])
    if path[-1:] == ("[key]",):
        return path[:-1], "a name has letters, digits, - and _, and does not begin with a digit or -"
    match problem["type"]:
        case "extra_forbidden":
            table = FileTable if len(path) == 1 else TABLES[str(path[0])]
            valid = [field.alias or name for name, field in table.model_fields.items()]
            return path, f"unknown key: {nearest(str(path[-1]), valid)}"
        case "missing":
            return path, "missing"
        case "less_than_equal" | "greater_than_equal" | "finite_number" if path[0] == "limits":
            return path, f"{problem['input']} lies outside 0..1"
        case "less_than_equal" | "greater_than_equal" if path == ("schema",):
            return path, unreadable("thresholds", problem["input"], SCHEMA)
        case "literal_error":
            return path, f"{problem['input']!r} is not {problem['ctx']['expected']}"
        case "too_short":
            return path, "empty: nothing would be measured"
    hint = dotted_key_hint({"": problem["input"]})
    return path, f"{problem['msg'][0].lower()}{problem['msg'][1:]}, not {problem['input']!r}{hint}"


def dotted_key_hint(row: Mapping[str, Any]) -> str:
    """TOML reads the key `0.001` as `0` dot `001`: a table nobody meant."""
    for value in row.values():
        if isinstance(value, dict) and any(str(key).isdigit() for key in value):
            return "; TOML reads a bare key like 0.001 as 0 dot 001: write levels as a list, for example amount = [0.001]"
    return ""
