"""What the pages of the log read: the log in one statement, then a page of it by number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from erebus.db import db
from erebus.times import readable
from erebus.trail import open_bursts, read_head, read_log

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

    from erebus.trail import AuditEvent, AuditLog, OpenBurst

PAGE_SIZE = 25
_DIGITS = 18  # of the largest number asked for; a log that long does not come about


class NotANumber(ValueError):  # noqa: N818 - named after what happened
    """What was given as an event's number is none. The text says what is wrong and what to do."""


@dataclass(frozen=True)
class Head:
    """Where a log stands: the newest number, its hash, and its time in milliseconds since 1970, if it is one."""

    number: int
    hash: str
    time: int | None


@dataclass(frozen=True)
class Page:
    """Up to `PAGE_SIZE` events, newest first. *older* and *newer* are what ``before`` is on the next pages.

    *newer* is None on the newest page, 0 where the newest page follows.
    """

    events: tuple[AuditEvent, ...]
    older: int | None
    newer: int | None


def find_log(log_id: str) -> AuditLog | None:
    """Return the log *log_id*, its kept events newest first."""
    return read_log(db.session.connection(), log_id)


def find_counted(log_id: str) -> list[OpenBurst]:
    """Return the failures that were counted in *log_id* and are no events yet."""
    return open_bursts(db.session.connection(), log_id)


def next_number(log: AuditLog | None, log_id: str) -> int | None:
    """Return which number the next event gets if nothing else happens first.

    None while counted failures wait in *log*: those whose time has come by then get their numbers before it.
    """
    if find_counted(log_id):
        return None
    return log.head_number + 1 if log else 1


def find_event(log: AuditLog | None, asked: str) -> AuditEvent | None:
    """Return the kept event of *log* that was asked for by its number or its id, in whichever case."""
    kept, number = log.events if log else (), number_in(asked)
    if number is not None:
        return next((event for event in kept if event.number == number), None)
    return next((event for event in kept if event.id in {asked, asked.upper()}), None)


def number_in(text: str) -> int | None:
    """Return the event's number that *text* is, None if it is none: 0, one that no log gets to, other digits."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _DIGITS and text[0] != "0"
    return int(text) if is_number else None


def find_head(log_id: str) -> Head | None:
    """Return where the log *log_id* stands, without reading its events."""
    log = read_head(db.session.connection(), log_id)
    if log is None or not log.head_number:
        return None
    return Head(log.head_number, log.head_hash.hex(), None if log.flaw else readable(log.head_time))


def find_standing(log_id: str) -> AuditLog | None:
    """Return the log *log_id* without its events: one look-up by key."""
    return read_head(db.session.connection(), log_id)


def read_number(args: MultiDict[str, str], name: str, *, least: int = 1) -> int | None:
    """Return the event's number that *args* give as *name*, None if they give none. Raises `NotANumber`."""
    texts = args.getlist(name)
    if not texts:
        return None
    if len(texts) > 1:
        message = f"“{name}” is given more than once. Keep one."
        raise NotANumber(message)
    text = texts[0].strip().removeprefix("#")
    if not (text.isascii() and text.isdecimal()) or len(text) > _DIGITS or int(text) < least:
        message = f"“{name}” takes the number of an event, a whole number from {least} on, such as {name}=216."
        raise NotANumber(message)
    return int(text)


def turn_to(kept: tuple[AuditEvent, ...], before: int | None) -> Page:
    """Return the page of *kept*, newest first, with what is older than the number *before*; without one, the newest."""
    older = [event for event in kept if before is None or event.number < before]
    events = tuple(older[:PAGE_SIZE])
    return Page(
        events=events,
        older=events[-1].number if len(older) > PAGE_SIZE else None,
        newer=_newer(kept, before) if len(older) < len(kept) else None,
    )


def page_of(event: AuditEvent, log: AuditLog) -> int | None:
    """Return what ``before`` is on the page of *log* that begins with *event*; None if that is the newest page."""
    return event.number + 1 if 0 < event.number < log.head_number else None


def _newer(kept: tuple[AuditEvent, ...], before: int | None) -> int | None:
    """Return what ``before`` is on the page that ends where this one begins, 0 if that is the newest one."""
    numbers = [event.number for event in kept if before is not None and event.number >= before]
    return numbers[-1 - PAGE_SIZE] if len(numbers) > PAGE_SIZE else 0
