"""`[report]`: what only people know of a release, and a report has to say to whoever signs it."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class About:
    """All of it words, and none of it looked at by a gate."""

    title: str = ""
    release: str = ""  # its name or number
    scope: str = ""  # what was judged, and what was not
    intended_use: str = ""
    data: str = ""  # where the images are from, and whom or what they stand for
    licence: str = ""  # of the data
    levels: str = ""  # why these noises and these levels
    limitations: tuple[str, ...] = ()  # known ones
    responsible: str = ""  # for the test: a name, a role
    reviewers: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        """The keys that say nothing."""
        return [field.name for field in fields(self) if not getattr(self, field.name)]
