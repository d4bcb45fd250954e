"""Reading what is stored, whatever is stored: a log, the ids of all logs, how full each is.

Somebody who gets past the triggers can put anything into a row: on SQLite a value of any type into any column, bytes
that are no text. None of it may stop a verification, so the columns are read as the driver gives them, and looked at.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, func, select, type_coerce
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType

from erebus.trail.events import AuditEvent, AuditLog
from erebus.trail.tables import CONTENT, MAX_CAPACITY, MIN_CAPACITY, OPTIONAL, audit_events, audit_logs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection, RowMapping

    _Statement = Select[*tuple[Any, ...]]

_STAND_INS = {"number": 0, "created_at": -1, "capacity": MIN_CAPACITY}  # of integers; -1 is that of the others too
_REPLACEMENT = "\ufffd"
_TEXTS = frozenset({*CONTENT, "log_id", "id", "project_id"} - {"status"})
_LOG = {c.name: f"own_{c.name}" for c in audit_logs.c if c.name != "settle_at"}  # when to look again: proves nothing
_RAW_EVENTS = [type_coerce(c, NullType()).label(c.name) for c in audit_events.c]
_READ_EVENTS = select(*_RAW_EVENTS).where(audit_events.c.log_id == bindparam("log"))
_RAW_LOG = [type_coerce(audit_logs.c[name], NullType()).label(label) for name, label in _LOG.items()]
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
    return _log(rows[0], _events(row for row in rows if row["log_id"] is not None)) if rows else None


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
    ids = select(type_coerce(audit_logs.c.id, NullType()).label("id"))
    orphans = select(type_coerce(audit_events.c.log_id, NullType()).label("id")).distinct()
    return sorted({_shown(row["id"]) for found in (ids, orphans) for row in _rows(connection, found)})


def rooms(connection: Connection) -> list[Room]:
    """Return how full each log is."""
    joined = audit_logs.outerjoin(audit_events, audit_events.c.log_id == audit_logs.c.id)
    columns = [type_coerce(c, NullType()) for c in (audit_logs.c.id, audit_logs.c.capacity)]
    counted = select(*columns, func.count(audit_events.c.log_id).label("kept")).select_from(joined)
    rows = _rows(connection, counted.group_by(audit_logs.c.id, audit_logs.c.capacity))
    return [Room(_shown(r["id"]), r["capacity"] if type(r["capacity"]) is int else -1, r["kept"]) for r in rows]


def newest_time(connection: Connection) -> int | None:
    """Return the time of the newest event of all logs, in milliseconds since 1970; None without any."""
    times = _rows(connection, select(func.max(type_coerce(audit_logs.c.head_time, NullType())).label("time")))
    time = times[0]["time"]
    return time if type(time) is int and time > 0 else None


def _rows(connection: Connection, statement: _Statement, log_id: str | None = None) -> Sequence[RowMapping]:
    given = {} if log_id is None else {"log": log_id}
    try:
        return connection.execute(statement, given).mappings().all()
    except DBAPIError:
        if connection.dialect.name != "sqlite":
            raise
    with _any_text(connection):
        return connection.execute(statement, given).mappings().all()


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


def _events(rows: Any) -> tuple[AuditEvent, ...]:  # noqa: ANN401 - rows of any iterable
    return tuple(sorted((_event(row) for row in rows), key=lambda event: -event.number))


def _event(row: RowMapping) -> AuditEvent:
    values, flaw = _checked(row, {c.name: c.name for c in audit_events.c})
    named = {n: values[n] for n in AuditEvent.__dataclass_fields__ if n in values}
    return AuditEvent(**named, previous_hash=values["prev_hash"], stored_changes=values["changes"], flaw=flaw)


def _log(row: RowMapping, events: tuple[AuditEvent, ...]) -> AuditLog:
    values, flaw = _checked(row, _LOG)
    return AuditLog(**values, events=events, flaw=flaw)


def _checked(row: RowMapping, labels: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """Return the columns of a row by name, stand-ins in place of what was never written, and the first such column."""
    values, flaws = {}, []
    for name, label in labels.items():
        values[name], is_right = _look(name, row[label])
        if not is_right:
            flaws.append(name)
    return values, flaws[0] if flaws else ""


def _look(name: str, value: Any) -> tuple[Any, bool]:  # noqa: ANN401 - whatever is stored
    """Return *value* and whether the trail could have written it into the column *name*; else a stand-in."""
    if name.endswith("hash"):
        is_right = type(value) is bytes
        return (value if is_right else b""), is_right
    if name == "status":
        is_right = type(value) in {bool, int} and value in {0, 1}  # SQLite keeps a boolean as a number
        return (bool(value) if is_right else False), is_right
    if name in _TEXTS:
        is_right = type(value) is str or (value is None and name in OPTIONAL)
        return (value if is_right else _REPLACEMENT), is_right
    is_right = type(value) is int and (name != "capacity" or MIN_CAPACITY <= value <= MAX_CAPACITY)
    return (value if is_right else _STAND_INS.get(name, -1)), is_right


def _shown(log_id: object) -> str:
    return log_id if isinstance(log_id, str) else repr(log_id)
