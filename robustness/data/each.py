"""Every picture of a set in its order, read ahead by threads; those that cannot be read are named all at once."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from tqdm import tqdm

from robustness.data.image_set import ImageSet
from robustness.data.picture import Picture
from robustness.errors import RobustnessError

T = TypeVar("T")

AHEAD = 2
"""Pictures that wait beside those that threads are at work with: photographs are large."""
MOST_NAMED = 100


def each(image_set: ImageSet, work: Callable[[Picture], T], doing: str) -> Iterator[tuple[int, Picture, T]]:
    """Place, picture and what `work` makes of it; a `ValueError` of its own is said of the image.

    After the last one, a `RobustnessError` names all images that could not be read.
    """

    def one(place: int) -> tuple[int, Picture, T] | str:
        try:
            picture = image_set.picture(place)
            return place, picture, work(picture)
        except RobustnessError as error:
            return str(error)
        except ValueError as error:
            return f"{image_set.name_of(place)}: {error}"

    wrong: list[str] = []
    workers = os.cpu_count() or 1
    with (
        ThreadPoolExecutor(workers) as pool,
        tqdm(total=len(image_set), desc=doing, unit="image", delay=0.5, disable=None) as bar,
    ):
        waiting: deque[Future[tuple[int, Picture, T] | str]] = deque()
        places = iter(range(len(image_set)))
        try:
            while True:
                while len(waiting) < workers + AHEAD and (place := next(places, None)) is not None:
                    waiting.append(pool.submit(one, place))
                if not waiting:
                    break
                found = waiting.popleft().result()
                bar.update()
                if isinstance(found, str):
                    wrong.append(found)
                else:
                    yield found
        finally:
            for future in waiting:
                future.cancel()
    if wrong:
        raise RobustnessError(_named(wrong, len(image_set)))


def _named(wrong: list[str], total: int) -> str:
    if len(wrong) == 1:
        return wrong[0]
    more = [f"and {len(wrong) - MOST_NAMED:,} more"] if len(wrong) > MOST_NAMED else []
    return "\n".join([f"{len(wrong):,} of {total:,} images cannot be used:", *wrong[:MOST_NAMED], *more])
