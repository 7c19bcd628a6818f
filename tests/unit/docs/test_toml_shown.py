"""Every piece of a thresholds file that a page shows is one that the gate reads, once what it leaves out is put around it."""

from __future__ import annotations

import re
import tomllib

import pytest
from docs_pages import NAMES, PAGES, blocks

from robustness.errors import RobustnessError
from robustness.kinds import read_thresholds
from robustness.models.declaration import BUILT_IN

SHOWN = [
    (name, number, block)
    for name, page in zip(NAMES, PAGES, strict=True)
    for number, block in enumerate(blocks(page.read_text(encoding="utf-8"), "toml"))
]
NAMING = ("models", "over", "reference", "same_as", "judge")
"""Keys whose values are names of models."""


def whole(fragment):
    """A fragment with what it leaves out: a schema, data, the models it names and a limit."""
    content = tomllib.loads(fragment)
    if "schema" in content:
        return fragment
    run = 'schema = 1\n[run]\ndata = "signs"\n'
    text = re.sub(r"^\[run\]\n", "", fragment, count=1, flags=re.MULTILINE)
    text = fragment if "data" in content.get("run", {}) else text
    text = ("schema = 1\n" if "data" in content.get("run", {}) else run) + text
    declared = content.get("models", {})
    for name in dict.fromkeys(name for name in _named(content) if name not in declared):
        text += f'\n[models.{name}]\nload = "fixture"\nsize = 28\nfit = "crop-or-pad"\n'
    if not declared and not [*_named(content)]:
        text += '\n[models.some]\nload = "fixture"\nsize = 28\nfit = "crop-or-pad"\n'
    first = next(iter([*declared, *_named(content), "some"]))
    return text if "limits" in content else text + f'\n[[limits]]\nmodels = ["{first}"]\nnoise = "clean"\naccuracy = 0.5\n'


def _named(content):
    tables = [table for key in ("limits", "hunts", "claims") for table in content.get(key, [])]
    for table in [*tables, *content.get("generators", {}).values()]:
        for key in NAMING:
            value = table.get(key, [])
            yield from [value] if isinstance(value, str) else value


def read(block, folder):
    (folder / "thresholds.toml").write_text(whole(block), encoding="utf-8")
    return read_thresholds(folder / "thresholds.toml")


@pytest.mark.parametrize(("name", "number", "block"), SHOWN, ids=[f"{name}-{number}" for name, number, _ in SHOWN])
def test_the_gate_reads_it(name, number, block, tmp_path):
    read(block, tmp_path)


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        ('[[limits]]\nmodels = ["a"]\nnoise = "gaussian"\nsigma = 5\naccurracy = 0.9\n', "accurracy"),
        ('[run]\nclame = "population"\n', "unknown key"),
        ('[models.a]\nload = "torchvision:resnet18"\nweights = "a.pt"\nsize = 64\n', "fit"),
        ('[[hunts]]\nmodels = ["a"]\nsafe = { gausian = 3 }\nbudget = 0.1\n', "gausian"),
    ],
)
def test_a_planted_fault_is_found(block, fault, tmp_path):
    with pytest.raises(RobustnessError, match=fault):
        read(block, tmp_path)


def test_what_is_no_toml_is_found(tmp_path):
    with pytest.raises(tomllib.TOMLDecodeError):
        read("[run\n", tmp_path)


def test_a_fragment_keeps_what_it_says(tmp_path):
    thresholds = read(
        '[run]\nconfidence = 0.9\nclaim = "population"\n\n[[limits]]\nmodels = ["a"]\nnoise = "clean"\naccuracy = 0.7\n',
        tmp_path,
    )
    assert (thresholds.scope.confidence, thresholds.data, [*thresholds.models]) == (0.9, "signs", ["a"])
    assert {*BUILT_IN}.isdisjoint(thresholds.models)
