"""The pictures of docs/noise.md are what the commands beside them make."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from docs_pages import ROOT, commands
from PIL import Image

from robustness.cli import main
from robustness.noise import KINDS

CAPTION = 14
"""Rows of text on top, whose letters depend on Pillow's font."""
SHEETS = [words for words in commands((ROOT / "docs" / "noise.md").read_text(encoding="utf-8")) if "--sheet" in words]
FILES = [Path(words[-1]) for words in SHEETS]


@pytest.mark.parametrize("words", SHEETS, ids=[file.stem for file in FILES])
def test_the_command_makes_the_picture(words, tmp_path):
    assert main([*words[:-1], str(tmp_path / "sheet.png")]) == 0
    made, shown = (np.asarray(Image.open(file).convert("RGB"))[CAPTION:] for file in (tmp_path / "sheet.png", ROOT / words[-1]))
    np.testing.assert_array_equal(made, shown)


def test_every_kind_has_one():
    assert {f"noise-{kind}" for kind in KINDS if kind != "clean"} <= {file.stem for file in FILES}
