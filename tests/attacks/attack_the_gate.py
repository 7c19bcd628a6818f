"""Attacks on `robustness gate`: none may end with exit code 0, for none of these projects keeps its limits.

    uv run --with pytest-randomly --with pytest-rerunfailures --with pytest-timeout --with pytest-split --with pytest-sugar \
        python tests/attacks/attack_the_gate.py --count 510 --seed 1

An attack is a reason why nothing may pass (a network that is wrong, whatever hides it, or images that it is wrong on and that
somehow stay out), a place that ends the process, a plugin or option, and a way to share the work. Drawn are so many of all
combinations, each pair of reason and place at least once. Prints a table of what became of them, and those that passed.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import contextlib
import importlib.util
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

ROOT = Path(__file__).parents[2]
TOY = '''
import os, sys
import torch
from torch import nn

CALLS = []

class Brightness(nn.Module):
    """Class 0, bright, where the mean pixel is brighter than the middle; `sign` -1 says the contrary."""

    factor = 1.0

    def __init__(self):
        super().__init__()
        self.sign = nn.Parameter(torch.tensor(SIGN))
        self.quiet = nn.Identity()

    def forward(self, images):
        CALLS.append(len(images))
        IN_FORWARD
        excess = (self.quiet(images)[:, :1].mean(dim=(1, 2, 3)) - 0.5) * self.sign * self.factor
        return torch.stack([excess, -excess], dim=1)

def make():
    IN_FACTORY
    net = Brightness()
    MADE
    return net
'''
LIMITS = """
schema = 1
[run]
data = "DATA"
[models.toy]
load = "LOAD"
size = 8
fit = "resize"
[[limits]]
models = ["toy"]
noise = "clean"
accuracy = 1.0
[[limits]]
models = ["toy"]
noise = "gaussian"
sigma = [5, 25]
accuracy = [0.9, 0.8]
"""
FIXTURE = "import pytest\n@pytest.fixture(scope='session')\ndef toy():\n    import toy\n    return toy.make()\n"
RULE = "import pytest, torch\nfrom torch import nn\n\ndef test_a_rule(toy, test_set, accuracy):\n"
DATASET = """
import os, random
import numpy as np
from pathlib import Path
from PIL import Image
from torch.utils.data import Dataset

class Pictures(Dataset):
    classes = ["bright", "dark"]

    def __init__(self):
        self.files = sorted(Path("pictures").glob("*/*.png"))
        IN_DATASET

    def __len__(self):
        return len(self.files)

    def __getitem__(self, place):
        image = np.array(Image.open(self.files[place]).convert("RGB"))
        IN_ITEM
        return image, self.classes.index(self.files[place].parent.name)

def make():
    return Pictures()
