"""Reading what is stored, whatever is stored: a log, the ids of all logs, how full each is.

Somebody who gets past the triggers can put anything into a row: on SQLite a value of any type into any column, bytes
that are no text. None of it may stop a verification, so the columns are read as the driver gives them, and looked at.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, func, select, type_coerce
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType

from erebus.trail.events import AuditEvent, AuditLog
from erebus.trail.tables import CONTENT, MAX_CAPACITY, MIN_CAPACITY, OPTIONAL, audit_events, audit_logs

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection

    _Statement = Select[*tuple[Any, ...]]

_OF_LOG = tuple(c.name for c in audit_logs.c if c.name != "settle_at")  # when to look again: proves nothing
_COLUMNS = {"previous_hash": "prev_hash", "stored_changes": "changes"}  # of fields that have a name of their own
_OF_EVENT = tuple(_COLUMNS.get(field, field) for field in AuditEvent._fields if field != "flaw")
_STATUS = _OF_EVENT.index("status")
_TEXTS = {*CONTENT, "log_id", "id", "project_id"} - {"status"}
_HASHES = {name for name in (*_OF_LOG, *_OF_EVENT) if name.endswith("hash")}
_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys((*_OF_LOG, *_OF_EVENT), (int,)),
    **dict.fromkeys(_HASHES, (bytes,)),
    **dict.fromkeys(_TEXTS, (str,)),
    **dict.fromkeys(OPTIONAL, (str, type(None))),
    "status": (bool, int),  # SQLite keeps a boolean as a number
}
_STAND_INS: dict[str, Any] = {
    **dict.fromkeys(_TYPES, -1),
    **dict.fromkeys(_HASHES, b""),
    **dict.fromkeys(_TEXTS, "\ufffd"),
    "number": 0,
    "capacity": MIN_CAPACITY,
    "status": False,
}
_RANGES: dict[str, Container[int]] = {"status": (0, 1), "capacity": range(MIN_CAPACITY, MAX_CAPACITY + 1)}
_RAW_EVENTS = [type_coerce(audit_events.c[name], NullType()) for name in _OF_EVENT]
_READ_EVENTS = select(*_RAW_EVENTS).where(audit_events.c.log_id == bindparam("log"))
_RAW_LOG = [type_coerce(audit_logs.c[name], NullType()) for name in _OF_LOG]
_READ_HEAD = select(*_RAW_LOG).where(audit_logs.c.id == bindparam("log"))
_READ_LOG = (
    select(*_RAW_LOG, *_RAW_EVENTS)
    .select_from(audit_logs.outerjoin(audit_events, audit_events.c.log_id == audit_logs.c.id))
    .where(audit_logs.c.id == bindparam("log"))
)


class Room(NamedTuple):
    """How many events a log keeps, and how many are there."""

    log_id: str
    capacity: int
    kept: int


def read_log(connection: Connection, log_id: str) -> AuditLog | None:
    """Return the log *log_id* with its kept events, newest first, as one statement saw it; None if there is none."""
    rows = _rows(connection, _READ_LOG, log_id)
    width = len(_OF_LOG)  # what comes first of an event is the id of its log: nothing where there is no event
    return _log(rows[0][:width], _events(row[width:] for row in rows if row[width] is not None)) if rows else None


def read_head(connection: Connection, log_id: str) -> AuditLog | None:
    """Return the log *log_id* without its events; None if there is none."""
    rows = _rows(connection, _READ_HEAD, log_id)
    return _log(rows[0], ()) if rows else None


def read_events(connection: Connection, log_id: str) -> tuple[AuditEvent, ...]:
    """Return the events that are stored under *log_id*, newest first, also where the log's own row is gone."""
    return _events(_rows(connection, _READ_EVENTS, log_id))


def newest_events(connection: Connection, count: int) -> tuple[AuditEvent, ...]:
    """Return the newest event of each of up to *count* logs, whichever: to try a key on."""
    is_newest = (audit_events.c.log_id == audit_logs.c.id) & (audit_events.c.number == audit_logs.c.head_number)
    joined = audit_logs.join(audit_events, is_newest)
    return _events(_rows(connection, select(*_RAW_EVENTS).select_from(joined).limit(count)))


