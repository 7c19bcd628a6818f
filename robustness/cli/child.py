"""A command as a child of itself, which lives and dies as one process would: the same terminal, the same signals."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1


def run_as_child(arguments: list[str]) -> int:
    """Run `robustness` with these arguments and wait; returns its exit code, or 128 and the signal that ended it, as shells do.

    The child has this process's group, input, output and terminal, so it gets Ctrl-C itself: it ends in its own way while its
    parent waits.
    """
    here = sys.path[0] in ("", os.getcwd())  # as `python -m` has it, and an installed command has not
    command = [sys.executable, *([] if here else ["-P"]), "-m", "robustness.cli", *arguments]
    interrupt = signal.getsignal(signal.SIGINT)
    if interrupt is not signal.SIG_IGN:  # a handler, since a child would inherit that a signal is ignored
        signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with subprocess.Popen(command) as child:
            terminate = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
            try:
                code = child.wait()
            finally:
                signal.signal(signal.SIGTERM, terminate)
    finally:
        signal.signal(signal.SIGINT, interrupt)
    return code if code >= 0 else 128 - code


def end_with_parent() -> None:
    """Where the system can do it: a parent that is killed leaves no child running."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
