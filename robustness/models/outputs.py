"""What of a network's answer is its logits: objects, dicts and tuples of tensors, probabilities, one number an image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from robustness.errors import RobustnessError, nearest

KINDS = ("logits", "probabilities", "sigmoid")
SLACK = 1e-3
"""How far probabilities may lie outside 0..1: those of eight bits do."""


SUM_SLACK = 1e-2
"""How far their sum may lie from 1: that of probabilities of eight bits or of bfloat16 does."""


class NoLogitsError(RobustnessError):
    """What a network gave is nothing that can be counted."""


@dataclass(frozen=True)
class Output:
    """How an answer is read.

    declared: "logits", "probabilities" (of classes that exclude each other) or "sigmoid" (a probability by itself), or the name
    or place of that output among several, which then are logits; None where nothing is declared, which takes logits. An output
    of exactly the declared name is always the one.
    threshold: of the probability of class 1, above which a network of one number an image says class 1; 0.5 where it is None.
    """

    declared: str | None = None
    threshold: float | None = None

    def logits(self, answer: object, name: str, count: int) -> torch.Tensor:
        """Logits of shape (N, classes), or of (N, 2) where the network gives one number an image.

        name: of the model, for the `NoLogitsError` that says what is wrong with an answer. count: N, the images of the batch.
        """
        chosen = self._chosen(answer, name, count)
        values = self._squeezed(chosen.dequantize() if chosen.is_quantized else chosen, name, count)
        if self.declared in ("probabilities", "sigmoid"):
            _check_probabilities(values, name)
        if values.shape[1] == 1:
            return self._two_classes(values)
        if self.threshold is not None:
            raise NoLogitsError(
                f"{name} gives {values.shape[1]} numbers for each image, and a threshold is for one number: declare none"
            )
        return values

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        """Of each class, of shape (N, classes), in 0..1, for such logits.

        Probabilities that are declared as such are scaled to a sum of 1, those of several sigmoids are taken as they are. One
        number an image gets its threshold back. All else goes through a softmax.
        """
        logits = logits.double()
        if self.declared == "probabilities":
            positive = logits.clamp(min=0)
            return positive / positive.sum(dim=1, keepdim=True).clamp(min=torch.finfo(torch.float64).tiny)
        if self._is_one_number(logits):
            above = logits[:, 1:]
            one = (above + self._edge).clamp(0, 1) if self.declared == "sigmoid" else torch.sigmoid(above + self._edge)
            return torch.cat([1 - one, one], dim=1)
        return logits.clamp(0, 1) if self.declared == "sigmoid" else logits.softmax(dim=1)

    def are_probabilities_already(self, logits: torch.Tensor) -> bool:
        """Whether several numbers an image that are not declared so sum to 1 in 0..1, all of them: of shape (N, classes)."""
        if self.declared in ("probabilities", "sigmoid"):
            return False
        within = bool(((logits >= -SLACK) & (logits <= 1 + SLACK)).all())
        return within and bool(((logits.double().sum(dim=1) - 1).abs() < SUM_SLACK).all())

    def _is_one_number(self, logits: torch.Tensor) -> bool:
        """Whether logits were made of one number an image, by `_two_classes`."""
        return self.declared not in (None, "probabilities") and logits.shape[1] == 2 and not bool(logits[:, 0].any())

    @property
    def _edge(self) -> float:
        """The number above which a network of one number an image says class 1."""
        probability = 0.5 if self.threshold is None else self.threshold
        return probability if self.declared == "sigmoid" else math.log(probability / (1 - probability))

    def _chosen(self, answer: object, name: str, count: int) -> torch.Tensor:
        """The tensor that is the logits."""
        own_name = self.declared if self.declared not in (None, *KINDS) else None
        if isinstance(answer, torch.Tensor):
            if own_name is not None:
                raise NoLogitsError(
                    f"{name} gives one tensor, and no output {own_name!r}: declare no output, or one of {KINDS}"
                )
            return answer
        found = _tensors(answer)
        if self.declared is not None and self.declared in found:
            return found[self.declared]
        if own_name is not None:
            raise NoLogitsError(f"{name} gives no output {own_name!r}: {nearest(own_name, found)}")
        if "logits" in found:
            return found["logits"]
        if len(found) == 1:
            return next(iter(found.values()))
        kind = type(answer).__name__
        if not found:
            raise NoLogitsError(f"{name} gave {kind} for a batch of {count}, not logits of shape (N, classes)")
        ways = " or ".join(f'output = "{each}"' for each in found)
        raise NoLogitsError(
            f"{name} gave {kind} for a batch of {count}, with {len(found)} tensors: say which are the logits, {ways}"
        )

    def _squeezed(self, values: torch.Tensor, name: str, count: int) -> torch.Tensor:
        """Of shape (N, numbers), where all dimensions after the first but one are of length 1."""
        lengths = [length for length in values.shape[1:] if length != 1]
        one_each = values.ndim == 1 or not lengths
        if values.ndim == 0 or len(values) != count or len(lengths) > 1 or (one_each and not self._takes_one(values)):
            hint = '; one number an image is declared as output = "logits" or output = "sigmoid"' if one_each else ""
            raise NoLogitsError(
                f"{name} gave {tuple(values.shape)} for a batch of {count}, not logits of shape (N, classes){hint}"
            )
        return values.reshape(len(values), math.prod(lengths))

    def _takes_one(self, values: torch.Tensor) -> bool:
        """Whether one number an image is what was declared; a class is no such number."""
        return values.is_floating_point() and self.declared not in (None, "probabilities")

    def _two_classes(self, values: torch.Tensor) -> torch.Tensor:
        """Of one number an image: 0 for class 0, and by how much the number is above the threshold for class 1.

        Exactly at the threshold is class 0, and no tie; unless all of several images are: those are told apart by nothing, and
        their logits stay equal.
        """
        values = values.float() if values.element_size() < 4 else values
        edge = self._edge
        above = values - edge
        if len(values) == 1 or above.any():
            least = torch.finfo(values.dtype).tiny
            above = torch.where(values > edge, above.clamp(min=least), above.clamp(max=-least))
        return torch.cat([torch.zeros_like(above), above], dim=1)


def looks_like_a_probability(output: Output, logits: torch.Tensor) -> bool:
    """Whether a network that is declared to give one logit an image gives numbers in 0..1 alone."""
    if output.declared in (None, "probabilities", "sigmoid") or logits.shape[1] != 2 or bool(logits[:, 0].any()):
        return False
    probability = 0.5 if output.threshold is None else output.threshold
    numbers = logits[:, 1] + math.log(probability / (1 - probability))
    return bool(((numbers >= -SLACK) & (numbers <= 1 + SLACK)).all())


def _tensors(answer: object) -> dict[str, torch.Tensor]:
    """The tensors in an answer by name, or in a tuple by place."""
    held: dict[Any, object] = {}
    if isinstance(answer, Mapping):
        held = dict(answer)
    elif hasattr(answer, "_fields"):  # a named tuple
        held = dict(zip(answer._fields, answer, strict=True))  # type: ignore[call-overload]
    elif isinstance(answer, list | tuple):
        held = dict(enumerate(answer))
    elif hasattr(answer, "__dict__"):
        held = dict(vars(answer))
    return {str(key): value for key, value in held.items() if isinstance(value, torch.Tensor)}


def _check_probabilities(values: torch.Tensor, name: str) -> None:
    lowest, highest = float(values.min()), float(values.max())
    if lowest < -SLACK or highest > 1 + SLACK:  # NaN is refused with the logits
        raise NoLogitsError(
            f'{name} gave numbers from {lowest:.3g} to {highest:.3g}, which are no probabilities: say output = "logits"'
        )
