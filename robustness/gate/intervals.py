"""The name that `robustness.statistics.intervals` had before; imports of it keep working."""

from robustness.statistics.intervals import *  # noqa: F403