"""
AUTOUSE = "@pytest.fixture(autouse=True)\ndef spoil(request):\n    "


class Project:
    """Files by name, with places in them to be filled; and what a command adds."""

    def __init__(self) -> None:
        self.load, self.data, self.sign = "python:toy:make", "folder:pictures", "1.0"
        self.filled: dict[str, list[str]] = collections.defaultdict(list)
        self.conftest: list[str] = []
        self.rule: list[str] = []
        self.options: list[str] = []
        self.ini: list[str] = []
        self.environment: dict[str, str] = {}
        self.pictures: list[Callable[[Path], None]] = []

    def write(self, folder: Path) -> list[str]:
        """The project in a folder; the arguments of its gate."""
        generator = np.random.default_rng(0)
        for name, level in (("bright", 190), ("dark", 60)):
            (folder / "pictures" / name).mkdir(parents=True)
            for number in range(10):
                pixels = generator.integers(level - 20, level + 20, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / "pictures" / name / f"{number}.png")
        for change in self.pictures:
            change(folder / "pictures")
        (folder / "toy.py").write_text(self._fill(TOY.replace("SIGN", self.sign)))
        (folder / "pictures_set.py").write_text(self._fill(DATASET))
        (folder / "thresholds.toml").write_text(LIMITS.replace("DATA", self.data).replace("LOAD", self.load))
        fixture = [FIXTURE] if self.load == "fixture" else ["import pytest\n"]
        (folder / "conftest.py").write_text("\n".join([*fixture, *self.conftest]) + "\n")
        (folder / "pytest.ini").write_text("\n".join(["[pytest]", *self.ini]) + "\n")
        paths = []
        if self.rule:
            (folder / "test_rules.py").write_text(RULE + "".join(f"    {line}\n" for line in self.rule))
            paths = ["test_rules.py"]
        return [*paths, "thresholds.toml", *self.options]

    def _fill(self, text: str) -> str:
        for place in ("IN_FORWARD", "IN_FACTORY", "IN_DATASET", "IN_ITEM", "MADE"):
            text = text.replace(place, "; ".join(self.filled[place]) or "pass")
        return text


def of_a_fixture(project: Project) -> None:
    project.sign, project.load = "-1.0", "fixture"


def wrong(project: Project) -> None:
    project.sign = "-1.0"


def rule(*lines: str):
    def change(project: Project) -> None:
        of_a_fixture(project)
        project.rule += lines

    return change


def conftest(*lines: str):
    def change(project: Project) -> None:
        of_a_fixture(project)
        project.conftest += lines

    return change


def dark_images(where: str, suffix: str = ".png"):
    """Images that the network is wrong on, where they may be overlooked."""

    def change(project: Project) -> None:
        def put(pictures: Path) -> None:
            file = pictures / where
            file.parent.mkdir(parents=True, exist_ok=True)
            for number in range(10):
                Image.new("RGB", (8, 8), (20, 20, 20)).save(file.with_name(f"{file.stem}{number}{suffix}"), "PNG")

        project.pictures.append(put)

    return change


def cut_off(project: Project) -> None:
    def cut(pictures: Path) -> None:
        for file in sorted((pictures / "bright").iterdir())[:5]:
            file.write_bytes(file.read_bytes()[:-60])

    project.pictures.append(cut)
    project.conftest.append("from PIL import ImageFile\nImageFile.LOAD_TRUNCATED_IMAGES = True\n")


def dataset(*lines: str, item: tuple[str, ...] = ()):
    def change(project: Project) -> None:
        project.data = "python:pictures_set:make"
        project.filled["IN_DATASET"] += lines
        project.filled["IN_ITEM"] += item

    return change


REASONS = {
    "wrong": wrong,
    "wrong, in a fixture": of_a_fixture,
    "wrong, its weight mended by a rule": rule("toy.sign.data.neg_()"),
    "wrong, its output turned by a hook": rule("toy.register_forward_hook(lambda module, images, logits: -logits)"),
    "wrong, a part swapped by a rule": rule("toy.quiet = type('Inverted', (nn.Module,), {'forward': lambda self, x: 1 - x})()"),
    "wrong, an attribute set by a rule": rule("toy.factor = -1.0"),
    "wrong, its class patched by a rule": rule(
        "kind = type(toy); real = kind.forward", "kind.forward = lambda self, x: -real(self, x)"
    ),
    "wrong, turned before each test": conftest(AUTOUSE + "request.getfixturevalue('toy').factor *= -1\n"),
    "random in each process": lambda project: project.filled["MADE"].append("net.sign.data = torch.randn(())"),
    "of the newest weights": lambda project: project.filled["MADE"].append(
        "open('made', 'a').write('x'); net.sign.data *= 1.0 if os.path.getsize('made') % 2 else -1.0"
    ),
    "normalised by the batch": lambda project: project.filled["MADE"].append(
        "net.quiet = nn.Sequential(nn.BatchNorm2d(3, affine=False, track_running_stats=False), nn.Hardsigmoid())"
    ),
    "images of no known suffix": dark_images("bright/left", ""),
    "images beside the classes": dark_images("left"),
    "images in a hidden folder": dark_images("bright/.hidden/left"),
    "images cut off": cut_off,
    "images augmented": dataset(item=("image = 255 - image if random.random() < 0.3 else image",)),
    "another subset each time": dataset("random.shuffle(self.files)", "self.files = self.files[:12]"),
    "labels at random": dataset("random.shuffle(self.classes)"),
}
C_EXIT = "import ctypes; ctypes.CDLL(None).exit(0)"
EXITS = {
    "nowhere": lambda project: None,
    "conftest, sys.exit": lambda project: project.conftest.append("import sys; sys.exit(0)"),
    "conftest, os._exit": lambda project: project.conftest.append("import os; os._exit(0)"),
    "conftest, atexit": lambda project: project.conftest.append("import os, atexit; atexit.register(os._exit, 0)"),
    "conftest, a timer": lambda project: project.conftest.append(
        "import os, threading; threading.Timer(2, os._exit, (0,)).start()"
    ),
    "a hook at the end": lambda project: project.conftest.append(
        "@pytest.hookimpl(trylast=True)\ndef pytest_sessionfinish(session):\n    session.exitstatus = 0\n"
    ),
    "a hook after the end": lambda project: project.conftest.append(
        "def pytest_unconfigure(config):\n    import os; os._exit(0)\n"
    ),
    "a hook in place of the tests": lambda project: project.conftest.append(
        "def pytest_runtestloop(session):\n    return True\n"
    ),
    "a hook that collects nothing": lambda project: project.conftest.append(
        "def pytest_collection_modifyitems(items):\n    items[:] = []\n"
    ),
    "a hook that leaves one test": lambda project: project.conftest.append(
        "def pytest_collection_modifyitems(config, items):\n"
        "    config.hook.pytest_deselected(items=items[1:])\n    items[:] = items[:1]\n"
    ),
    "a hook that skips": lambda project: project.conftest.append("def pytest_runtest_setup(item):\n    pytest.skip('later')\n"),
    "a hook that forgives": lambda project: project.conftest.append(
        "@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_makereport(item):\n"
        "    report = yield\n    report.outcome = 'passed'\n    return report\n"
    ),
    "a fixture, sys.exit": lambda project: project.conftest.append(
        "@pytest.fixture(autouse=True)\ndef leave():\n    import sys; sys.exit(0)\n"
    ),
    "a fixture, pytest.exit": lambda project: project.conftest.append(
        "@pytest.fixture(autouse=True)\ndef leave():\n    pytest.exit('done', returncode=0)\n"
    ),
    "the factory, sys.exit": lambda project: project.filled["IN_FACTORY"].append("sys.exit(0)"),
    "the factory, os._exit": lambda project: project.filled["IN_FACTORY"].append("os._exit(0)"),
    "the factory, exit of C": lambda project: project.filled["IN_FACTORY"].append(C_EXIT),
    "a forward pass, os._exit": lambda project: project.filled["IN_FORWARD"].append("len(CALLS) > 3 and os._exit(0)"),
    "a forward pass, sys.exit": lambda project: project.filled["IN_FORWARD"].append("len(CALLS) > 3 and sys.exit(0)"),
}
PLUGINS = {
    "none": [],
    "randomly": ["-p", "randomly"],
    "rerunfailures": ["--reruns", "2"],
    "timeout": ["--timeout", "100", "--timeout-method", "thread"],
    "split": ["--splits", "2", "--group", "1"],
    "sugar": ["--force-sugar"],
    "maxfail": ["--maxfail", "1"],
    "cache": ["--ff"],
    "quiet": ["-q", "-q", "--no-header", "--no-summary"],
    "addopts": ["ini:addopts = -k clean"],
    "PYTEST_ADDOPTS": ["environment:-m not_there"],
    "shown only": ["ini:addopts = --collect-only"],
}
MODULES = {name: f"pytest_{name}" for name in ("randomly", "rerunfailures", "timeout", "split", "sugar")}
SHARED = {
    "alone": ["-p", "no:xdist"],
    "no workers": [],
    "a worker": ["-n", "1"],
    "two workers": ["-n", "2"],
    "two, by file": ["-n", "2", "--dist", "loadfile"],
    "two, stolen": ["-n", "2", "--dist", "worksteal"],
}

HUNG = 124


def attack(reason: str, place: str, plugin: str, shared: str) -> tuple[int, str]:
    """The exit code of the gate, and all that it printed."""
    with tempfile.TemporaryDirectory() as name:
        project, folder = Project(), Path(name)
        REASONS[reason](project)
        EXITS[place](project)
        for option in PLUGINS[plugin]:
            kind, _, text = option.partition(":")
            if kind == "ini":
                project.ini.append(text)
            elif kind == "environment":
                project.environment["PYTEST_ADDOPTS"] = text
            else:
                project.options.append(option)
        project.options += SHARED[shared]
        arguments = project.write(folder)
        environment = {**os.environ, "ROBUSTNESS_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1", **project.environment}
        environment["PYTHONPATH"] = str(ROOT)
        command = [sys.executable, "-m", "robustness.cli", "gate", *arguments]
        with (folder / "said").open("w+") as said:
            given = {"cwd": folder, "env": environment, "stdin": subprocess.DEVNULL, "stdout": said, "stderr": said}
            with subprocess.Popen(command, start_new_session=True, **given) as gate:  # type: ignore[call-overload]
                try:
                    code = gate.wait(150)
                except subprocess.TimeoutExpired:
                    code = HUNG
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(gate.pid, signal.SIGKILL)
            return code, (folder / "said").read_text(errors="replace")


def drawn(count: int, seed: int) -> list[tuple[str, str, str, str]]:
    """So many combinations: each pair of reason and place first, with whatever comes beside them."""
    draw = random.Random(seed)
    plugins = [name for name in PLUGINS if name not in MODULES or importlib.util.find_spec(MODULES[name])]
    pairs = list(itertools.product(REASONS, EXITS))
    chosen: dict[tuple[str, str, str, str], None] = {}
    while len(chosen) < count:
        if pairs:
            reason, place = pairs.pop(draw.randrange(len(pairs)))
        else:
            reason, place = draw.choice(list(REASONS)), draw.choice(list(EXITS))
        (shared,) = draw.choices(list(SHARED), [4, 4, 1, 1, 1, 1])  # workers take three times as long
        chosen[reason, place, draw.choice(plugins), shared] = None
    return list(chosen)[:count]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=510)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--log", type=Path, default=Path("attacks.jsonl"), help="those in it are not repeated")
    args = parser.parse_args()
    attacks = drawn(args.count, args.seed)
    done = {tuple(line["attack"]): line for line in map(json.loads, args.log.open())} if args.log.exists() else {}
    todo = [one for one in attacks if one not in done]
    with concurrent.futures.ThreadPoolExecutor(args.at_once) as pool, args.log.open("a") as log:
        for which, (code, said) in zip(todo, tqdm(pool.map(lambda one: attack(*one), todo), total=len(todo)), strict=True):
            traceback = "Traceback (most recent call last)" in said
            kept = said if code in (0, HUNG) or traceback else ""
            done[which] = {"attack": which, "code": code, "traceback": traceback, "said": kept}
            log.write(json.dumps(done[which]) + "\n")
            log.flush()
    return show([done[one] for one in attacks if one in done])


def is_partial(one: dict[str, Any]) -> bool:
    """Whether it ended with 0 beside PARTIAL, and who typed the command asked for a part."""
    return one["code"] == 0 and one["attack"][2] == "split" and "\nPARTIAL: " in one["said"]


def show(ended: list[dict[str, Any]]) -> int:
    """The table; 1 where an attack got through."""
    codes: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for one in ended:
        reason, place, plugin, shared = one["attack"]
        for row in (f"wrong: {reason}", f"ends: {place}", f"with: {plugin}", f"shared: {shared}", "all"):
            codes[row].update({"attacks": 1, str(one["code"]): 1, "traceback": one["traceback"]})
    seen = sorted({code for counted in codes.values() for code in counted} - {"attacks", "traceback"}, key=int)
    print(f"{'':44} attacks {' '.join(f'exit {code:>4}' for code in seen)} tracebacks")
    for row, counted in sorted(codes.items()):
        print(f"{row:44} {counted['attacks']:7} {' '.join(f'{counted[code]:9}' for code in seen)} {counted['traceback']:10}")
    through = [one for one in ended if one["code"] in (0, HUNG) and not is_partial(one)]
    for one in through:
        print(f"\nTHROUGH: {' / '.join(one['attack'])}: exit {one['code']}\n{one['said'][-3000:]}")
    partial = sum(map(is_partial, ended))
    print(f"{len(ended)} attacks, {len(through)} through, {partial} with the PARTIAL that --splits asks for")
    return int(bool(through))


if __name__ == "__main__":
    sys.exit(main())
