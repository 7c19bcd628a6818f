"""What a list in the package gains, the pages and the commands' help that list the same gain too."""

from __future__ import annotations

import re
from argparse import ArgumentParser

import pytest
from docs_pages import ROOT, prose

from robustness.cli.arguments import add_data
from robustness.data.load import REFERENCES
from robustness.limits.asks import ASKS
from robustness.noise import KINDS

ROW = re.compile(r"^\| *((?:`[\w-]+`(?:, )?)+) *\|", re.MULTILINE)


def listed(page):
    """What stands between backticks in the first column of the page's tables."""
    return {
        name for row in ROW.findall(prose((ROOT / page).read_text(encoding="utf-8"))) for name in re.findall("[\\w-]+", row)
    }


@pytest.mark.parametrize("page", ["README.md", "docs/noise.md"])
def test_every_noise_has_a_row(page):
    assert set(KINDS) - {"clean"} - listed(page) == set()


def test_everything_a_limit_can_ask_has_a_row():
    assert set(ASKS) - listed("docs/verdicts.md") == set()


def test_every_key_of_an_ask_is_mentioned():
    page = (ROOT / "docs/verdicts.md").read_text(encoding="utf-8")
    keys = {key for ask in ASKS.values() for key in ask.more}
    assert {key for key in keys if not re.search(rf"`{key}\b", page)} == set()


def test_the_help_of_data_names_every_source():
    parser = ArgumentParser()
    add_data(parser)
    (said,) = [action.help for action in parser._actions if action.dest == "data"]
    assert sorted(re.split(", | or ", said)) == sorted(REFERENCES)
