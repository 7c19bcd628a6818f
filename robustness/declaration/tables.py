"""Tables of a thresholds file, schema 1, as pydantic checks them one by one; those of promises are with their kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationError, create_model
from pydantic_core import PydanticCustomError

from robustness.data.preparation import LARGEST
from robustness.declaration.keys import unknown_key
from robustness.declaration.places import KeyPath
from robustness.files.schemas import unreadable

SCHEMA = 1
Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
PartOfClean = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Shares = Annotated[list[Share], BeforeValidator(lambda value: value if isinstance(value, list) else [value])]
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")]
Channels = Annotated[list[Finite], Field(min_length=1, max_length=1024)]


def _sides(value: object) -> object:
    """A square's side, or height and width."""
    sides = value if isinstance(value, list) and len(value) == 2 else [value]
    if not all(isinstance(side, int) and not isinstance(side, bool) and 1 <= side <= LARGEST for side in sides):
        raise PydanticCustomError("sides", f"a size is 1 to {LARGEST} pixels, or height and width")
    return value


def _background(value: object) -> object:
    levels = value if isinstance(value, list) else []
    whole = all(isinstance(level, int) and not isinstance(level, bool) and 0 <= level <= 255 for level in levels)
    if value != "ignored" and (len(levels) not in (1, 3) or not whole):
        raise PydanticCustomError("background", 'a background is red, green and blue, of 0 to 255, or "ignored"')
    return value


def _range(value: object) -> object:
    ends = value if isinstance(value, list) and len(value) == 2 else []
    numbers = all(isinstance(end, int | float) and not isinstance(end, bool) and isfinite(end) for end in ends)
    if value != "upper-byte" and (not ends or not numbers or ends[0] >= ends[1]):
        raise PydanticCustomError("range", 'a range is [what becomes black, what becomes white], or "upper-byte"')
    return value


def _classes(value: object) -> object:
    numbers = value.values() if isinstance(value, dict) else []
    if not isinstance(value, str) and not (numbers and all(type(number) is int and number >= 0 for number in numbers)):
        raise PydanticCustomError(
            "classes", "classes are a table of names and the numbers of their logits, or a JSON file of it"
        )
    return value


def _prepare(value: object) -> object:
    if isinstance(value, str):
        return "(text)"
    return "(table)" if isinstance(value, dict | Table) else None


Sides = Annotated[Any, BeforeValidator(_sides)]


class Table(BaseModel):
    """Keys of a table, and of no other kind of value."""

    model_config = ConfigDict(extra="forbid", strict=True)
    SHARES: ClassVar[bool] = False
    """Whether every number in it that has bounds is a share."""


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


class ReportTable(Table):
    """As in `About`."""

    title: str = ""
    release: str = ""
    scope: str = ""
    intended_use: str = ""
    data: str = ""
    licence: str = ""
    levels: str = ""
    limitations: list[str] = []
    responsible: str = ""
    reviewers: list[str] = []


SINGLE: dict[str, type[Table]] = {"run": RunTable, "report": ReportTable}
"""The tables that there is one of, by name."""


class PrepareTable(Table):
    resize: Sides = None
    size: Sides = None
    crop: Sides = None
    interpolation: Literal["nearest", "box", "bilinear", "bicubic", "lanczos"] | None = None
    antialias: Literal["pillow", "torchvision"] | None = None
    channels: Annotated[int, Field(ge=1, le=1024)] | None = None
    orientation: Literal["exif", "stored"] | None = None
    background: Annotated[Any, BeforeValidator(_background)] = None
    range: Annotated[Any, BeforeValidator(_range)] = None


Prepare = Annotated[Annotated[PrepareTable, Tag("(table)")] | Annotated[str, Tag("(text)")], Discriminator(_prepare)]


