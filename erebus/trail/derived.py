"""What is worked out of the mapped classes and of what was said of them: kept until one of them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K")
V = TypeVar("V")


class _Kept(dict[K, V], Generic[K, V]):
    """The values of *function* that were asked for: a look at one of them is a look into a dictionary."""

    def __init__(self, function: Callable[[K], V]) -> None:
        self._function = function
        _every.append(self)

    def __missing__(self, key: K) -> V:
        before = _changes[0]
        value = self._function(key)
        if _changes[0] == before:  # else it may have been worked out of what holds no more
            self[key] = value
        return value


def changes() -> int:
    """Return how often everything has been forgotten."""
    return _changes[0]


_every: list[_Kept] = []  # type: ignore[type-arg]  # of all kinds
_changes = [0]


def derived(function: Callable[[K], V]) -> Callable[[K], V]:
    """Keep what *function*, of one argument, returns, until `forget`: it is asked for with every change."""
    return _Kept(function).__getitem__


def forget() -> None:
    """Let everything be worked out anew."""
    _changes[0] += 1
    for kept in _every:
        kept.clear()
