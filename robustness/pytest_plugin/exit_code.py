"""Exit code 0 stands for a verdict, whatever else sets it: a hook, a plugin, or an option in an ini file that shows something.

Code that ends the process itself is out of reach here. `robustness gate` runs pytest as its child, and sees that too.
"""

from __future__ import annotations

import sys
from collections.abc import Generator

import pytest

from robustness.pytest_plugin.run import CONTROLLER, asked, is_worker
from robustness.pytest_plugin.typed import shows


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    try:
        code = yield
    except SystemExit as end:  # of a hook after the last test, where pytest does not catch it
        if end.code:
            raise
        code = pytest.ExitCode.OK
    if code or is_worker(config) or not (reason := _unearned(config)):
        return code
    print(f"robustness: {reason}", file=sys.stderr)  # noqa: T201 - pytest's terminal may be gone
    return pytest.ExitCode.TESTS_FAILED


def _unearned(config: pytest.Config) -> str:
    """Why an exit code of 0 would be wrong; nothing where it is right."""
    controller = config.pluginmanager.get_plugin(CONTROLLER)
    if controller and controller.results:
        return f"the verdict is {verdict}" if (verdict := controller.results.verdict) == "FAIL" else ""
    if asked(config) and not shows(config):
        return "pytest ended without a verdict: no limit was measured, so nothing passed"
    return ""
