"""`thresholds.toml`: what is accepted is held against rules written down here once more, apart from the reader's own."""

from __future__ import annotations

import datetime
import math
import re
import tomllib
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hostile import attempt, many
from hypothesis import given
from hypothesis import strategies as st
from mutations import OF_TOML, VALUES, damaged, mutated
from toml import to_toml

from robustness.claims.declare import DeclaredClaim
from robustness.generators.declare import GeneratorLimit
from robustness.hunts.declare import Hunt
from robustness.kinds import KINDS as KINDS_OF_PROMISES
from robustness.kinds import read_thresholds
from robustness.limits.limit import Limit
from robustness.noise import KINDS, PRESETS

PARSER = "thresholds.toml"
DOCUMENT: dict[str, Any] = {
    "schema": 1,
    "run": {
        "data": "folder:images",
        "seed": 3,
        "baseline": "baselines/v1.safetensors",
        "claim": "population",
        "confidence": 0.9,
        "mode": "full",
        "inconclusive": "warn",
        "time_limit": 60,
    },
    "models": {
        "cnn": {"load": "baseline-cnn", "weights": "signs"},
        "my-net": {"load": "python:net:make", "size": 64, "fit": "resize", "mean": [0.5, 0.5, 0.5], "std": [0.2, 0.2, 0.2]},
        "shipped": {"load": "onnx:net.onnx", "size": 28, "fit": "crop-or-pad"},
        "judge": {"load": "baseline-cnn", "weights": "gtsrb-28", "size": 28, "fit": "crop-or-pad"},
    },
    "noises": {"blur": {"load": "torchvision:GaussianBlur", "magnitude": "sigma", "kernel_size": 5}},
    "limits": [
        {
            "models": ["cnn", "my-net"],
            "noise": "gaussian",
            "sigma": [0, 10, 25],
            "accuracy": [0.95, 0.93, 0.85],
            "max_drop": 0.01,
        },
        {"models": ["cnn"], "noise": "clean", "accuracy": 0.9, "classes": ["stop", "yield"], "seeds": [1, 2]},
        {"models": ["shipped"], "noise": "paper", "accuracy": 0.5, "worst_class": 0.1, "relative": 0.5},
        {"models": ["cnn"], "noise": "cifar-c", "severity": [1, 2], "accuracy": [0.6, 0.5]},
        {"models": ["cnn"], "noise": "blur", "sigma": [0.5, 1.5], "accuracy": [0.94, 0.9]},
        {"models": ["shipped"], "noise": "gaussian", "sigma": [0, 5], "same_as": "cnn", "max_differences": 0.01},
        {"models": ["cnn"], "noise": "salt-and-pepper", "amount": [0.01, 0.02], "monotone": 0.02},
        {"models": ["cnn"], "noise": "speckle", "break_point": 0.5, "of_clean": 0.9},
        {
            "models": ["cnn"],
            "noise": "uniform",
            "half_width": 3,
            "max_flips": 0.01,
            "waived_until": datetime.date(2026, 12, 31),
            "reason": "known",
        },
        {"models": ["cnn"], "noise": "periodic", "amplitude": 0.2, "worst_band": 0.4},
        {"models": ["my-net"], "noise": "imagenet-c", "mean_error": 1.1, "reference": "cnn"},
    ],
    "hunts": [{"models": ["cnn"], "safe": {"gaussian": 3, "periodic": 0.01}, "budget": 0.05, "images": 64}],
    "claims": [
        {"says": "breaks", "models": ["cnn"], "expected": "supported", "noise": "gaussian", "sigma": [5, 50], "of_clean": 0.9},
        {"says": "patterns-differ", "models": ["cnn"], "expected": "refuted", "noises": ["gaussian", "offset"], "psnr": 25},
        {"says": "more-noise-never-helps", "models": ["cnn"], "expected": "undecided", "noise": "shot", "gain": [1, 2, 3]},
    ],
    "generators": {"study": {"load": "gan-study-gtsrb", "judge": "judge", "training": "folder:training"}},
    "generator_limits": [{"generators": ["study"], "fidelity": 0.5, "recall": 0.1, "max_copied": 0.01, "max_frechet": 40}],
}

