"""The lines that a transaction writes to one log, told when they are asked for.

A batch larger than the log keeps is written as its last lines alone: the others get their numbers, and no sentence is
made for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from erebus.trail.tables import MIN_CAPACITY
from erebus.trail.telling import tell_change

if TYPE_CHECKING:
    from erebus.trail.changes import Capture, Remark

Content = dict[str, Any]


def lines_of(captures: Sequence[Capture | Remark]) -> Sequence[Content]:
    """Return the contents of the lines for *captures*, in their order."""
    return Lines(captures) if len(captures) > MIN_CAPACITY else [tell_change(capture) for capture in captures]


class Lines(Sequence[Content]):
    """The contents of the lines for *captures*, each told once, at the first look."""

    def __init__(self, captures: Sequence[Capture | Remark]) -> None:
        """Tell of *captures*, in their order."""
        self._captures = captures
        self._told: dict[int, Content] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._captures)

    @overload
    def __getitem__(self, index: int) -> Content: ...
    @overload
    def __getitem__(self, index: slice) -> list[Content]: ...
    def __getitem__(self, index: int | slice) -> Content | list[Content]:
        """Return the line at *index*, or those of a slice."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        if place not in self._told:
            self._told[place] = tell_change(self._captures[place])
        return self._told[place]
