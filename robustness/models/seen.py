"""From a declaration to how images come to its network, without the network and without torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from robustness.data.preparation import Fit, FitKind, Preparation, Shape
from robustness.errors import RobustnessError
from robustness.models.configurations import read_preprocessing
from robustness.models.declaration import BUILT_IN, ModelDeclaration, Steps
from robustness.models.preprocessing import PLAIN, Preprocessing

UNSAID: FitKind = "crop-or-pad"
"""How images come to a network where neither a declaration nor a card says it."""


def preprocessing_of(declaration: ModelDeclaration, base: Path) -> Preprocessing:
    """The preparation that a declaration names, with its normalisation; a `RobustnessError` where it names none."""
    steps, size, kind = declaration.prepare, declaration.size, declaration.fit
    if declaration.load.startswith("transformers:") and steps is None and size is None:
        steps = "transformers"
    place = f"model {declaration.name}"
    if declaration.load in BUILT_IN and steps is None and None in (size, kind):
        from robustness.models.load import trained_fit, weights_file  # which needs torch

        trained = trained_fit(weights_file(declaration, base))
        size, kind = size or trained.size, kind or trained.kind
    if isinstance(steps, str) and steps != "done":
        try:
            return read_preprocessing(declaration, steps, base)
        except RobustnessError as error:
            raise RobustnessError(f"{place}: {error}") from error
    if isinstance(steps, Steps):
        fit = _stepwise(steps, declaration)
    elif size is not None:
        fit = Fit(size, kind or UNSAID, declaration.channels)
    else:
        fit = None
    if fit is None:
        raise RobustnessError(f"{place}: say which input it takes, for example size = 40")
    if steps == "done":
        fit = replace(fit, resize=None, centre="round", exact=True, upright=False)
    mean, std = declaration.mean, declaration.std
    if (mean, std) == PLAIN:
        mean, std = (0.0,) * fit.channels, (1.0,) * fit.channels
    if not len(mean) == len(std) == fit.channels:
        raise RobustnessError(
            f"{place}: mean and std have {len(mean)} and {len(std)} values, one per channel is {fit.channels}"
        )
    return Preprocessing(fit, mean, std)


def _stepwise(steps: Steps, declaration: ModelDeclaration) -> Preparation | None:
    """The steps as a preparation; None where nothing says what the network sees."""
    if steps.crop is None and steps.resize is None:
        if declaration.size is None:
            return None
        fit = Fit(declaration.size, declaration.fit or UNSAID)
    else:
        resize = _sides(steps.resize) if steps.crop is None else steps.resize
        fit = Preparation(*(_sides(steps.crop) or _sides(steps.resize) or (1, 1)), resize=resize)
    return replace(
        fit,
        channels=declaration.channels,
        interpolation=steps.interpolation,
        antialias=steps.antialias,
        background=steps.background,
        range=steps.range,
        upright=steps.orientation == "exif",
    )


def _sides(side: int | Shape | None) -> Shape | None:
    return (side, side) if isinstance(side, int) else side
