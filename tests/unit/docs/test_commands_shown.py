"""Every command of ours that a page shows is one that the command line takes; none is run."""

from __future__ import annotations

import contextlib
import io
import re
import shlex

import pytest
from docs_pages import NAMES, PAGES, commands, mentioned

from robustness.cli import _parser, gate

INCOMPLETE = ("the following arguments are required", "one of the arguments", "expected one argument")
"""What argparse says of a command that prose only names, or names with one option of many."""


def refusal(arguments):
    """What the command line says against them; None where it takes them."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            args, rest = _parser().parse_known_args(arguments)
    except SystemExit as error:
        return said.getvalue().splitlines()[-1] if error.code else None
    return f"unrecognized arguments: {shlex.join(rest)}" if rest and args.run is not gate.run else None


def is_named(arguments):
    """Whether a command is refused only because prose leaves out most of it: its name and its options are there."""
    options = [word for word in arguments if word.startswith("-")]
    name = arguments[: arguments.index(options[0])] if options else arguments
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        _parser().parse_args([*name, "--help"])
    known = {*re.findall(r"(?<![\w-])--?[\w-]+", said.getvalue())}
    return any(text in refusal(arguments) for text in INCOMPLETE) and known.issuperset(options)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_is_taken(page):
    text = page.read_text(encoding="utf-8")
    refused = {shlex.join(words): refusal(words) for words in commands(text) if refusal(words)}
    refused |= {shlex.join(words): refusal(words) for words in mentioned(text) if refusal(words) and not is_named(words)}
    assert refused == {}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("robustness evalute baseline-cnn", "invalid choice: 'evalute'"),
        ("robustness sweep my-model --noise gaussian --stepps 3", "unrecognized arguments: --stepps 3"),
        ("robustness flips search my-model", "required: --noise"),
        ("uv run robustness noise --data signs --noise paper", "--out --sheet is required"),
        ("cd x && robustness bench --images many", "invalid int value: 'many'"),
    ],
)
def test_a_planted_fault_is_found(line, fault):
    (words,) = commands(f"```sh\n{line}   # a comment\n```\n")
    assert fault in refusal(words)


def test_what_is_right_is_left_alone():
    text = (
        '```sh\nrobustness gate -n auto -x\nrobustness sweep a \\\n  --noise "gaussian(sigma=5)"\nls robustness-report\n```\n'
    )
    assert [refusal(words) for words in commands(text)] == [None, None]
    assert [is_named(words) for words in mentioned("`robustness flips search`, `robustness train --mix`")] == [True, True]


def test_prose_that_names_what_is_not_there_is_found():
    text = "`robustness flips serach`, `robustness train --mixed`, `robustness sweep --step 1`"
    assert [is_named(words) for words in mentioned(text)] == [False, False, False]
