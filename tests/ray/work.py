"""What the tests send to workers: functions of a shard that go wrong, each in its own way."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from torch import nn

from robustness.errors import RobustnessError


def die_once(classifier, image_set, inner, marker):
    """SIGKILL to the worker that comes first, by that or by another shard."""
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return inner(classifier, image_set)


def die_always(classifier, image_set, inner, poison):
    """SIGKILL to every worker that is given the poisoned image."""
    if poison in image_set.index:
        os.kill(os.getpid(), signal.SIGKILL)
    return inner(classifier, image_set)


def fail(classifier, image_set):
    raise RobustnessError("toy gave NaN or infinite logits")


def stumble(classifier, image_set):
    raise ZeroDivisionError("of its own")


def alone(classifier, image_set, inner, marker):
    """Fails where another shard is at work."""
    try:
        Path(marker).touch(exist_ok=False)
    except FileExistsError:
        raise RobustnessError("two at once") from None
    time.sleep(0.2)
    part = inner(classifier, image_set)
    Path(marker).unlink()
    return part


class Hungry(nn.Module):
    """Runs out of memory on more than 16 images."""

    def forward(self, batch):
        if len(batch) > 16:
            raise MemoryError
        return batch.mean(dim=(2, 3))
