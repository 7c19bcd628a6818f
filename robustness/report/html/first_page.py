"""What goes into the file: how each model is fed and what its sentinels said, and who signs."""

from __future__ import annotations

from dataclasses import dataclass, fields

from robustness.report.results import DeclaredModel, Results, Seen
from robustness.statistics.verdict import Verdict

LINES = 2
"""To sign, where nobody is named."""


@dataclass(frozen=True)
class PreparedModel:
    """A declared model."""

    name: str
    words: str  # how images came to it; of one that was not measured, what the file says
    verdict: Verdict
    sentinels: str
    hash: str


def prepared_models(results: Results) -> list[PreparedModel]:
    """In the order of the thresholds file. Only a model that passed its sentinels has a hash."""
    return [
        _prepared(model, results.seen.get(model.name), results.model_hashes.get(model.name, ""))
        for model in results.models.values()
    ]


def _prepared(model: DeclaredModel, seen: Seen | None, digest: str) -> PreparedModel:
    verdict = Verdict.PASS if digest else Verdict.INCONCLUSIVE
    words = _declared(model) if seen is None else f"{model.load}, {model.precision}: {_seen(seen)}"
    return PreparedModel(model.name, words, verdict, "passed" if digest else "not passed, or not run", digest)


def _seen(seen: Seen) -> str:
    """How images came to it."""
    size = f"{seen.height} x {seen.width} x {seen.channels}"
    return f"{seen.preparation}, {size}, mean {_text(seen.mean)}, std {_text(seen.std)}"


def _declared(model: DeclaredModel) -> str:
    """All that the file says of it, and the defaults that hold where it says nothing."""
    values = [(field.name, getattr(model, field.name)) for field in fields(model) if field.name != "name"]
    return ", ".join(f"{name} {_text(value)}" for name, value in values if value is not None)


def _text(value: object) -> str:
    return "/".join(f"{one:g}" for one in value) if isinstance(value, tuple) else str(value)


def signers(results: Results) -> list[tuple[str, str]]:
    """Names and roles; empty lines where none are declared."""
    about = results.report
    named = [(about.responsible, "responsible")] if about.responsible else []
    named += [(name, "reviewer") for name in about.reviewers]
    return named or [("", "responsible"), *[("", "reviewer")] * (LINES - 1)]
