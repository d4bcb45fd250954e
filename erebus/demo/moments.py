"""When things happen in the demo: always told from now, on working days, the last of them minutes ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    When = Callable[[datetime], datetime]

WORKING_DAYS = 10
"""Two weeks of them, before today."""
_SATURDAY = 5


def long_ago(days: int, clock: str) -> When:
    """Return the moment *clock* (``HH:MM``, UTC), *days* days before now, or on the Friday before a weekend."""
    return lambda now: _on(_out_of_weekend(now - timedelta(days=days)), clock)


def day(number: int, clock: str) -> When:
    """Return the moment *clock* (``HH:MM``, UTC) on working day *number*: 1 is the oldest, 10 the last before today."""
    return lambda now: _on(working_day(number, now), clock)


def ago(minutes: int) -> When:
    """Return the moment *minutes* before now: at most 360, for the last working day ends at 18:00."""
    return lambda now: now - timedelta(minutes=minutes)


def working_day(number: int, now: datetime) -> datetime:
    """Return some moment on working day *number* (1 to 10) of those before the day of *now*."""
    found, moment = WORKING_DAYS + 1, now
    while found > number:
        moment -= timedelta(days=1)
        found -= moment.weekday() < _SATURDAY
    return moment


def _out_of_weekend(moment: datetime) -> datetime:
    return moment - timedelta(days=max(0, moment.weekday() + 1 - _SATURDAY))


def _on(date: datetime, clock: str) -> datetime:
    hour, minute = clock.split(":")
    return datetime(date.year, date.month, date.day, int(hour), int(minute), tzinfo=UTC)
