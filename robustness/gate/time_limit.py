"""A time limit for what one test measures: code that hangs or crawls fails its own test, and no more."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from robustness.errors import RobustnessError


class _OutOfTime(BaseException):
    """No code between the alarm and its limit takes this for an error of a model."""


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Raise a `RobustnessError` once so many seconds have passed, or as soon after as control is back in Python."""
    if seconds is None:
        yield
        return
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        raise RobustnessError("[run] time_limit needs POSIX signals and pytest in the main thread, so nothing was measured")

    def stop(number: int, frame: FrameType | None) -> None:
        raise _OutOfTime

    former = signal.signal(signal.SIGALRM, stop)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _OutOfTime:
        raise RobustnessError(f"not measured within {seconds:g} s, the time limit that [run] sets") from None
    finally:
        signal.signal(signal.SIGALRM, former)
