"""The name that `robustness.statistics.paired` had before; imports of it keep working."""

from robustness.statistics.paired import *  # noqa: F403
