"""What every reader is held to, and a count of what it was given.

A reader gives a value, or a `RobustnessError` that names the file. Whatever else it does is a fault: another exception, more
than `SECONDS`, a file left behind, code that ran.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings

from robustness.errors import RobustnessError

SECONDS = 20


@dataclass
class Count:
    """inputs: all. past: those that were well formed, so that the content decided. accepted, refused: how it came out."""

    inputs: int = 0
    past: int = 0
    accepted: int = 0
    refused: int = 0
    seconds: float = 0.0


COUNTS: dict[str, Count] = {}
"""By parser."""


class Hang(BaseException):
    """No reader takes this for an error of its file."""


def many(inputs: int) -> settings:
    """The same inputs in every run. A failure is shrunk, but not explained, which traces every line."""
    return settings(
        max_examples=inputs,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )


def attempt(
    parser: str, read: Callable[[], Any], named: str, past: bool, folder: Path | None = None, lines: bool = False
) -> tuple[Any, str | None]:
    """What `read` gives, and None; or None, and what it says instead, which has to name `named`.

    past: whether the input is well formed. folder: where nothing may be left behind. lines: whether an error may list
    problems, a line for each.
    """
    count = COUNTS.setdefault(parser, Count())
    count.inputs += 1
    count.past += past
    before = _files(folder)
    started = time.perf_counter()
    value, message = None, None
    try:
        with no_hang():
            value = read()
        count.accepted += 1
    except RobustnessError as error:
        message = str(error)
        count.refused += 1
    finally:
        count.seconds += time.perf_counter() - started
    assert _files(folder) == before
    if message is not None:
        check_message(message, named, lines)
    return value, message


def check_message(message: str, named: str, lines: bool) -> None:
    """One line of readable text that names the file, or such a line and one for each problem."""
    assert named in message
    first, *rest = message.split("\n")
    assert first.strip()
    assert lines or not rest
    for line in (first, *rest):
        assert line.isprintable(), line
    assert "Traceback" not in message


@contextmanager
def no_hang():
    def stop(number, frame):
        raise Hang(f"not read within {SECONDS} s")

    former = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def _files(folder: Path | None) -> set[str]:
    return set() if folder is None else {str(path) for path in folder.rglob("*")}
