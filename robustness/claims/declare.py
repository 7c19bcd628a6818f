"""The `[[claims]]` of a thresholds file: what is said of models and noises, and how each claim is expected to come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from robustness.claims.record import ClaimRecord
from robustness.declaration.declared import Declared, each_once, named_apart
from robustness.declaration.places import KeyPath
from robustness.declaration.problems import Problems
from robustness.declaration.tables import PartOfClean, Share, Table, TopLevel, tables_of
from robustness.errors import RobustnessError
from robustness.gate.promise import Kind
from robustness.noise import Noise, make_noise, parse_noises
from robustness.noise.text import read_text_form

if TYPE_CHECKING:
    from robustness.gate.workbench import Workbench

Says = Literal["breaks", "patterns-differ", "order-differs", "more-noise-never-helps", "outperforms"]
NEEDS: dict[Says, tuple[str, ...]] = {
    "breaks": ("noise", "of_clean"),
    "patterns-differ": ("noises",),
    "order-differs": ("noises",),
    "more-noise-never-helps": ("noise",),
    "outperforms": ("over", "noises"),
}
TOGETHER: tuple[Says, ...] = ("order-differs", "outperforms")
"""What is said of all models of a table at once, and not of each."""


class ClaimsTable(Table):
    """Whatever other keys there are belong to the noise."""

    model_config = ConfigDict(extra="allow", strict=True)

    says: Says
    models: Annotated[list[str], Field(min_length=1)]
    over: Annotated[list[str], Field(min_length=2)] | None = None
    expected: Literal["supported", "refuted", "undecided"]
    noise: str | None = None
    of_clean: PartOfClean | None = None
    noises: Annotated[list[str], Field(min_length=1)] | None = None
    psnr: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    ssim: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | None = None
    negligible: Share = 0.01


@dataclass(frozen=True)
class DeclaredClaim:
    """A claim as declared before it is tested.

    noises: for "breaks" the ends of the range in which accuracy is said to fall below the share `of_clean` of clean accuracy;
    for "more-noise-never-helps" the levels from weak to strong; for "outperforms" those that accuracy is averaged over; else
    the patterns compared, each at the highest magnitude tried.
    """

    says: Says
    models: tuple[str, ...]  # one, or for what is said `TOGETHER` several
    noises: tuple[Noise, ...]
    expected: str
    negligible: Decimal  # a difference in accuracy that counts as none
    place: str
    of_clean: Decimal | None = None
    metric: Literal["psnr", "ssim"] | None = None  # of distortion, in dB or a share, at whose `target` patterns are compared
    target: float | None = None
    over: tuple[str, ...] = ()  # for "outperforms" the models that they are compared with
    apart: str = ""  # what follows its name where another claim of the file has it too

    @property
    def about(self) -> tuple[str, ...]:
        return self.models

    @property
    def named(self) -> tuple[str, ...]:
        """All models it speaks of."""
        return self.models + self.over

    @property
    def details(self) -> dict[str, str]:
        """What may tell it from another claim of the like on the same models; how it is expected to come out does not."""
        if self.over:
            about = {"noises": ",".join(map(str, self.noises))}
        elif self.metric:
            about = {"noises": ",".join(sorted(noise.family for noise in self.noises))}
        else:
            about = {str(self.noises[0].magnitude): ",".join(f"{noise.level:.15g}" for noise in self.noises)}
        return about | {"of_clean": _plain(self.of_clean), "negligible": _plain(self.negligible)}

    @property
    def identity(self) -> list[object]:
        noises = sorted(str(noise) for noise in self.noises)
        return [self.says, self.models, self.over, noises, self.metric, self.target, *self.details.values()]

    def __str__(self) -> str:
        if self.over:
            return f"{'+'.join(self.models)}-{self.says}-{'+'.join(self.over)}{self.apart}"
        about = f"{self.metric}={self.target:.15g}" if self.metric else self.noises[0].family
        return f"{'+'.join(self.models)}-{self.says}-{about}{self.apart}"


def _plain(share: Decimal | None) -> str:
    return "" if share is None else f"{share.normalize():f}"


def _claims(content: Mapping[str, Any], declared: Declared, problems: Problems) -> Iterator[tuple[KeyPath, DeclaredClaim]]:
    for path, table, claims in tables_of(content, "claims", ClaimsTable):
        declared.check_models(table, path, problems)
        declared.check_models(table, path, problems, "over")
        is_known = declared.check_keys(table, path, ClaimsTable.model_fields, problems)
        if claims is None or not is_known:
            continue
        try:
            noises = _noises(claims, declared)
        except RobustnessError as error:
            problems.add(path, str(error))
            continue
        metric: Literal["psnr", "ssim"] | None = "psnr" if claims.psnr else "ssim" if claims.ssim else None
        for models in [tuple(claims.models)] if claims.says in TOGETHER else [(model,) for model in claims.models]:
            claim = DeclaredClaim(
                says=claims.says,
                models=models,
                noises=noises,
                expected=claims.expected,
                negligible=Decimal(str(table.get("negligible", claims.negligible))),
                place=problems.place(path),
                over=tuple(claims.over or ()),
                of_clean=None if claims.of_clean is None else Decimal(str(table["of_clean"])),
                metric=metric,
                target=claims.psnr or claims.ssim,
            )
            yield path, claim


def _noises(claims: ClaimsTable, declared: Declared) -> tuple[Noise, ...]:
    """The noises that a claim is about; a `RobustnessError` says what is missing or too much."""
    given = {name for name in ("noise", "of_clean", "noises", "over") if getattr(claims, name) is not None}
    if missing := [name for name in NEEDS[claims.says] if name not in given]:
        raise RobustnessError(f"{claims.says} needs {' and '.join(missing)}")
    if claims.says in ("breaks", "order-differs"):
        given |= {"negligible"} & claims.model_fields_set
    if extra := sorted(given - set(NEEDS[claims.says])):
        raise RobustnessError(f"{claims.says} has no use for {' and '.join(extra)}")
    if claims.says in ("patterns-differ", "order-differs"):
        return _patterns(claims, declared)
    if claims.psnr or claims.ssim:
        raise RobustnessError(f"{claims.says} has no use for psnr and ssim")
    if claims.says == "outperforms":
        return _averaged(claims, declared)
    return _levels(claims, declared)


def _averaged(claims: ClaimsTable, declared: Declared) -> tuple[Noise, ...]:
    """The noises that two sides are compared under, presets for all of theirs."""
    if claims.model_extra:
        raise RobustnessError(f"unknown key {next(iter(claims.model_extra))!r}")
    if len(claims.models) < 2:
        raise RobustnessError("outperforms speaks of trainings, so it needs two models or more on either side")
    if both := sorted(set(claims.models) & set(claims.over or ())):
        raise RobustnessError(f"{both[0]} is held against itself")
    noises = tuple(noise for text in claims.noises or () for noise in parse_noises(text, declared.kinds))
    if len(set(noises)) < len(noises):
        raise RobustnessError("noises holds one twice")
    return noises


def _levels(claims: ClaimsTable, declared: Declared) -> tuple[Noise, ...]:
    """The noise at the listed magnitudes, from weak to strong."""
    kind, parameters = str(claims.noise), dict(claims.model_extra or {})
    spec = declared.growing.get(kind)
    if spec is None:
        raise RobustnessError(f"{kind} is not one built-in noise that grows from nothing")
    magnitudes = parameters.pop(str(spec.magnitude), None)
    count = "exactly two" if claims.says == "breaks" else "at least two"
    if not isinstance(magnitudes, list) or len(magnitudes) < 2 or (claims.says == "breaks" and len(magnitudes) > 2):
        raise RobustnessError(f"{claims.says} needs {count} values of {spec.magnitude}, from weak to strong, in a list")
    levels = tuple(make_noise(kind, {**parameters, str(spec.magnitude): magnitude}, declared.kinds) for magnitude in magnitudes)
    away = [abs((noise.level or 0.0) - (noise.identity or 0.0)) for noise in levels]
    if any(weak >= strong for weak, strong in pairwise(away)):
        raise RobustnessError(f"{spec.magnitude} goes from weak to strong, not {magnitudes}")
    return levels


def _patterns(claims: ClaimsTable, declared: Declared) -> tuple[Noise, ...]:
    """The noises by their text forms, such as periodic(frequency=0.05), each at the highest magnitude tried."""
    if claims.model_extra:
        raise RobustnessError(f"unknown key {next(iter(claims.model_extra))!r}")
    if (claims.psnr is None) == (claims.ssim is None):
        raise RobustnessError(f"{claims.says} needs psnr in dB, or else ssim: the distortion at which noises are compared")
    if len(claims.noises or ()) < 2:
        raise RobustnessError(f"{claims.says} compares noises, so it needs two or more of them")
    if claims.says == "order-differs" and len(claims.models) < 2:
        raise RobustnessError("order-differs speaks of two models or more")
    noises = tuple(_pattern(text, declared.growing) for text in claims.noises or ())
    if len(set(noises)) < len(noises):
        raise RobustnessError("noises holds one twice")
    return noises


def _pattern(text: str, growing: Mapping[str, type[Noise]]) -> Noise:
    kind, parameters = read_text_form(text)
    if kind not in growing:
        raise RobustnessError(f"{kind} is not one built-in noise that grows from nothing")
    if growing[kind].magnitude in parameters:
        raise RobustnessError(f"{text}: leave {growing[kind].magnitude} out, it is what the distortion decides")
    return make_noise(kind, {**parameters, str(growing[kind].magnitude): growing[kind].highest}, growing)


class Claims(Kind[DeclaredClaim, ClaimRecord]):
    name = "claim"
    promise = DeclaredClaim
    record = ClaimRecord
    kept = "came out as declared"
    broken = "not as declared"
    tables: ClassVar = {"claims": TopLevel(ClaimsTable)}

    def declare(self, content: Mapping[str, Any], declared: Declared, problems: Problems) -> Iterator[DeclaredClaim]:
        return each_once(named_apart(_claims(content, declared, problems)), "claimed", problems)

    def has_intervals(self, content: Mapping[str, Any]) -> bool:
        return "claims" in content

    def measure(self, promise: DeclaredClaim, bench: Workbench) -> ClaimRecord:
        from robustness.claims.measure import examine

        return examine(promise, bench)
