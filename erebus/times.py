"""Moments as text, the same on every page, in every file and on the command line. Pure.

A moment is an aware datetime, or milliseconds since 1970.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import date, tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = 253_370_764_800_000  # the year 9999: no calendar goes further, whatever the zone
_TO_THE_SECOND = len("2026-11-24 09:41:07")


def readable(milliseconds: int) -> int | None:
    """Return *milliseconds* since 1970, None for a moment that no calendar has."""
    return milliseconds if 0 <= milliseconds < _END else None


def at(moment: datetime | int, zone: tzinfo = UTC) -> datetime:
    """Return *moment* in *zone*."""
    known = moment if isinstance(moment, datetime) else _EPOCH + timedelta(milliseconds=moment)  # a float would round
    return known.astimezone(zone)


def zone_of(name: str) -> ZoneInfo:
    """Return the zone *name*, UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return ZoneInfo("UTC")


def on_clock(moment: datetime | int, zone: tzinfo = UTC, *, exact: bool = False) -> tuple[str, str]:
    """Return what a clock in *zone* shows at *moment*, and its offset: ``2026-11-24 10:41:07`` and ``+01:00``.

    *exact* is to the millisecond: ``2026-11-24 10:41:07.204``.
    """
    text = at(moment, zone).isoformat(" ", "milliseconds" if exact else "seconds")
    end = _TO_THE_SECOND + len(".204") * exact
    return text[:end], text[end:]


def utc(moment: datetime | int, *, exact: bool = False) -> str:
    """Return *moment* as ``2026-11-24 09:41:07 UTC``, or ``09:41:07.204``."""
    return f"{on_clock(moment, exact=exact)[0]} UTC"


def told(milliseconds: int, *, exact: bool = False) -> str:
    """Return what `utc` does, also of a moment that no calendar has: in words."""
    return utc(milliseconds, exact=exact) if readable(milliseconds) is not None else "no time that a calendar has"


def iso(moment: datetime | int) -> str:
    """Return *moment* for programs and the attribute ``datetime`` of ``<time>``: ``2026-11-24T09:41:07.204Z``."""
    return at(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day(there: date) -> str:
    """Return the day of *there*, a day or a moment in a zone, as ``24 November 2026``."""
    return f"{there.day} {there:%B %Y}"