class ModelTable(Table):
    load: str
    weights: str | None = None
    weights_key: str | None = None
    size: Sides = None
    fit: Literal["crop-or-pad", "resize"] | None = None
    channels: Annotated[int, Field(ge=1, le=1024)] | None = None
    prepare: Prepare | None = None
    classes: Annotated[Any, BeforeValidator(_classes)] = None
    outside: Literal["wrong", "ignored"] | None = None
    mean: Channels | None = None
    std: Channels | None = None
    precision: Literal["float32", "bfloat16"] = "float32"
    output: Annotated[str, Field(min_length=1)] | None = None
    threshold: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | None = None


class NoiseTable(Table):
    """Whatever other keys there are go to the transform."""

    model_config = ConfigDict(extra="allow", strict=True)

    load: str
    magnitude: str


@dataclass(frozen=True)
class TopLevel:
    """A key at the top level of the file. by_name: with tables under names of their own instead of a list of them."""

    table: type[Table]
    by_name: bool = False
    required: bool = False

    @property
    def field(self) -> tuple[Any, Any]:
        """Annotation and default, as `pydantic.create_model` takes them."""
        several: Any = dict[Name, self.table] if self.by_name else list[self.table]  # type: ignore[name-defined]
        return (Annotated[several, Field(min_length=1)], ...) if self.required else (several, None)


T = TypeVar("T", bound=Table)


def tables_of(content: Mapping[str, Any], name: str, table: type[T]) -> Iterator[tuple[KeyPath, dict[str, Any], T | None]]:
    """The tables in the list of that name: path, content, and what that is read as; None is a problem that is known already."""
    listed = content.get(name)
    for number, values in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(values, dict):
            try:
                yield (name, number), values, table.model_validate(values)
            except ValidationError:
                yield (name, number), values, None


FILE = {
    "models": TopLevel(ModelTable, by_name=True, required=True),
    "noises": TopLevel(NoiseTable, by_name=True),
}
"""The tables that belong to no kind of promise, besides `[run]` and `[report]`."""


def file_table(top: Mapping[str, TopLevel]) -> type[Table]:
    """The whole file, with these keys at its top level besides `schema`, `[run]` and `[report]`."""
    schema = Annotated[int, Field(ge=SCHEMA, le=SCHEMA, alias="schema")]
    fields: dict[str, Any] = {name: key.field for name, key in top.items()}
    fields |= {"schema_": (schema, ...), "run": (RunTable, ...), "report": (ReportTable, ReportTable())}
    return create_model("FileTable", __base__=Table, **fields)


def in_words(problem: Any, top: Mapping[str, TopLevel]) -> tuple[KeyPath, str]:
    """A pydantic error as a path and a sentence. top: the keys that the file may have, besides `schema` and `SINGLE`."""
    path = tuple(step for step in problem["loc"] if step not in ("(table)", "(text)"))
    if path[-1:] == ("[key]",):
        return path[:-1], "a name has letters, digits, - and _, and does not begin with a digit or -"
    match problem["type"]:
        case "extra_forbidden":
            table = SINGLE.get(str(path[0])) or (top[str(path[0])].table if len(path) > 1 else None)
            table = PrepareTable if path[-2:-1] == ("prepare",) else table
            valid = ["schema", *SINGLE, *top] if table is None else [*table.model_fields]
            elsewhere = {} if table is ModelTable or table is None else {"[models.NAME]": ModelTable.model_fields}
            return path, unknown_key(str(path[-1]), valid, elsewhere)
        case "missing":
            return path, "missing"
        case "less_than_equal" | "greater_than_equal" | "finite_number" if path[0] in top and top[str(path[0])].table.SHARES:
            return path, f"{problem['input']} lies outside 0..1"
        case "less_than_equal" | "greater_than_equal" if path == ("schema",):
            return path, unreadable("thresholds", problem["input"], SCHEMA)
        case "literal_error":
            return path, f"{problem['input']!r} is not {problem['ctx']['expected']}"
        case "union_tag_not_found":
            return path, 'a preparation is a table of steps, or a text such as "timm"'
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
