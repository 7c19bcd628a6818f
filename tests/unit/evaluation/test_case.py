"""A case's key: changes with the content, stays with the names, and is the same everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.evaluation.case import Case
from robustness.evaluation.rule import RULE
from robustness.noise import Clean, Gaussian, GaussianWraparound, Periodic

CASE = Case("net", "set", Gaussian(25), 7, "a" * 64, "b" * 64, "cpu float32")
KEY = "13de54e97ac654ac1b8fb375a2e88109fb21ecd1bb4b7c425c16d19f456ec50b"
PRINT_KEY = """
from robustness.evaluation.case import Case
from robustness.noise import Gaussian
print(Case("net", "set", Gaussian(25), 7, "a" * 64, "b" * 64, "cpu float32").key)
"""


@pytest.mark.parametrize(
    "change",
    [
        {"noise": Clean()},
        {"noise": Gaussian(26)},
        {"noise": GaussianWraparound(25)},
        {"seed": 8},
        {"model_hash": "c" * 64},
        {"data_hash": "a" * 64},
        {"arithmetic": "cuda float32"},
        {"run": "one"},
    ],
    ids=str,
)
def test_key_changes_with_the_content(change):
    assert replace(CASE, **change).key != CASE.key


def test_key_tells_every_parameter_apart():
    noises = [Periodic(1), Periodic(0.5), Periodic(1, phase=1), Periodic(1, orientation=1), Periodic(1, frequency=1)]
    assert len({replace(CASE, noise=noise).key for noise in noises}) == len(noises)


def test_key_tells_runs_apart():
    assert replace(CASE, run="one").key != replace(CASE, run="two").key


@given(st.text(), st.text())
def test_key_stays_when_names_change(model, data):
    assert replace(CASE, model=model, data=data).key == CASE.key


def test_key_changes_with_the_noise_contract(monkeypatch):
    before = CASE.key
    monkeypatch.setattr(Gaussian, "contract", Gaussian.contract + 1)
    assert CASE.key != before


def test_key_changes_with_the_prediction_rule(monkeypatch):
    before = CASE.key
    monkeypatch.setattr("robustness.evaluation.case.RULE", RULE + 1)
    assert CASE.key != before


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_key_is_the_same_in_every_process(hash_seed):
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", PRINT_KEY]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == CASE.key == KEY


def test_text_names_model_data_noise_and_seed():
    assert str(CASE) == "net / set / gaussian(sigma=25) / seed 7"