KEYS = {
    "run": "data seed baseline claim confidence independent design_effect mode inconclusive time_limit",
    "models": "load weights size fit mean std precision",
    "hunts": "models safe budget images",
    "claims": "says models over expected noise of_clean noises psnr ssim negligible",
    "generators": "load judge training",
    "generator_limits": "generators fidelity worst_class precision recall max_frechet max_nearest max_copied "
    "max_collapsed max_divergence",
}
LEVELS = ("accuracy", "max_drop", "relative", "worst_class", "worst_band", "max_flips", "max_differences")
LIMIT_KEYS = {
    *("models", "noise", "same_as", "monotone", "mean_error", "reference", "break_point", "of_clean", "classes"),
    *("waived_until", "reason", "seeds", *LEVELS),
}


@pytest.fixture(scope="module")
def file(folder):
    return folder / "thresholds.toml"


def is_share(number):
    return not isinstance(number, bool) and math.isfinite(number) and 0 <= number <= 1


def listed(value):
    return value if isinstance(value, list) else [value]


def check(text, thresholds):
    """That what was accepted stands in the file, all of it, and lies where it may lie."""
    content = tomllib.loads(text)
    assert set(content) <= {*KEYS, "schema", "limits", "noises"}
    assert content["schema"] == 1
    assert type(content["schema"]) is int
    for name, keys in KEYS.items():
        tables = content.get(name, [])
        for table in [tables] if name == "run" else tables.values() if isinstance(tables, dict) else tables:
            if name == "claims":
                keys = f"{keys} {' '.join(KINDS[table['noise']].parameters() if 'noise' in table else [])}"
            assert set(table) <= set(keys.split()), name
    assert thresholds.data == content["run"]["data"]
    assert 0 <= thresholds.seed < 2**64
    assert type(content["run"].get("seed", 0)) is int
    assert 0.5 <= thresholds.scope.confidence < 1
    assert thresholds.scope.design_effect is None or 1 <= thresholds.scope.design_effect < math.inf
    assert thresholds.time_limit is None or 0 < thresholds.time_limit < 1e9
    for model in thresholds.models.values():
        assert model.size is None or 1 <= model.size <= 4096
        assert all(math.isfinite(number) for number in (*model.mean, *model.std))
        assert all(number > 0 for number in model.std)
    check_limits(content, thresholds)
    for table in content.get("hunts", []):
        assert is_share(table["budget"])
        assert table["budget"] < 1
        assert table["safe"]
    assert len(thresholds.of(Hunt)) == sum(len(table["models"]) for table in content.get("hunts", []))
    assert all(math.isfinite(noise.level) for hunt in thresholds.of(Hunt) for noise in hunt.safe)
    assert bool(thresholds.of(DeclaredClaim)) == bool(content.get("claims"))
    assert {limit.generator for limit in thresholds.of(GeneratorLimit)} <= set(content.get("generators", {}))
    asked = [(set(table) - {"generators"}, table["generators"]) for table in content.get("generator_limits", [])]
    assert len(thresholds.of(GeneratorLimit)) == sum(len(asks) * len(generators) for asks, generators in asked)
    assert all(limit.required.is_finite() for limit in thresholds.of(GeneratorLimit))
    for kind in KINDS_OF_PROMISES:
        promises = thresholds.of(kind.promise)
        assert len({str(promise) for promise in promises}) == len(promises)


