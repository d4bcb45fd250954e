"""The time, asked for in one place, so that a history can be made at the times at which it happened.

Everything that stamps a row asks `now`. `at` sets the clock for the code under it: the demo data tells
two weeks of history with it, tests use it to stand at a given moment. Nothing else may set it.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_moment: ContextVar[datetime | None] = ContextVar("erebus_moment", default=None)


def now() -> datetime:
    """Return the present moment: aware, UTC."""
    return _moment.get() or datetime.now(UTC)


def milliseconds() -> int:
    """Return the present moment in whole milliseconds since 1970, UTC."""
    return int(now().timestamp() * 1000)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let the clock stand at *moment* (aware) for the code in the block."""
    token = _moment.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _moment.reset(token)
