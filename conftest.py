"""How a project adds a model of its own to its gate: a session fixture that returns an `nn.Module`.

`thresholds.toml` declares it with `load = "fixture"`; the limits there, and rules like those in `tests/gate/test_rules.py`,
then measure it.
"""

from __future__ import annotations

import copy

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session")
def baseline_cnn_bfloat16(baseline_cnn):
    """The baseline CNN as a small device would run it: every weight rounded to bfloat16."""
    module = copy.deepcopy(baseline_cnn.module)
    for parameter in module.parameters():
        parameter.data = parameter.data.bfloat16().float()
    return module
