"""What is said of a file whose format this version of the package does not read.

A file says its `schema`, a whole number that is raised where an older version would misread it, and in `made_by` or a place
like it the version of the package that wrote it.
"""

from __future__ import annotations

import importlib.metadata

PACKAGE = "pytest-robustness"


def package_version() -> str:
    """Of this package, as it is installed."""
    return importlib.metadata.version(PACKAGE)


def unreadable(kind: str, schema: object, known: int, made_by: object = None) -> str:
    """kind: of file, in the plural. schema: what it says. known: what is read here. made_by: the version that wrote it."""
    said = f"this version reads {kind} of schema {known}, not {schema}"
    if not isinstance(schema, int) or schema <= known:
        return said
    maker = f"{PACKAGE} {made_by}" if isinstance(made_by, str) else f"a later {PACKAGE}"
    return f"{said}, which {maker} wrote: upgrade {PACKAGE} from {package_version()}"
