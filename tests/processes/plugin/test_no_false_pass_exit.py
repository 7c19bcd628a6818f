"""A catalogue of ways to exit 0, or to leave a PASS on disk, without having earned it: none works.

Each is tried through one of two doors, `robustness gate` and `pytest`, without workers or with two, by turns. Before each a PASS of
a former run lies in the report folder. What ends the process from a conftest.py that `pytest` imports is that project's own affair: there the
exit code is its, and still no PASS is left.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

import pytest
from gate_projects import Project

GOOD, BAD = "[excess, -excess]", "[-excess, excess]"
PASS = {"schema": 1, "verdict": "PASS"}
DOORS = {
    "gate": ["-m", "robustness.cli", "gate"],
    "pytest": ["-m", "pytest"],
}
WORKERS = {"no workers": ["-n", "0"], "two workers": ["-n", "2"]}


@dataclass
class Door:
    """One of the two commands, in a project with a former PASS."""

    project: Project
    name: str
    workers: list[str]

    @property
    def folder(self):
        return self.project.pytester.path

    def start(self, *arguments, **options):
        command = [sys.executable, *DOORS[self.name], *self.workers, *arguments]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # in the background a shell ignores it
            **options,
        )

    def run(self, *arguments, deadly=False):
        """Its exit code, and what it says. deadly: what is tried would end a pytest in this process, which is faster, too."""
        if self.name == "pytest" and self.workers == WORKERS["no workers"] and not deadly:
            run = self.project.gate(*self.workers, paths=arguments)
            return int(run.ret), "\n".join([*run.outlines, *run.errlines])
        with self.start(*arguments) as process:
            said = process.communicate(timeout=120)[0]
        print(said)
        return process.returncode, said

    def results(self):
        file = self.folder / "robustness-report" / "results.json"
        return json.loads(file.read_text()) if file.exists() else None

    def verdict(self):
        """On disk, of whichever run; a report without results would be one, too."""
        if self.results() is None:
            assert not (self.folder / "robustness-report" / "report.html").exists()
            return None
        return self.results()["verdict"]


@pytest.fixture(params=WORKERS)
def workers(request):
    return WORKERS[request.param]


@pytest.fixture(params=DOORS)
def door(request, project, workers):
    former(project)
    return Door(project, request.param, workers)


@pytest.fixture(params=DOORS)
def early(request, project):
    """For what happens before any worker starts."""
    former(project)
    return Door(project, request.param, WORKERS["no workers"])


def former(project, of="thresholds.toml"):
    file = project.pytester.path / of
    thresholds = {"path": str(file), "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    run = {"id": "former", "files": [str(project.pytester.path / "tests" / "test_gate.py")]}
    project.write("robustness-report/results.json", json.dumps(PASS | {"thresholds": thresholds, "run": run}))
    project.write("robustness-report/report.html", "PASS")


# What ends the process, or sets its exit code.

EXIT = "import pytest, sys, os, ctypes, atexit, threading\n"
IN_A_CONFTEST = {
    "sys.exit at import": "sys.exit(0)",
    "os._exit at import": "os._exit(0)",
    "os._exit at the end": "atexit.register(os._exit, 0)",
    "sys.exit when all is done": "def pytest_unconfigure():\n    sys.exit(0)",
    "os._exit in a hook": "def pytest_sessionfinish():\n    os._exit(0)",
    "os._exit in a thread": "threading.Timer(0.2, os._exit, [0]).start()",
}
"""The process is gone before anybody can say a word: through `pytest` the code is 0, and no verdict is there."""
IN_A_HOOK = {
    "sys.exit in a hook": "def pytest_collection_modifyitems():\n    sys.exit(0)",
    "sys.exit at the end": "def pytest_sessionfinish():\n    sys.exit(0)",
    "sys.exit in a fixture": "@pytest.fixture(autouse=True)\ndef leave():\n    sys.exit(0)",
    "pytest.exit at the start": "def pytest_sessionstart():\n    pytest.exit('done', returncode=0)",
    "pytest.exit in a fixture": "@pytest.fixture(autouse=True)\ndef leave():\n    pytest.exit('done', returncode=0)",
    "the status set": "@pytest.hookimpl(trylast=True)\ndef pytest_sessionfinish(session):\n    session.exitstatus = 0",
    "the status set by a wrapper": "@pytest.hookimpl(wrapper=True, tryfirst=True)\ndef pytest_sessionfinish(session):\n    yield\n    session.exitstatus = 0",
    "failures forgotten": "@pytest.hookimpl(wrapper=True, tryfirst=True)\ndef pytest_runtestloop(session):\n    yield\n    session.testsfailed = 0\n    return True",
    "another main": "@pytest.hookimpl(tryfirst=True)\ndef pytest_cmdline_main():\n    return 0",
    "a main around it": "@pytest.hookimpl(wrapper=True)\ndef pytest_cmdline_main():\n    yield\n    return 0",
    "tests that run nothing": "@pytest.hookimpl(tryfirst=True)\ndef pytest_runtestloop():\n    return True",
    "no results hook": "def pytest_robustness_results():\n    sys.exit(0)",
}
IN_A_FACTORY = {"os._exit": "os._exit(0)", "exit of C": "ctypes.CDLL(None).exit(0)", "sys.exit": "sys.exit(0)"}


@pytest.mark.parametrize("attack", IN_A_CONFTEST)
def test_a_conftest_that_ends_the_process(early, attack):
    early.project.edit("toy.py", GOOD, BAD)
    early.project.write("conftest.py", EXIT + IN_A_CONFTEST[attack] + "\n")
    code, said = early.run("thresholds.toml", deadly=True)
    assert early.verdict() in (None, "FAIL")
    if early.name == "gate":
        assert code == 1
        assert "robustness: " in said


@pytest.mark.parametrize("attack", IN_A_HOOK)
def test_a_hook_that_ends_the_run_or_sets_its_code(door, attack):
    door.project.edit("toy.py", GOOD, BAD)
    door.project.write("conftest.py", EXIT + IN_A_HOOK[attack] + "\n")
    code, _ = door.run("thresholds.toml")
    assert code != 0
    assert door.verdict() in (None, "FAIL")


@pytest.mark.parametrize("attack", IN_A_FACTORY)
def test_a_factory_that_ends_the_process(door, attack):
    door.project.edit("toy.py", "return Brightness()", f"import ctypes, os, sys\n    {IN_A_FACTORY[attack]}")
    code, said = door.run("thresholds.toml", deadly=True)
    assert door.verdict() in (None, "FAIL")
    if door.name == "gate":
        assert code == 1
        assert "pytest ended without a verdict" in said or "FAIL: " in said
    elif attack == "sys.exit" or door.workers == ["-n", "2"]:
        assert code == 1


PLACES = ("pytest.ini", "PYTEST_ADDOPTS")
SHOWING = ("--fixtures", "--fixtures-per-test", "--collect-only", "--version --version", "--help", "--markers", "--cache-show")


@pytest.mark.parametrize(("where", "option"), [*zip(itertools.cycle(PLACES), [*SHOWING, "--setup-plan"], strict=False)])
def test_an_option_that_measures_nothing_and_that_nobody_typed(early, option, where, monkeypatch):
    add(early, option, where, monkeypatch)
    code, said = early.run("thresholds.toml")
    assert code == 1
    assert early.verdict() in (None, "FAIL")
    assert "robustness: pytest ended without a verdict" in said or "FAIL: " in said


def add(door, options, where, monkeypatch):
    if where == "PYTEST_ADDOPTS":
        monkeypatch.setenv(where, options)
    else:
        door.project.write(where, f"[pytest]\naddopts = {options}\n")


@pytest.mark.parametrize("option", ["--collect-only", "--fixtures", "--version"])
def test_the_same_options_typed_are_obeyed_and_no_run(early, option):
    assert early.run("thresholds.toml", option)[0] == 0
    assert early.results()["run"]["id"] == "former"


# Signals.


@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_run_that_is_ended_from_outside_ends_whole_and_leaves_no_verdict(door, sent):
    """Ctrl-C goes to the whole group; the others to the first process."""
    door.project.edit(
        "toy.py", "excess = ", "import time; print(file=open('measuring', 'w')); time.sleep(60)\n        excess = "
    )
    with door.start("thresholds.toml", start_new_session=True) as process:
        wait_for(lambda: (door.folder / "measuring").exists())
        if sent == "SIGINT":
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(getattr(signal, sent))
        try:
            said = process.communicate(timeout=60)[0]  # everybody who could write has gone
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    print(said)
    wanted = {"SIGINT": (1, 2), "SIGTERM": (143, -signal.SIGTERM), "SIGKILL": (-signal.SIGKILL,)}
    assert process.returncode in wanted[sent]
    assert door.verdict() in (None, "FAIL")
    assert said.count("! KeyboardInterrupt !") == (sent == "SIGINT")  # once, not twice over


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


# Rules that do not run.

RULE = "def test_rule(accuracy):\n    assert False\n"
ITSELF = {
    "skip": "import pytest\npytest.skip('no gpu', allow_module_level=True)\n" + RULE,
    "importorskip": "import pytest\npytest.importorskip('no_such_module')\n" + RULE,
    "pytestmark": "import pytest\npytestmark = pytest.mark.skip\n" + RULE,
    "skipif": "import pytest\npytestmark = pytest.mark.skipif(True, reason='no gpu')\ndef test_of_something_else():\n    assert False\n",
    "unittest": "import unittest\nraise unittest.SkipTest('no gpu')\n" + RULE,
    "no test": "def rule(accuracy):\n    assert False\n",
    "not collected": "__test__ = False\nclass TestRules:\n    __test__ = False\n    def test_rule(self, accuracy):\n        assert False\n",
}
BY_A_CONFTEST = {
    "collect_ignore": "collect_ignore = ['test_own.py']\n",
    "pytest_ignore_collect": "def pytest_ignore_collect(collection_path):\n    return True if collection_path.name == 'test_own.py' else None\n",
    "pytest_collect_file": "import pytest\n@pytest.hookimpl(wrapper=True)\ndef pytest_collect_file(file_path):\n    found = yield\n    return [] if file_path.name == 'test_own.py' else found\n",
    "items removed": "def pytest_collection_modifyitems(items):\n    items[:] = [item for item in items if 'test_own' not in item.nodeid]\n",
    "items deselected": "def pytest_collection_modifyitems(config, items):\n    config.hook.pytest_deselected(items=[item for item in items if 'test_own' in item.nodeid])\n    items[:] = [item for item in items if 'test_own' not in item.nodeid]\n",
}


@pytest.mark.parametrize("attack", [*ITSELF, *BY_A_CONFTEST])
def test_a_named_file_of_rules_that_do_not_run(door, attack):
    door.project.write("rules/test_own.py", ITSELF.get(attack, RULE))
    door.project.write("rules/test_other.py", "def test_other(accuracy):\n    pass\n")
    door.project.write("rules/conftest.py", BY_A_CONFTEST.get(attack, ""))
    code, said = door.run("thresholds.toml", "rules/test_own.py", "rules/test_other.py")
    assert (code == 0, door.verdict() in (None, "FAIL")) == (False, True)
    assert "test_own.py" in said.partition("robustness gate")[2] or code in (2, 4) or "1 failed" in said


@pytest.mark.parametrize("attack", ["skip", "importorskip", "unittest"])
def test_a_file_that_skips_itself_in_a_named_folder(door, attack):
    door.project.write("rules/test_own.py", ITSELF[attack])
    door.project.write("rules/test_other.py", "def test_other(accuracy):\n    pass\n")
    code, _ = door.run("thresholds.toml", "rules")
    assert (code, door.results()["gaps"]) == (1, ["1 file that skips itself: rules/test_own.py"])


SUITE = "from robustness.suite.test_limits import *\n"
NO_SUITE = {
    "skip": ("import pytest\npytest.skip('no gpu', allow_module_level=True)\n" + SUITE, "", 1),
    "importorskip": (SUITE + "import pytest\npytest.importorskip('no_such_module')\n", "", 1),
    "pytestmark": (SUITE + "import pytest\npytestmark = pytest.mark.skip\n", "", 1),
    "import error": ("import no_such_module\n" + SUITE, "", 2),
    "deselected": (SUITE, BY_A_CONFTEST["items deselected"].replace("test_own", "test_gate"), 0),
    "removed": (SUITE, BY_A_CONFTEST["items removed"].replace("test_own", "test_gate"), 0),
    "never collected": (SUITE, "collect_ignore = ['test_gate.py']\n", 0),
}
"""The module, the conftest.py, and the exit code of a plain `pytest`, which was not asked for a gate where it is 0."""


@pytest.mark.parametrize("attack", NO_SUITE)
def test_a_suite_that_does_not_run(door, attack):
    module, conftest, plain = NO_SUITE[attack]
    door.project.write("tests/test_gate.py", module)
    door.project.write("tests/test_unit.py", "def test_unit():\n    pass\n")
    door.project.write("tests/conftest.py", conftest)
    code, _ = door.run("tests")
    if door.name == "pytest":
        assert code == plain or (plain and code == 1)  # 2 for what cannot be imported, but with workers
        assert door.verdict() in (None, "FAIL")
    elif attack in ("skip", "importorskip", "import error"):  # what else is in the file is not known
        assert (code, door.verdict()) == (1, "FAIL")
    else:  # what the file promises was measured all the same
        assert (code, door.verdict()) == (0, "PASS")


# The former verdict.


@pytest.mark.parametrize("attack", ["TOML", "option", "rule", "conftest", "plugin"])
def test_a_run_that_fails_early_leaves_no_former_verdict(early, attack):
    options = {"option": ["--no-such-option"], "plugin": ["-p", "no_such_plugin"]}.get(attack, [])
    if attack == "TOML":
        early.project.write("thresholds.toml", "[[[")
    early.project.write("conftest.py", "import no_such_module\n" if attack == "conftest" else "")
    early.project.write("test_own.py", "import no_such_module\n" if attack == "rule" else RULE.replace("False", "True"))
    code, _ = early.run("thresholds.toml", "test_own.py", *options)
    assert code != 0
    if (early.name, attack) != ("pytest", "plugin"):  # it is gone before any plugin is asked
        assert early.verdict() in (None, "FAIL")


@pytest.mark.parametrize("attack", ["TOML", "option", "conftest"])
def test_a_suite_that_fails_early_leaves_no_former_verdict(project, workers, attack):
    project.write("tests/test_gate.py", SUITE)
    former(project)
    door = Door(project, "pytest", workers)
    if attack == "TOML":
        project.write("thresholds.toml", "[[[")
    project.write("conftest.py", "import no_such_module\n" if attack == "conftest" else "")
    code, _ = door.run("tests", *(["--no-such-option"] if attack == "option" else []))
    assert code != 0
    assert door.verdict() is None


def test_tests_of_something_else_leave_the_former_verdict(project, workers):
    project.write("tests/test_gate.py", SUITE)
    project.write("tests/test_unit.py", "def test_unit():\n    pass\n")
    former(project)
    door = Door(project, "pytest", workers)
    for arguments in (["tests/test_unit.py"], ["tests", "-m", "not robustness"]):
        assert door.run(*arguments)[0] == 0
        assert door.results()["run"]["id"] == "former"


def test_two_files_do_not_overwrite_each_others_verdict(early):
    early.project.write("other.toml", (early.folder / "thresholds.toml").read_text() + "# another\n")
    code, said = early.run("other.toml")
    assert code == {"gate": 2, "pytest": 4}[early.name]
    (line,) = [line for line in said.splitlines() if "robustness-report FOLDER" in line]
    assert all(str(word) in line for word in (early.folder / "thresholds.toml", "other.toml", "delete"))
    assert early.results()["run"]["id"] == "former"
    assert early.run("other.toml", "--robustness-report", "other")[0] == 0
    assert early.results()["run"]["id"] == "former"


def test_two_files_at_the_same_time_do_not_overwrite_each_others_verdict(door):
    """The other run ends while this one measures."""
    other = (door.folder / "robustness-report" / "results.json").read_text().replace("thresholds.toml", "other.toml")
    door.project.write("other.json", other.replace('"sha256": "', '"sha256": "0'))
    ends = "import os\n    os.path.exists('other.json') and os.replace('other.json', 'robustness-report/results.json')"
    door.project.edit("toy.py", "return Brightness()", f"{ends}\n    return Brightness()")
    code, said = door.run("thresholds.toml")
    assert code != 0
    assert "give this run a folder of its own" in said
    assert door.results()["run"]["id"] == "former"


# Less than all, which nobody typed.

NARROWINGS = {
    "-k": "-k clean",
    "-m": "-m nothing",
    "--deselect": "--deselect thresholds.toml::test_limits.py::test_limit[toy-clean]",
    "a node id": "thresholds.toml::test_limits.py::test_limit[toy-clean]",
}


@pytest.mark.parametrize(("where", "narrowing"), [*zip(itertools.cycle(PLACES), NARROWINGS, strict=False)])
def test_a_run_narrowed_by_what_nobody_typed_fails(door, narrowing, where, monkeypatch):
    add(door, NARROWINGS[narrowing], where, monkeypatch)
    paths = [] if narrowing == "a node id" and door.name == "pytest" else ["thresholds.toml"]
    code, said = door.run(*paths)
    if narrowing == "a node id" and paths:  # beside the whole file it narrows nothing
        assert (code, door.verdict()) == (0, "PASS")
        return
    assert (code, door.verdict()) == (1, "FAIL")
    (line,) = [line for line in said.splitlines() if line.startswith("FAIL: ")]
    assert "limits not measured" in line or "1 limit not measured" in line
    assert f" in addopts in {door.folder / where}" in line or f" in {where}" in line
    assert "say it there, or add --allow-partial" in line


@pytest.mark.parametrize("narrowing", ["-k", "--deselect", "a node id", "--allow-partial"])
def test_a_run_narrowed_on_the_command_line_is_partial(door, narrowing, monkeypatch):
    typed = NARROWINGS.get(narrowing, "--allow-partial thresholds.toml").split()
    if narrowing == "--allow-partial":
        monkeypatch.setenv("PYTEST_ADDOPTS", "-k clean")
    code, _ = door.run(*typed, *([] if narrowing in ("a node id", "--allow-partial") else ["thresholds.toml"]))
    assert (code, door.verdict()) == (0, "PARTIAL")


@pytest.mark.parametrize(("option", "typed"), [("-x", True), ("--maxfail=1", False), ("--lf", False), ("--sw", True)])
def test_a_run_that_stops_early_beside_a_broken_limit_fails(door, option, typed, monkeypatch):
    door.project.edit("toy.py", GOOD, BAD)
    if not typed:
        monkeypatch.setenv("PYTEST_ADDOPTS", option)
    for _ in range(1 if "x" in option else 2):
        code, _ = door.run("thresholds.toml", *([option] if typed else []))
        assert code in (1, 2)
        assert door.verdict() == "FAIL"


def test_items_that_a_plugin_deselects_are_missed(door):
    door.project.write(
        "conftest.py",
        "def pytest_collection_modifyitems(config, items):\n    config.hook.pytest_deselected(items=items[1:])\n    del items[1:]\n",
    )
    code, said = door.run("thresholds.toml")
    assert (code, door.verdict()) == (1, "FAIL")
    assert "narrowed by a plugin or a conftest.py, not on the command line" in said
