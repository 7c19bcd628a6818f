"""Names as parts of ids: in the letters that pytest prints as they are, and never one part for two names."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence


def slug(names: Sequence[str]) -> str:
    """Names in small ASCII letters, digits and `_`. Where letters of other scripts get lost, a hash follows.

    >>> slug(["No entry", "Stop"]), slug(["日本"])
    ('no_entry_stop', '__d1899c83')
    """
    text = re.sub(r"[^a-z0-9]+", "_", ",".join(names).lower())
    return text if all(map(str.isascii, names)) else f"{text}_{short_hash(names)}"


def short_hash(content: Sequence[object]) -> str:
    """Eight hexadecimal digits that tell one content, fit for JSON, from others; should two meet, one of them is refused."""
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:8]
