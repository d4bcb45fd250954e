"""From when to when: days and moments as a reader writes them, in their time zone. Pure.

A day is ``2026-11-23``, a moment ``2026-11-23T09:41``, with seconds or without; one that ends with ``Z`` or an offset
(``+01:00``) is the same for every reader. The end of a span takes in all of the day, minute or second that it names.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from erebus.times import at

if TYPE_CHECKING:
    from datetime import tzinfo

QUICK = {"today": "Today", "24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days"}
_AGO = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
_SHAPE = re.compile(r"(\d{4})-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_YEARS = range(1970, 9999)  # so that no zone leads out of the calendar
_DAY_LENGTH, _MINUTE_LENGTH = len("2026-11-23"), len("2026-11-23T09:41")


class NotUnderstood(ValueError):  # noqa: N818 - named after what happened
    """Something in a filter makes no sense. The text says what, and what would."""


def normalise(name: str, text: str) -> str:
    """Return *text*, what the qualifier *name* was given, as a filter holds it. Raises `NotUnderstood`."""
    if name == "from" and text.lower() in QUICK:
        return text.lower()
    spelled = text.upper().replace(" ", "T", 1)
    shape = _SHAPE.fullmatch(spelled)
    if not shape or int(shape[1]) not in _YEARS or not _is_possible(spelled):
        quick = f", or one of {', '.join(QUICK)}" if name == "from" else ""
        what = f"“{name}” takes a day that there is, such as 2026-11-23, or a moment, 2026-11-23T09:41{quick}."
        message = f"“{text}” cannot be understood. {what}"
        raise NotUnderstood(message)
    return spelled


def is_moving(text: str) -> bool:
    """Return whether the span that is *from* *text* goes on with the time, by more than a step a day."""
    return text in _AGO


def start(text: str, zone: tzinfo, now: datetime) -> int:
    """Return when the span that is *from* *text* begins, in milliseconds since 1970."""
    if text == "today":
        return _milliseconds(now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0))
    if text in _AGO:
        return _milliseconds(now - _AGO[text])
    return _milliseconds(_moment(text, zone))


def end(text: str, zone: tzinfo) -> int:
    """Return when the span *to* *text* is over: the first millisecond that it does not take in."""
    moment = _moment(text, zone)
    if len(text) == _DAY_LENGTH:
        return _milliseconds(moment + timedelta(days=1))  # on the clock of the zone, whose days are not all as long
    seconds = 1 if ":" in text[_MINUTE_LENGTH : _MINUTE_LENGTH + 1] else 60
    return _milliseconds(moment) + seconds * 1000


def spelled(moment: datetime | int, zone: tzinfo) -> str:
    """Return *moment* as a filter has it, to the minute."""
    return at(moment, zone).isoformat(timespec="minutes")


def _is_possible(spelled: str) -> bool:
    try:
        datetime.fromisoformat(spelled)
    except ValueError:
        return False
    return True


def _moment(spelled: str, zone: tzinfo) -> datetime:
    moment = datetime.fromisoformat(spelled)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _milliseconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)
