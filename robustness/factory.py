"""A user's own callable behind `python:package.module:factory`. It is code: it runs with the user's rights."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from robustness.errors import RobustnessError, described


def call_factory(target: str, base: Path) -> Any:
    """What `package.module:factory` returns."""
    factory = import_callable(target, base)
    try:
        with importable(base):
            return factory()
    except RobustnessError:
        raise
    except (Exception, SystemExit) as error:  # the user's code may raise anything, and may try to end the run
        raise RobustnessError(f"python:{target} raised {described(error)}") from error


def import_callable(target: str, base: Path) -> Callable[..., Any]:
    """`package.module:name`, looked up beside `base` first, then where Python looks."""
    module_name, colon, attribute = target.partition(":")
    if not (module_name and colon and attribute):
        raise RobustnessError(f"cannot read python:{target}: write python:package.module:factory")
    try:
        with importable(base):
            found = getattr(importlib.import_module(module_name), attribute)
    except (Exception, SystemExit) as error:  # importing runs the user's code, which may also try to end the run
        raise RobustnessError(f"python:{target}: {described(error)}; looked in {base} and in Python's path") from error
    _check_home(module_name, base)
    if not callable(found):
        raise RobustnessError(f"python:{target} is a {type(found).__name__}, which cannot be called")
    return found  # type: ignore[no-any-return]


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Python looks in the folder first, inside: while a module of the user's own is imported, and while its factory runs.

    Not for longer, since `sys.path` belongs to the process: two projects in one would find each other's modules. So what a
    network's forward first imports when it runs is found no more, as on Ray's nodes, which do not have the folder.
    """
    name = os.path.abspath(folder)  # Python remembers what `.` was when it first looked there
    added = name not in sys.path
    if added:
        sys.path.insert(0, name)
    try:
        yield
    finally:
        if added and name in sys.path:
            sys.path.remove(name)


def _check_home(module_name: str, base: Path) -> None:
    """A module of the same name that was imported before, from elsewhere, must not stand in for the one beside the file."""
    beside = base.joinpath(*module_name.split("."))
    imported = getattr(sys.modules[module_name], "__file__", None)
    for file in (beside.with_suffix(".py"), beside / "__init__.py"):
        if file.exists() and (imported is None or not file.samefile(imported)):
            raise RobustnessError(f"python:{module_name}: {imported} was imported before {file}; rename one of them")
