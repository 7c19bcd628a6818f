"""A project adds a kind of promise of its own: one file, and a line in its conftest.py."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
from gate_projects import MODES

from robustness.kinds import KINDS

KIND = '''
"""A kind of promise: at most such a share of the images is classified as one and the same class."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

import numpy as np
from pydantic import Field

from robustness.declaration.declared import each_once
from robustness.declaration.tables import Share, Table, TopLevel, tables_of
from robustness.errors import RobustnessError
from robustness.gate.promise import KeptOrBroken, Kind
from robustness.noise import Clean


class BalancesTable(Table):
    models: list[str] = Field(min_length=1)
    most: Share


@dataclass(frozen=True)
class Balance:
    model: str
    most: Decimal
    place: str
    noises: ClassVar = ()
    about = property(lambda self: (self.model,))

    def __str__(self):
        return self.model


@dataclass(frozen=True, kw_only=True)
class BalanceRecord(KeptOrBroken):
    kind: ClassVar = "balance"
    PROPERTIES: ClassVar = {"model": "model", "share": "value", "limit": "most", "place": "place"}

    balance: str  # its id
    place: str
    model: str
    most: str
    value: float
    stops: bool
    words: str
    again: str
    about = property(lambda self: (self.model,))

    @property
    def title(self):
        return f"{self.model} favours one class"

    @property
    def measured(self):
        return f"{self.value:.4f}"

    @property
    def asked(self):
        return f"at most {self.most}"


class Balances(Kind):
    name, promise, record = "balance", Balance, BalanceRecord
    tables = {"balances": TopLevel(BalancesTable)}

    def declare(self, content, declared, problems):
        return each_once(self._balances(content, declared, problems), "balanced", problems)

    def _balances(self, content, declared, problems):
        for path, table, balances in tables_of(content, "balances", BalancesTable):
            declared.check_models(table, path, problems)
            for model in balances.models if balances else ():
                yield path, Balance(model, Decimal(str(table["most"])), problems.place(path))

    def measure(self, promise, bench):
        predictions = bench.measure(bench.classifier(promise.model), Clean()).result.predictions
        value = float(np.bincount(predictions).max() / len(predictions))
        if promise.most == 0:
            raise RobustnessError("no share is that small, so nothing was measured")
        return BalanceRecord(
            balance=str(promise),
            place=promise.place,
            model=promise.model,
            most=str(promise.most),
            value=value,
            stops=value > promise.most,
            words=f"one class has {value:.4f} of the images, at most {promise.most} may be",
            again=f"robustness evaluate {promise.model}",
        )
'''
BALANCES = '\n[[balances]]\nmodels = ["toy"]\nmost = 0.6\n'


@pytest.fixture
def balanced(project):
    """Half of the pictures are bright, and half of them dark."""
    project.write("balance.py", KIND)
    project.write("conftest.py", "import balance, robustness.kinds\nrobustness.kinds.KINDS.append(balance.Balances())\n")
    project.write("thresholds.toml", (project.pytester.path / "thresholds.toml").read_text() + BALANCES)
    known = list(KINDS)
    yield project
    KINDS[:] = known


def test_a_kept_one_is_a_test_and_part_of_the_verdict(balanced, mode):
    run = balanced.gate("-v", *mode)
    assert run.ret == pytest.ExitCode.OK
    run.assert_outcomes(passed=4)
    assert [line for line in run.outlines if "::test_balance[toy]" in line and "PASSED" in line]  # a worker's before its name
    run.stdout.fnmatch_lines(["balance toy: one class has 0.5000 of the images*"])
    run.stdout.fnmatch_lines(["PASS: all 3 limits hold, 1 balance kept"])
    (record,) = balanced.results()["balances"]
    assert (record["kind"], record["balance"], record["value"], record["stops"]) == ("balance", "toy", 0.5, False)


def test_a_broken_one_stops_the_release_and_is_seen_wherever_others_are(balanced, monkeypatch, mode):
    summary = balanced.pytester.path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(balanced.pytester.path))
    balanced.edit("thresholds.toml", "most = 0.6", "most = 0.4")
    run = balanced.gate("--junitxml=junit.xml", *mode)
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.assert_outcomes(passed=3, failed=1)
    words = "one class has 0.5000 of the images, at most 0.4 may be"
    run.stdout.fnmatch_lines(["*thresholds.toml:23 toy*", f"*{words}*"])
    run.stdout.fnmatch_lines([f"balance toy: {words}", "FAIL: 1 of 1 balance broken (toy)"])
    run.stdout.fnmatch_lines([f"::error file=thresholds.toml,line=23,title=toy favours one class::{words}*"])
    (record,) = balanced.results()["balances"]
    assert (record["stops"], record["place"], record["words"]) == (True, "thresholds.toml:23", words)
    page = (balanced.pytester.path / "robustness-report" / "report.html").read_text()
    stopping = page.partition('id="broken"')[2].partition("</section>")[0]
    for text in ("toy favours one class", words, "robustness evaluate toy"):
        assert text in stopping
    assert f"**balance toy**: {words}" in summary.read_text()
    (case,) = (
        case
        for case in ElementTree.parse(balanced.pytester.path / "junit.xml").iter("testcase")
        if case.get("name") == "test_balance[toy]"
    )
    properties = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert properties == {"verdict": "FAIL", "model": "toy", "share": "0.5", "limit": "0.4", "place": "thresholds.toml:23"}


def test_one_that_could_not_be_measured_is_a_gap(balanced, mode):
    balanced.edit("thresholds.toml", "most = 0.6", "most = 0")
    run = balanced.gate(*mode)
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["FAIL: 1 balance not measured: toy"])
    assert balanced.results()["balances"] == []


def test_one_that_no_test_measured_is_a_gap(balanced):
    balanced.write("test_mine.py", "from robustness.suite.test_limits import *")
    run = balanced.gate(*MODES["alone"], paths=("test_mine.py",))
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.stdout.fnmatch_lines(["FAIL: 1 balance not measured: toy"])


def test_one_that_was_deselected_is_left_out(balanced):
    run = balanced.gate("-k", "test_limit", *MODES["alone"])
    run.stdout.fnmatch_lines(["PARTIAL: 3 of 4 * measured and kept; no release verdict"])
    assert balanced.results()["left_out"] == ["toy"]


def test_its_tables_are_read_as_strictly_as_others(balanced):
    balanced.edit(
        "thresholds.toml",
        'models = ["toy"]\nmost = 0.6\n',
        'models = ["toi"]\nmost = 0.6\n[[balances]]\nmodels = []\nmots = 2\n',
    )
    run = balanced.gate(*MODES["alone"])
    assert run.ret != pytest.ExitCode.OK
    run.stdout.fnmatch_lines(
        [
            "*thresholds.toml:24: balances?0?.models?0?: unknown model 'toi': did you mean 'toy'?",
            "*thresholds.toml:26: balances?1?.most: missing",
            "*thresholds.toml:27: balances?1?.models: empty: nothing would be measured",
            "*thresholds.toml:28: balances?1?.mots: unknown key: did you mean 'most'?",
        ]
    )
