"""A baseline: what a release got right, frozen in one small file that later releases are compared with.

Of what was measured for it, it holds the predicted classes; of what a gate's results tell, which images were right.
"""

from __future__ import annotations

import hashlib
import json
import shlex
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
from robustness.noise import Clean

SCHEMA = 1
KEYS = {"data": str, "data_hash": str, "seed": int, "cases": list}
KEYS_OF_A_CASE = {"model": str, "noise": str, "contract": int, "model_hash": str}
PREDICTIONS, RIGHT = "predictions", "right"


@dataclass(frozen=True, eq=False)
class FrozenCase:
    """What a release made of every image, under one noise.

    values: of shape (N,). Where it `holds` predictions, the predicted classes, uint8 or int16; where it holds what was right,
    uint8, 1 of an image correctly classified and 0 of another.
    """

    model: str
    noise: str
    contract: int  # of the noise
    rule: int  # from logits to a class
    model_hash: str
    values: npt.NDArray[np.generic]
    holds: str = PREDICTIONS


@dataclass(frozen=True, eq=False)
class Baseline:
    """file: where it was read from. cases: by model and noise."""

    file: Path
    data: str
    data_hash: str
    seed: int
    cases: dict[tuple[str, str], FrozenCase]

    def right(self, case: Case, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of the same images the former release classified correctly under the same noise; an error says what differs.

        Under a level of noise that changes nothing it is what it was without noise. labels: of shape (N,), as is what returns.
        """
        if case.data_hash != self.data_hash:
            raise RobustnessError(
                f"{self.file}: made with other data, {self.data} {self.data_hash[:12]}, not {case.data} {case.data_hash[:12]}"
            )
        if case.seed != self.seed:
            raise RobustnessError(f"{self.file}: made with noise seed {self.seed}, not {case.seed}")
        frozen = self.of(case)
        if frozen is None:
            raise RobustnessError(f"{self.file}: {self._missing(case)}")
        if frozen.rule != RULE:
            raise RobustnessError(
                f"{self.file}: its predictions follow prediction rule {frozen.rule}, and now it is {RULE}, where equal logits "
                "mean the lowest class: save it again with `robustness baseline save`"
            )
        if not case.noise.changes_nothing and frozen.contract != case.noise.contract:
            raise RobustnessError(
                f"{self.file}: {case.noise} was made under noise contract {frozen.contract}, now it is {case.noise.contract}"
            )
        if frozen.values.shape != labels.shape:
            raise RobustnessError(f"{self.file}: of {len(frozen.values)} images, not of {len(labels)}")
        right: npt.NDArray[np.bool_] = frozen.values == (1 if frozen.holds == RIGHT else labels)
        return right

    def of(self, case: Case) -> FrozenCase | None:
        """What it holds of that model under that noise."""
        frozen = self.cases.get((case.model, str(case.noise)))
        if frozen is None and case.noise.changes_nothing:
            frozen = self.cases.get((case.model, str(Clean())))
        return frozen

    def _missing(self, case: Case) -> str:
        """Why it answers nothing of a case, and what to do."""
        if not any(model == case.model for model, _ in self.cases):
            models = sorted({model for model, _ in self.cases})
            return f"holds no model {case.model!r}, only {', '.join(models)}: {nearest(case.model, models)}"
        noise = shlex.quote(str(case.noise))
        return (
            f"holds no {case.model} under {case.noise}: this baseline was saved before that limit existed. Save one again from "
            f"the former release, `robustness baseline save NAME --noise {noise}`, or from the results.json of a run of it "
            "that measured this"
        )


def measured_case(case: Case, result: Result) -> FrozenCase:
    """A complete result, frozen."""
    if not result.is_complete:
        raise RobustnessError(f"{case}: a baseline holds complete results")
    if not case.noise.bit_identical:
        raise RobustnessError(f"{case.noise}: may make other bytes elsewhere, so nothing can be compared with it later")
    small = result.predictions.max() < 256
    values = result.predictions.astype(np.uint8 if small else np.int16)
    noise = Clean() if case.noise.changes_nothing else case.noise
    return FrozenCase(case.model, str(noise), noise.contract, RULE, case.model_hash, values)


def save_baseline(file: Path, data: str, data_hash: str, seed: int, cases: Sequence[FrozenCase]) -> None:
    """Write cases on one image set under one noise seed, whole or not at all."""
    abouts = [
        {
            "model": case.model,
            "noise": case.noise,
            "contract": case.contract,
            "rule": case.rule,
            "model_hash": case.model_hash,
            **({} if case.holds == PREDICTIONS else {"holds": case.holds}),
        }
        for case in cases
    ]
    arrays = {str(number): case.values for number, case in enumerate(cases)}
    about = {
        "schema": SCHEMA,
        "made_by": package_version(),
        "data": data,
        "data_hash": data_hash,
        "seed": seed,
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
            (case["model"], case["noise"]): FrozenCase(
                model=case["model"],
                noise=case["noise"],
                contract=case["contract"],
                rule=case.get("rule", 1),
                model_hash=case["model_hash"],
                values=arrays[str(number)],
                holds=case.get("holds", PREDICTIONS),
            )
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
    for case, array in zip(about["cases"], arrays.values(), strict=True):
        if (holds := case.get("holds", PREDICTIONS)) not in (PREDICTIONS, RIGHT):
            raise ValueError(f"a case holds {holds!r}, which a later version may know")
        if holds == RIGHT and (array.dtype != np.uint8 or (array > 1).any()):
            raise ValueError("an image is right or not, 1 or 0")
        if type(case.get("rule", 1)) is not int:
            raise ValueError(f"rule is {case['rule']!r}")
        if array.ndim != 1 or array.dtype not in (np.uint8, np.int16) or (array < 0).any():
            raise ValueError("predictions are classes, one after another")


def _digest(about: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> str:
    digest = hashlib.sha256(json.dumps(about).encode())
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
