"""A time limit: what is within it is left alone, and afterwards everything is as it was."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress

import pytest

from robustness.errors import RobustnessError
from robustness.gate.time_limit import within


def test_what_is_in_time_is_left_alone():
    before = signal.getsignal(signal.SIGALRM)
    with within(5):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 4
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert signal.getsignal(signal.SIGALRM) is before


def test_no_limit_sets_no_alarm():
    with within(None):
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_no_code_takes_the_alarm_for_an_error_of_its_own():
    before = signal.getsignal(signal.SIGALRM)
    said = r"^not measured within 0\.1 s, the time limit that \[run\] sets$"
    with pytest.raises(RobustnessError, match=said), within(0.1), suppress(Exception):
        time.sleep(5)
    assert signal.getsignal(signal.SIGALRM) is before


def test_without_signals_or_in_another_thread_nothing_is_measured(monkeypatch):
    said = []

    def measure():
        try:
            with within(5):
                said.append("measured")
        except RobustnessError as error:
            said.append(str(error))

    thread = threading.Thread(target=measure)
    thread.start()
    thread.join()
    monkeypatch.delattr(signal, "setitimer")
    measure()
    assert said == ["[run] time_limit needs POSIX signals and pytest in the main thread, so nothing was measured"] * 2
