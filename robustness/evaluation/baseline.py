"""A baseline: the predictions of a release, frozen in one small file that later releases are compared with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from robustness.errors import RobustnessError, in_one_line, nearest
from robustness.evaluation.case import Case
from robustness.evaluation.result import Result
from robustness.evaluation.rule import RULE
from robustness.files.atomic import replacing
from robustness.files.schemas import package_version, unreadable

SCHEMA = 1
KEYS = {"data": str, "data_hash": str, "seed": int, "cases": list}
KEYS_OF_A_CASE = {"model": str, "noise": str, "contract": int, "model_hash": str}


@dataclass(frozen=True, eq=False)
class Baseline:
    """file: where it was read from. cases: by model and noise, what was measured and the predicted class of every image."""

    file: Path
    data: str
    data_hash: str
    seed: int
    cases: dict[tuple[str, str], tuple[dict[str, Any], npt.NDArray[np.int16]]]

    def predictions(self, case: Case) -> npt.NDArray[np.int16]:
        """What the former release predicted on the same images under the same noise; an error says what differs."""
        if case.data_hash != self.data_hash:
            raise RobustnessError(
                f"{self.file}: made with other data, {self.data} {self.data_hash[:12]}, not {case.data} {case.data_hash[:12]}"
            )
        if case.seed != self.seed:
            raise RobustnessError(f"{self.file}: made with noise seed {self.seed}, not {case.seed}")
        key = (case.model, str(case.noise))
        if key not in self.cases:
            held = [noise for model, noise in self.cases if model == case.model]
            models = sorted({model for model, _ in self.cases})
            hint = f"of its noises, {nearest(key[1], held)}" if held else f"it holds {', '.join(models)}"
            raise RobustnessError(f"{self.file}: holds no {case.model} under {case.noise}: {hint}")
        about, predictions = self.cases[key]
        if (rule := about.get("rule", 1)) != RULE:
            raise RobustnessError(
                f"{self.file}: its predictions follow prediction rule {rule}, and now it is {RULE}, where equal logits mean "
                "the lowest class: save it again with `robustness baseline save`"
            )
        if about["contract"] != case.noise.contract:
            raise RobustnessError(
                f"{self.file}: {case.noise} was made under noise contract {about['contract']}, now it is {case.noise.contract}"
            )
        return predictions


def save_baseline(file: Path, measured: Sequence[tuple[Case, Result]]) -> None:
    """Write the complete results of cases on one image set and seed, whole or not at all."""
    first = measured[0][0]
    abouts, arrays = [], {}
    for number, (case, result) in enumerate(measured):
        if (case.data_hash, case.seed) != (first.data_hash, first.seed) or not result.is_complete:
            raise RobustnessError(f"{case}: a baseline holds complete results on one image set under one seed")
        if not case.noise.bit_identical:
            raise RobustnessError(f"{case.noise}: may make other bytes elsewhere, so nothing can be compared with it later")
        abouts.append(
            {
                "model": case.model,
                "noise": str(case.noise),
                "contract": case.noise.contract,
                "rule": RULE,
                "model_hash": case.model_hash,
            }
        )
        small = result.predictions.max() < 256
        arrays[str(number)] = result.predictions.astype(np.uint8 if small else np.int16)
    about = {
        "schema": SCHEMA,
        "made_by": package_version(),
        "data": first.data,
        "data_hash": first.data_hash,
        "seed": first.seed,
        "cases": abouts,
    }
    with replacing(file) as partial:
        save_file(arrays, partial, metadata={"baseline": json.dumps(about), "sha256": _digest(about, arrays)})


def read_baseline(file: Path) -> Baseline:
    """The content of a baseline file; whatever is not what was written is refused."""
    try:
        with safe_open(file, "np") as stored:
            metadata = stored.metadata() or {}
            about = json.loads(metadata["baseline"])
            if about.get("schema") != SCHEMA:
                raise RobustnessError(f"{file}: {unreadable('baselines', about.get('schema'), SCHEMA, about.get('made_by'))}")
            arrays = {str(number): stored.get_tensor(str(number)) for number in range(len(about["cases"]))}
        if metadata["sha256"] != _digest(about, arrays):
            raise RobustnessError(f"{file}: damaged, its content is not what was saved")
        _check(about, arrays)
        cases = {
            (case["model"], case["noise"]): (case, arrays[str(number)].astype(np.int16))
            for number, case in enumerate(about["cases"])
        }
        return Baseline(file, about["data"], about["data_hash"], about["seed"], cases)
    except FileNotFoundError:
        raise RobustnessError(f"{file}: no such baseline; `robustness baseline save` makes one") from None
    except (OSError, SafetensorError, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise RobustnessError(f"{file}: not a baseline ({in_one_line(error)})") from error


def _check(about: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
    """A `ValueError` where the content is intact and yet nothing that `save_baseline` writes: anybody can make a digest."""
    for table, kinds in [(about, KEYS), *((case, KEYS_OF_A_CASE) for case in about["cases"])]:
        for name, kind in kinds.items():
            if type(table[name]) is not kind:
                raise ValueError(f"{name} is {table[name]!r}")
    if len({(case["model"], case["noise"]) for case in about["cases"]}) < len(arrays):
        raise ValueError("one model under one noise stands in it twice")
    if len({array.shape for array in arrays.values()}) != 1:
        raise ValueError("every case has a prediction for each image")
    for array in arrays.values():
        if array.ndim != 1 or array.dtype not in (np.uint8, np.int16) or (array < 0).any():
            raise ValueError("predictions are classes, one after another")


def _digest(about: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> str:
    digest = hashlib.sha256(json.dumps(about).encode())
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
