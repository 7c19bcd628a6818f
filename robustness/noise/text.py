"""Noises from their text forms, and from a kind and its parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields

from robustness.errors import RobustnessError, nearest
from robustness.noise.kinds import KINDS
from robustness.noise.specs import Noise

NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?(nan|inf)")
"""As Python writes it; what else `float` takes, such as 1_0 or digits of other scripts, may be read otherwise elsewhere."""


def make_noise(kind: str, parameters: Mapping[str, float], kinds: Mapping[str, type[Noise]] = KINDS) -> Noise:
    """The noise of that kind with those parameters; an error names what is unknown, missing or out of range."""
    if kind not in kinds:
        raise RobustnessError(f"unknown noise {kind!r}: {nearest(kind, kinds)}")
    spec = kinds[kind]
    for name in parameters:
        if name not in spec.parameters():
            raise RobustnessError(f"{kind} has no parameter {name!r}: {nearest(name, spec.parameters())}")
    missing = [field.name for field in fields(spec) if field.name not in parameters and not _optional(spec, field.name)]
    if missing:
        raise RobustnessError(f"{kind} needs {' and '.join(missing)}, for example {_example(spec)}")
    return spec(**parameters)


def parse_noise(text: str) -> Noise:
    """The noise a text form stands for: the inverse of `str(noise)`.

    >>> parse_noise("gaussian(sigma=25)")
    Gaussian(sigma=25.0)
    """
    return make_noise(*read_text_form(text))


def read_text_form(text: str) -> tuple[str, dict[str, float]]:
    """`gaussian(sigma=25)` as the name and its parameters."""
    match = re.fullmatch(r"\s*([A-Za-z0-9_-]+)\s*(?:\(([^()]*)\))?\s*", text)
    if not match:
        raise RobustnessError(f"cannot read the noise {text!r}: write it like gaussian(sigma=25)")
    kind, arguments = match.groups()
    parameters: dict[str, float] = {}
    for argument in filter(None, (part.strip() for part in (arguments or "").split(","))):
        name, equals, value = (part.strip() for part in argument.partition("="))
        if not (equals and name.isidentifier()):
            raise RobustnessError(f"cannot read {argument!r} in the noise {text!r}: write name=number")
        if name in parameters:
            raise RobustnessError(f"{name} stands twice in the noise {text!r}")
        if not NUMBER.fullmatch(value):
            raise RobustnessError(f"{name} in the noise {text!r} is a number, not {value!r}")
        parameters[name] = float(value)
    return kind, parameters


def _optional(spec: type[Noise], name: str) -> bool:
    return hasattr(spec, name)  # a dataclass keeps a field's default as a class attribute


def _example(spec: type[Noise]) -> str:
    return f"{spec.kind}({spec.magnitude}={spec.typical:g})"