def check_limits(content, thresholds):
    expected = []
    for table in content["limits"]:
        kind = table["noise"]
        parameters = thresholds.noises[kind].parameters() if kind in thresholds.noises else ("severity",)
        assert set(table) <= LIMIT_KEYS | set(parameters)
        assert set(table["models"]) <= set(content["models"])
        asks = [name for name in LEVELS if name in table] or (["max_differences"] if "same_as" in table else [])
        assert asks or {"monotone", "mean_error", "break_point"} & set(table)
        columns = [table[name] for name in (*parameters, *asks) if name in table]
        assert all(column != [] for column in columns)
        levels = max((len(column) for column in columns if isinstance(column, list)), default=1)
        if kind in PRESETS:  # nine noises, or as many for each severity
            levels = len(PRESETS[kind]) if "severity" not in table else len(PRESETS[kind]) // 5 * levels
        required = {name: listed(table.get(name, 0)) for name in asks}
        assert all(map(is_share, (number for numbers in required.values() for number in numbers)))
        curves = [name for name in ("monotone", "mean_error", "break_point") if name in table]
        for model, seed in product(table["models"], table.get("seeds") or [None]):
            expected += [(model, seed, name) for name in asks for _ in range(levels)] + [(model, seed, name) for name in curves]
    assert sorted(map(str, expected)) == sorted(str((limit.model, limit.seed, limit.asks)) for limit in thresholds.of(Limit))
    for limit in thresholds.of(Limit):
        assert limit.required.is_finite()
        assert limit.asks in ("mean_error", "break_point") or 0 <= limit.required <= 1
        assert limit.asks != "mean_error" or limit.required > Decimal(0)
        for noise in (limit.noise, *limit.levels):
            assert all(math.isfinite(getattr(noise, name)) for name in noise.parameters())
            low_high = [(noise.ranges[name], getattr(noise, name)) for name in noise.parameters()]
            assert all(low <= value <= high for (low, high), value in low_high)


def tried(file, content):
    file.write_bytes(content)
    try:
        text = content.decode()
        past = bool(str(tomllib.loads(text)))
    except (ValueError, RecursionError):
        past = False
    thresholds, message = attempt(PARSER, lambda: read_thresholds(file), "thresholds.toml", past, file.parent, lines=True)
    if thresholds is not None:
        assert past
        check(text, thresholds)
    elif past:
        head, *rest = (message or "").split("\n")
        assert re.fullmatch(r"thresholds\.toml cannot be used: \d+ problems?", head), message
        places = [re.match(r"  thresholds\.toml:(\d+): ", line) for line in rest]
        assert places
        assert all(place and 1 <= int(place[1]) <= text.count("\n") + 1 for place in places), message
    return thresholds


def test_the_document_that_is_made_wrong_is_right(file):
    assert tried(file, to_toml(DOCUMENT).encode()) is not None


@many(2200)
@given(data=st.data())
def test_a_wrong_document_is_refused_with_its_lines_or_is_what_it_says(file, data):
    """A few of the tables, since small files are read sooner and more of them are accepted."""
    number = data.draw(st.integers(0, len(DOCUMENT["limits"]) - 1))
    more = data.draw(st.sampled_from([(), (), ("hunts",), ("claims",), ("generators", "generator_limits")]))
    names = ("schema", "run", "models", "noises", *more)
    document = {name: DOCUMENT[name] for name in names} | {"limits": DOCUMENT["limits"][number : number + 2]}
    where = data.draw(st.sampled_from([None, "run", "models", "limits", "limits", *more]))
    if where is None:
        document = data.draw(mutated(document, VALUES | OF_TOML))
    else:
        document[where] = data.draw(mutated(document[where], VALUES | OF_TOML))
    tried(file, to_toml(document).encode())


@many(300)
@given(content=damaged(to_toml(DOCUMENT).encode(), hits=2))
def test_a_damaged_file_is_refused_or_is_what_it_says(file, content):
    tried(file, content)


LINES = to_toml(DOCUMENT).splitlines(keepends=True)


@many(200)
@given(places=st.lists(st.tuples(st.integers(0, len(LINES) - 1), st.integers(0, len(LINES) - 1)), min_size=1, max_size=3))
def test_lines_that_stand_twice_or_elsewhere(file, places):
    lines = list(LINES)
    for source, target in places:
        lines.insert(target, LINES[source])
    tried(file, "".join(lines).encode())
