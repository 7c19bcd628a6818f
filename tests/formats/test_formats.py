"""Each combination of format, type, layout, output and size, through `robustness gate`, against what its own runtime says.

The networks are made in half a minute; then two gates run over all of them, of which the second finds what is hashed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from combinations import Combination, Workshop, all_combinations, own_right

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
SAME = [("onnx-int8", "onnx-flat"), ("openvino-ov-int8", "openvino-ov-float32"), ("torchscript-int8", "onnx-flat")]
SAME += [
    ("litert-digits-int8", "litert-digits"),
    ("openvino-ov-float16", "openvino-ov-float32"),
    ("onnx-flat", "openvino-ov-float32"),
]
"""A file of fewer bits or of another runtime, and the float one that it is held to."""
NOISES = ("clean", "gaussian")
ALLOWED = 0.03
"""Of the predictions, under noise too."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="session")
def combinations(folder: Path) -> dict[str, Combination]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of exporters and converters
        return {one.name: one for one in all_combinations(folder)}


@pytest.fixture(scope="session")
def right(combinations: dict[str, Combination]) -> dict[str, int]:
    """How many test images each runtime itself classifies correctly."""
    images, labels = Workshop.test_set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the runtimes
        return {name: own_right(one, images, labels) for name, one in combinations.items()}


def toml(value: Any) -> str:
    return json.dumps(value)


def declared(combinations: list[Combination], data: str, right: dict[str, int], total: int) -> str:
    lines = ["schema = 1", "[run]", f'data = "folder:{data}"']
    for one in combinations:
        lines += [f"[models.{one.name}]", *(f"{key} = {toml(value)}" for key, value in one.table.items())]
        lines += [
            "[[limits]]",
            f'models = ["{one.name}"]',
            'noise = "clean"',
            f"accuracy = {(right[one.name] - 0.5) / total:.4f}",
        ]
    names = {one.name for one in combinations}
    for name, source in SAME:
        if name in names:
            lines += ["[[limits]]", f'models = ["{name}"]', 'noise = "gaussian"', "sigma = [0, 25]"]
            lines += [f'same_as = "{source}"', f"max_differences = {ALLOWED}"]
    return "\n".join(lines) + "\n"


def gate(folder: Path, file: str) -> dict[str, Any]:
    environment = os.environ | {"ROBUSTNESS_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1", "KERAS_BACKEND": "torch"}
    command = [sys.executable, "-m", "robustness.cli", "gate", file, "-n", "0", "--robustness-report", f"report-{file}"]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-4000:]
    content: dict[str, Any] = json.loads((folder / f"report-{file}" / "results.json").read_text())
    return content


@pytest.fixture(scope="session")
def runs(folder: Path, combinations: dict[str, Combination], right: dict[str, int]) -> list[dict[str, Any]]:
    """The limits of two gates, by model: [what the first found, what the second found]."""
    total = len(Workshop.test_set()[1])
    for data in ("digits", "halves"):
        chosen = [one for one in combinations.values() if one.data == data]
        (folder / f"{data}.toml").write_text(declared(chosen, data, right, total))
    found = []
    for _ in range(2):
        limits = [limit for data in ("digits", "halves") for limit in gate(folder, f"{data}.toml")["limits"]]
        found.append({"limits": limits, **{limit["model"]: limit for limit in limits if limit["asks"] == "accuracy"}})
    return found


NAMES = re.findall(r"^\| `([a-z0-9_-]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_page_lists_all_combinations_and_no_others(combinations: dict[str, Combination], right: dict[str, int]) -> None:
    """Accuracies to three points: training differs in its last bits between processors and numbers of threads."""
    row = r"^\| `([a-z0-9_-]+)` \| (.*) \| ([0-9.]+) % \| (\d+) \|$"
    rows = re.findall(row, PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    total = len(Workshop.test_set()[1])
    wanted = [(one.name, " | ".join(one.shown), "0" if one.is_hashed else str(total)) for one in combinations.values()]
    assert [(name, shown, again) for name, shown, _, again in rows] == wanted
    shares = {name: 100 * right[name] / total for name in combinations}
    assert {name: float(share) for name, _, share, _ in rows} == pytest.approx(shares, abs=3)
    assert len(wanted) >= 30


@pytest.mark.parametrize("name", NAMES)
def test_the_gate_counts_what_the_runtime_itself_counts(name: str, right: dict[str, int], runs: list[dict[str, Any]]) -> None:
    assert [run[name]["right"] for run in runs] == [right[name]] * 2
    assert right[name] > 0.9 * runs[0][name]["total"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_hashed_by_content_is_computed_once(
    name: str, combinations: dict[str, Combination], runs: list[dict[str, Any]]
) -> None:
    assert [run[name]["stored"] for run in runs] == [False, combinations[name].is_hashed]


@pytest.mark.parametrize(("name", "source"), SAME, ids=[name for name, _ in SAME])
def test_eight_bits_say_what_float_says_under_noise_too(name: str, source: str, runs: list[dict[str, Any]]) -> None:
    found = [limit for limit in runs[0]["limits"] if limit["model"] == name and limit["asks"] == "max_differences"]
    assert [limit["details"]["source"] for limit in found] == [source] * 2
    assert all(0 <= limit["value"] <= ALLOWED for limit in found)
