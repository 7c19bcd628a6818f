"""max_differences: at most this share of the images is classified otherwise than by the model `same_as`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import ROUND_FLOOR
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from robustness.data.preparation import Shape
from robustness.errors import RobustnessError
from robustness.evaluation.rule import NO_CLASS, class_name
from robustness.limits.asks.ask import Ask, Found, Measured, Written
from robustness.limits.limit import Limit
from robustness.limits.record import DifferencesFound, DifferentImage
from robustness.models.declaration import ModelDeclaration
from robustness.noise import Noise

if TYPE_CHECKING:
    from robustness.evaluation.evaluate import Enough
    from robustness.gate.workbench import Workbench

TIE = 1e-4
"""Margins below this are within what the arithmetic of two runtimes differs by."""
SHOWN = 10
"""Images classified differently, in words."""
LISTED = 50
"""And in the details."""


class MaxDifferences(Ask):
    name = "max_differences"
    kept_by_dead = is_copy = True
    at_most = True
    more: ClassVar = {"same_as": (str | None, None)}
    needs = reference = "same_as"

    def asked(self, table: Mapping[str, Any]) -> Any:
        return table.get(self.name, 0 if "same_as" in table else None)

    def problems(self, written: Written) -> Iterator[tuple[str, str]]:
        """That another model is named, and nothing else is asked."""
        source, models = written.table.get("same_as", ""), written.declared.models
        for name in written.table["models"]:
            if name == source:
                yield "same_as", f"{name} always says what {name} says: name the model it was made of"
            elif name in models and source in models and _is_copy(models[name], models[source]):
                yield "same_as", f"{source} and {name} are declared alike: nothing would be compared"
        others = [name for name in written.asked if name != self.name]
        if others and "same_as" in written.table:
            yield "same_as", f"speaks of another model, {', '.join(others)} of this one alone: give each a table of its own"

    def cases(self, limit: Limit, shape: Shape) -> list[tuple[str, Noise]]:
        return [*super().cases(limit, shape), (str(limit.reference), limit.noise)]

    def measure(self, limit: Limit, bench: Workbench, enough: Enough | None = None) -> Measured:
        """A `RobustnessError` where the two models would not be given the same images, or are one module."""
        own, source = bench.classifier(limit.model), bench.classifier(str(limit.reference))
        if own.fit != source.fit:
            raise RobustnessError(
                f"{limit.place}: {own.name} takes images by {own.fit}, {source.name} by {source.fit}, and noise is added after "
                "that: they would see other images; declare the same size and fit"
            )
        if own.given is source.given:
            raise RobustnessError(f"{limit.place}: {own.name} and {source.name} are one module: nothing would be compared")
        return super().measure(limit, bench, enough)

    def judge(self, measured: Measured) -> Found:
        """The images of the source's widest margins are listed first."""
        limit, images = measured.limit, measured.bench.images
        for one in measured.cases:
            if not one.result.is_complete:
                raise RobustnessError(f"{one.case}: {one.seen} of {one.total} images were evaluated")
        own, source = measured.cases
        names, model, total = images.class_names, source.case.model, own.total
        says, source_says = own.result.predictions, source.result.predictions
        positions = np.flatnonzero((says != source_says) | (says == NO_CLASS))  # two that say nothing do not agree
        count, margins = len(positions), source.result.margins[positions]
        listed = tuple(
            DifferentImage(
                index=int(images.index[position]),
                label=names[images.labels[position]],
                says=class_name(names, own.result.predictions[position]),
                source_says=class_name(names, source.result.predictions[position]),
                margin=float(source.result.margins[position]),
            )
            for position in positions[np.argsort(-margins, kind="stable")][:LISTED]
        )
        details = DifferencesFound(source=model, differences=count, ties=int((margins < TIE).sum()), images=listed)
        allowed = int((limit.required * total).to_integral_value(ROUND_FLOOR))
        words = (
            f"{count:,} of {total:,} predictions are not those of {model}, {count / total:.4f}; "
            f"the limit {limit.required} allows {allowed:,}"
        )
        return Found(count / total, count <= allowed, words + _in_words(details), details)

    def again(self, limit: Limit, found: Found) -> tuple[str, str]:
        return f"compare {limit.reference} {limit.model}", f'--noise "{limit.noise}"'


def _is_copy(one: ModelDeclaration, other: ModelDeclaration) -> bool:
    """Whether two names stand for one declared model; fixtures go by their names."""
    return one.load not in ("", "fixture") and replace(one, name=other.name) == other


def _in_words(found: DifferencesFound) -> str:
    """The first few images in words."""
    if not found.images:
        return ""
    images = "; ".join(
        f"image {image.index} ({image.label}) is {image.says}, not {image.source_says} (margin {image.margin:.2g})"
        for image in found.images[:SHOWN]
    )
    more = f"; and {found.differences - SHOWN:,} more" if found.differences > SHOWN else ""
    return f"; {found.ties:,} of them where {found.source} itself is at a tie (margin below {TIE:g}): {images}{more}"
