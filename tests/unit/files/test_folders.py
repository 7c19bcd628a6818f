"""Paths as files and arguments name them."""

from __future__ import annotations

from pathlib import Path

import pytest

from robustness.errors import RobustnessError
from robustness.files.folders import path_from


def test_a_path_starts_from_its_base_and_the_user_s_home_is_known(tmp_path):
    assert path_from(tmp_path, "a/b") == tmp_path / "a" / "b"
    assert path_from(tmp_path, "/a") == Path("/a")
    assert path_from(tmp_path, "~/a") == Path.home() / "a"


@pytest.mark.parametrize(("path", "said"), [("a\0b", "there is a NUL in it"), ("~nobody-of-this-name/a", "home directory")])
def test_what_no_path_can_be_is_refused(tmp_path, path, said):
    with pytest.raises(RobustnessError, match=f"is no path: .*{said}"):
        path_from(tmp_path, path)
