"""What the command line itself says, and what an ini file, `PYTEST_ADDOPTS` or a conftest.py adds to it.

Who types `-k clean` wants less than the whole gate, and gets it. Whoever finds it in a file may take what is left for all.
"""

from __future__ import annotations

import argparse
import os
import shlex

import pytest

TYPED = pytest.StashKey[argparse.Namespace]()
"""The options of the command line alone."""
ADDED = pytest.StashKey[dict[str, argparse.Namespace]]()
"""Those that are added to it, by where they stand."""

NARROWING = {
    "keyword": "-k",
    "markexpr": "-m",
    "deselect": "--deselect",
    "lf": "--lf",
    "stepwise": "--sw",
    "splits": "--splits",  # of pytest-split
}
SHOWING = ("collectonly", "showfixtures", "show_fixtures_per_test", "markers", "version", "help", "cacheshow")
"""Options that measure nothing on purpose."""


def read_typed(config: pytest.Config, parser: pytest.Parser) -> None:
    """To be called once all installed plugins have added their options."""

    def parse(arguments: list[str]) -> argparse.Namespace:
        return parser.parse_known_args(arguments)

    config.stash[TYPED] = parse(list(map(str, config.invocation_params.args)))
    config.stash[ADDED] = {
        "PYTEST_ADDOPTS": parse(shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))),
        f"addopts in {config.inipath}": parse(list(config.getini("addopts"))),
    }


def shows(config: pytest.Config) -> bool:
    """Whether pytest was asked to show something instead of running tests."""
    return any(getattr(_typed(config), name, None) for name in SHOWING)


def is_narrowed(config: pytest.Config) -> bool:
    """Whether who started the run asked for less than all of it."""
    typed = _typed(config)
    return bool(_narrowing(typed)) or any("::" in path for path in typed.file_or_dir)


def narrowed_elsewhere(config: pytest.Config) -> str:
    """What narrows the run though it is not on the command line, and where it stands."""
    typed, added = _narrowing(_typed(config)), config.stash.get(ADDED, {})
    found = []
    for option, value in _narrowing(config.option).items():
        if typed.get(option) != value:
            places = [place for place, options in added.items() if option in _narrowing(options)]
            found.append(f"{option} in {places[0] if places else 'a plugin or a conftest.py'}")
    for place, options in added.items():
        found += [f"{path} in {place}" for path in options.file_or_dir if "::" in path]
    return " and ".join(found)


def _typed(config: pytest.Config) -> argparse.Namespace:
    """Nothing where a conftest.py loads this plugin, which is too late to know."""
    return config.stash.get(TYPED, argparse.Namespace(file_or_dir=[]))


def _narrowing(options: argparse.Namespace) -> dict[str, object]:
    """The options that leave tests of the gate's out, as they are written, with their values."""
    given = {option: getattr(options, name, None) for name, option in NARROWING.items()}
    return {option: value for option, value in given.items() if value and (option, value) != ("-m", "robustness")}
