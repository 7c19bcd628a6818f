"""A hunt as it is imported: nothing is left on disk or in Hypothesis."""

from __future__ import annotations

import subprocess
import sys


def test_importing_makes_no_folder_and_registers_nothing(tmp_path):
    code = (
        "import hypothesis; before = dict(hypothesis.settings._profiles), hypothesis.settings.default\n"
        "import robustness.search.hunt\n"
        "assert before == (hypothesis.settings._profiles, hypothesis.settings.default)"
    )
    environment = {"ROBUSTNESS_CACHE": str(tmp_path / "cache"), "PATH": ""}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment)
    assert not list(tmp_path.iterdir())
