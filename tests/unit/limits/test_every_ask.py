"""What holds of everything a limit can ask: measured on a small network, from the table to the record."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

import robustness.limits
from robustness.cli import _parser
from robustness.evaluation.baseline import measured_case, save_baseline
from robustness.evaluation.store import Store
from robustness.gate.workbench import Workbench
from robustness.kinds import read_thresholds
from robustness.limits.asks import ASKS
from robustness.limits.declare import OF_SEVERAL
from robustness.limits.limit import Limit
from robustness.limits.measure import measure_limit, repeat_command
from robustness.limits.record import LimitRecord
from robustness.noise import parse_noises

ROOM = Path(robustness.limits.__file__).parent
THRESHOLDS = """\
schema = 1
[run]
data = "folder:pictures"
seed = 3
baseline = "v1.safetensors"
[models.toy]
load = "python:toy_to_ask:make"
size = 8
fit = "resize"
[models.other]
load = "python:toy_to_ask:other"
size = 8
fit = "resize"
[[limits]]
models = ["toy"]
noise = "offset"
levels = 10
accuracy = 0.9
max_drop = 0.1
relative = 0.5
worst_class = 0.5
balanced_accuracy = 0.5
macro_f1 = 0.5
calibration_error = 0.5
top_k = 0.5
k = 1
max_confusion = 0.5
confusion = { from = "dark", to = "bright" }
max_flips = 1
[[limits]]
models = ["toy"]
noise = "offset"
levels = 10
class = "bright"
recall = 0.5
precision = 0.5
[[limits]]
models = ["toy"]
noise = "periodic"
amplitude = 0.1
worst_band = 0.1
[[limits]]
models = ["toy"]
noise = "clean"
same_as = "other"
seeds = [5]
[[limits]]
models = ["toy"]
noise = "gaussian"
sigma = [5, 10]
monotone = 0.5
mean_error = 2.5
reference = "other"
[[limits]]
models = ["toy"]
noise = "offset"
break_point = 5
of_clean = 0.5
"""
TOY = """\
import torch

class Brightness(torch.nn.Module):
    def __init__(self, cut):
        super().__init__()
        self.grey = torch.nn.Parameter(torch.tensor(cut / 255))

    def forward(self, images):
        excess = images[:, :1].mean(dim=(1, 2, 3)) - self.grey
        return torch.stack([excess, -excess], dim=1)

def make():
    return Brightness(122.5)

def other():
    return Brightness(125.5)
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Six pictures, dark and bright; the model gets one wrong, and the other two more. The baseline got all right."""
    folder = tmp_path_factory.mktemp("project")
    for name, first in (("bright", 121), ("dark", 111)):
        (folder / "pictures" / name).mkdir(parents=True)
        for level in range(first, first + 9, 3):
            Image.fromarray(np.full((8, 8, 3), level, np.uint8)).save(folder / "pictures" / name / f"{level}.png")
    (folder / "toy_to_ask.py").write_text(TOY)
    (folder / "thresholds.toml").write_text(THRESHOLDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        patch.chdir(folder)
        with Workbench(read_thresholds(folder / "thresholds.toml"), Store(folder / "store")) as bench:
            toy = bench.classifier("toy")
            for noise in {limit.noise for limit in bench.thresholds.of(Limit) if limit.asks == "max_drop"}:
                measured = bench.measure(toy, noise)
                case, frozen = measured.case, measured_case(measured.case, measured.result)
                save_baseline(folder / "v1.safetensors", case.data, case.data_hash, case.seed, [frozen])
            yield bench
    sys.modules.pop("toy_to_ask", None)


@pytest.fixture(params=ASKS)
def limit(request, bench):
    asking = [limit for limit in bench.thresholds.of(Limit) if limit.asks == request.param]
    assert asking, f"no table in THRESHOLDS asks {request.param}"
    return asking[0]


@pytest.fixture
def record(limit, bench):
    return bench.once(("record", limit), lambda: measure_limit(limit, bench))


def test_its_cases_are_what_it_judges(limit, bench):
    measured = limit.ask.measure(limit, bench)
    cases = limit.ask.cases(limit, bench.classifier(limit.model).fit.shape)
    assert [(one.case.model, one.case.noise) for one in measured.cases] == cases
    assert cases[0] == (limit.model, limit.levels[0] if limit.levels else limit.noise)
    assert {one.case.seed for one in measured.cases} == {3 if limit.seed is None else limit.seed}
    assert {model for model, _ in cases} == set(limit.models)


def test_its_record_says_what_was_found_and_crosses_as_json(limit, record):
    assert (record.asks, record.limit, record.required) == (limit.asks, str(limit), str(limit.required))
    assert record.verdict == "PASS" or record.stops
    assert str(limit.required) in record.reason
    assert record.words is None or record.reason == record.words
    assert (record.words is None) == limit.ask.of_population
    adapter = TypeAdapter(LimitRecord)
    assert adapter.validate_json(adapter.dump_json(record, by_alias=True)) == record


def test_its_command_is_one(limit, record, bench):
    program, *arguments = shlex.split(record.repeat)
    assert program == "robustness"
    args = _parser().parse_args(arguments)
    assert args.thresholds == Path("thresholds.toml")
    assert args.seed == limit.seed
    assert limit.model in vars(args).values() or limit.model in getattr(args, "models", ())
    noise = getattr(args, "noise", None)
    if getattr(args, "limit", None):
        assert (args.limit, noise) == (str(limit), [])
    else:
        assert noise is None or parse_noises(noise if isinstance(noise, str) else noise[0]) == (limit.noise,)


def test_a_model_in_a_fixture_is_measured_again_by_its_test(limit, bench):
    found, models = limit.ask.judge(limit.ask.measure(limit, bench)), bench.thresholds.models
    for name in limit.models:
        held = replace(bench.thresholds, models={**models, name: replace(models[name], load="fixture")})
        in_test = replace(bench, thresholds=held, test="test_limits.py::test_limit[it]")
        assert repeat_command(limit, in_test, found) == "pytest 'test_limits.py::test_limit[it]'"


def test_its_bar_ends_somewhere(limit, record):
    row = record.row
    assert row.full == (1.0 if limit.ask.is_share else None)
    assert 0 <= row.value <= (row.full or np.inf)
    assert (row.images is not None) == limit.ask.is_counted
    assert not limit.ask.is_counted or row.value == row.images[0] / row.images[1]


def test_its_id_names_it_unless_it_is_accuracy(limit):
    label = limit.ask.label(limit)
    assert label == "" if limit.ask.is_counted else label in str(limit)


@pytest.mark.parametrize("name", ASKS)
def test_no_other_file_of_the_room_knows_its_name(name):
    knowing = [file.name for file in ROOM.rglob("*.py") if f'"{name}"' in file.read_text()]
    assert knowing == [f"{name}.py"]


def test_keys_of_asks_are_their_own():
    keys = [key for ask in ASKS.values() for key in (ask.name, *ask.more)]
    assert len(keys) == len(set(keys))
    assert all(not ask.needs or ask.needs in (*ask.more, *ask.takes) for ask in ASKS.values())
    assert not {*keys} & {*OF_SEVERAL}
    assert all({*ask.takes} <= {*OF_SEVERAL} for ask in ASKS.values())
    assert all(not ask.reference or ask.reference in ask.more for ask in ASKS.values())
