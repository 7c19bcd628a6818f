"""The names of weights, as wrappers and trainers change them: `module.`, `_orig_mod.`, `model.` before each."""

from __future__ import annotations

import re
from collections.abc import Collection

from robustness.errors import RobustnessError, some
from robustness.models.torch_files import State

WRAPPERS = re.compile(r"((module|_orig_mod|model|net|network)\.)*")
"""Of nn.DataParallel, torch.compile, and trainers such as Lightning's."""
COUNTERS = "num_batches_tracked"
"""Ends the names of what some files lack, and no evaluation needs."""


def for_network(state: State, wanted: Collection[str], where: object) -> State:
    """The weights under the names that a network has for them, without what a trainer keeps beside them.

    wanted: those names. where: the weights are from. Where not all of them stand in it, the state is given back
    without the wrappers' names that all begin with, for the network to say what is missing.
    """
    needed = [name for name in wanted if not name.endswith(COUNTERS)]
    if not needed:
        return state
    longest = max(needed, key=len)
    begins = sorted(name.removesuffix(longest) for name in state if name.endswith(longest))
    whole = [start for start in begins if all(f"{start}{name}" in state for name in needed)]
    if len(whole) > 1:
        ways = [repr(start) if start else "no prefix" for start in whole]
        raise RobustnessError(
            f"{where}: holds some weights twice, under {some(ways)} before their names; save the one network that is shipped"
        )
    start = whole[0] if whole and WRAPPERS.fullmatch(whole[0]) else _shared(state)
    return {name.removeprefix(start): tensor for name, tensor in state.items() if name.startswith(start)}


def _shared(state: State) -> str:
    """The wrappers' names that all names begin with."""
    starts = [match[0] for name in state if (match := WRAPPERS.match(name))]
    start = min(starts, key=len, default="")
    return start if all(name.startswith(start) for name in state) else ""
