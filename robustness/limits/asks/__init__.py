"""What a limit can ask, a file each."""

from typing import Any

ASKS: dict[str, Any] = {}
