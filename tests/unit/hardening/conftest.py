from __future__ import annotations

import halves
import pytest


@pytest.fixture(scope="session")
def code(tmp_path_factory):
    """The folder of the project's code: one for all tests, since Python knows one module of a name."""
    folder = tmp_path_factory.mktemp("halves")
    halves.write_code(folder)
    return folder


@pytest.fixture(autouse=True)
def project(code, tmp_path, monkeypatch, exact_arithmetic):
    """The current folder is the project's; what it keeps is the test's own."""
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(code)
    halves.write_thresholds(code / "thresholds.toml")
    return code