def log_ids(connection: Connection) -> list[str]:
    """Return the ids of all logs, also of those of which only events are left; an id that is no text as it looks."""
    ids = select(type_coerce(audit_logs.c.id, NullType()))
    orphans = select(type_coerce(audit_events.c.log_id, NullType())).distinct()
    return sorted({_shown(row[0]) for found in (ids, orphans) for row in _rows(connection, found)})


def rooms(connection: Connection) -> list[Room]:
    """Return how full each log is."""
    joined = audit_logs.outerjoin(audit_events, audit_events.c.log_id == audit_logs.c.id)
    columns = [type_coerce(c, NullType()) for c in (audit_logs.c.id, audit_logs.c.capacity)]
    counted = select(*columns, func.count(audit_events.c.log_id)).select_from(joined)
    rows = _rows(connection, counted.group_by(audit_logs.c.id, audit_logs.c.capacity))
    return [Room(_shown(row[0]), row[1] if type(row[1]) is int else -1, row[2]) for row in rows]


def newest_time(connection: Connection) -> int | None:
    """Return the time of the newest event of all logs, in milliseconds since 1970; None without any."""
    time = _rows(connection, select(func.max(type_coerce(audit_logs.c.head_time, NullType()))))[0][0]
    return time if type(time) is int and time > 0 else None


def _rows(connection: Connection, statement: _Statement, log_id: str | None = None) -> Sequence[Sequence[Any]]:
    given = {} if log_id is None else {"log": log_id}
    try:
        return connection.execute(statement, given).all()
    except DBAPIError:
        if connection.dialect.name != "sqlite":
            raise
    with _any_text(connection):
        return connection.execute(statement, given).all()


@contextmanager
def _any_text(connection: Connection) -> Iterator[None]:
    """Let SQLite's driver give what is stored as text but is none as bytes, instead of failing."""
    driver: Any = connection.connection.dbapi_connection
    usual, driver.text_factory = driver.text_factory, _text
    try:
        yield
    finally:
        driver.text_factory = usual


def _text(stored: bytes) -> str | bytes:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored


def _events(rows: Iterable[Sequence[Any]]) -> tuple[AuditEvent, ...]:
    return tuple(sorted(map(_event, rows), key=lambda event: -event.number))


def _event(row: Sequence[Any]) -> AuditEvent:
    values, flaw = _checked(_OF_EVENT, row)
    values[_STATUS] = bool(values[_STATUS])
    return AuditEvent._make([*values, flaw])


def _log(row: Sequence[Any], events: tuple[AuditEvent, ...]) -> AuditLog:
    values, flaw = _checked(_OF_LOG, row)
    return AuditLog(**dict(zip(_OF_LOG, values, strict=True)), events=events, flaw=flaw)


def _checked(names: tuple[str, ...], row: Sequence[Any]) -> tuple[list[Any], str]:
    """Return the columns of a row, stand-ins in place of what was never written, and the name of the first of those."""
    values = list(row)
    flaws = {*_of_wrong_types(names, tuple(map(type, row)))}
    flaws.update(place for place, allowed in _ranges(names) if values[place] not in allowed)
    for place in flaws:
        values[place] = _STAND_INS[names[place]]
    return values, names[min(flaws)] if flaws else ""


@lru_cache(maxsize=256)  # rows are of a few kinds, and of any only where somebody tampers
def _of_wrong_types(names: tuple[str, ...], types: tuple[type, ...]) -> tuple[int, ...]:
    """Return the places in which a row of *types* holds what the trail never writes there."""
    return tuple(place for place, name in enumerate(names) if types[place] not in _TYPES[name])


@cache
def _ranges(names: tuple[str, ...]) -> tuple[tuple[int, Container[int]], ...]:
    """Return the places of a row in which not every value of the right type is one of ours, with those that are."""
    return tuple((names.index(name), allowed) for name, allowed in _RANGES.items() if name in names)


def _shown(log_id: object) -> str:
    return log_id if isinstance(log_id, str) else repr(log_id)
