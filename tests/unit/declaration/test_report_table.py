"""`[report]`: what people say of a release, read strictly like the rest of the file."""

from __future__ import annotations

import pytest

from robustness.declaration.about import About
from robustness.errors import RobustnessError
from robustness.kinds import read_thresholds

FILE = """
schema = 1

[run]
data = "signs"

[models.net]
load = "baseline-cnn"
weights = "signs"

[[limits]]
models = ["net"]
noise = "clean"
accuracy = 0.5
"""
REPORT = """
[report]
title = "Signs"
release = "2.4"
limitations = ["no snow", "no night"]
reviewers = ["B"]
"""


def read(tmp_path, text):
    (tmp_path / "t.toml").write_text(text)
    return read_thresholds(tmp_path / "t.toml")


def test_it_is_read_and_tells_what_is_missing(tmp_path):
    about = read(tmp_path, FILE + REPORT).about
    assert (about.title, about.release, about.limitations) == ("Signs", "2.4", ("no snow", "no night"))
    assert about.missing == ["scope", "intended_use", "data", "licence", "levels", "responsible"]


def test_without_it_nothing_is_declared(tmp_path):
    assert read(tmp_path, FILE).about == About()


def test_the_text_of_the_file_is_kept_as_it_is(tmp_path):
    assert read(tmp_path, FILE + REPORT).text == FILE + REPORT


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('tilte = "Signs"', "report.tilte: unknown key: did you mean 'title'?"),
        ("release = 2.4", "report.release: input should be a valid string, not 2.4"),
        ('reviewers = "B"', "report.reviewers: input should be a valid list, not 'B'"),
    ],
)
def test_what_is_not_as_it_should_be_is_named_with_its_line(tmp_path, line, said):
    with pytest.raises(RobustnessError) as error:
        read(tmp_path, f"{FILE}\n[report]\n{line}\n")
    assert said in str(error.value)
    assert "t.toml:17" in str(error.value)


def test_a_table_of_a_wrong_name_is_pointed_to_it(tmp_path):
    with pytest.raises(RobustnessError, match="did you mean 'report'"):
        read(tmp_path, f'{FILE}\n[reports]\ntitle = "x"\n')
