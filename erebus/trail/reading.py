"""Reading a log: whatever stands in the tables comes out as an `AuditLog`, and `verify` says what is wrong with it.

Who goes past the triggers can leave anything: on SQLite a column holds values of any type, and bytes that are no text.
So columns are cast there, text is decoded here, and of the log's own row what cannot be is named in its *flaw*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, LargeBinary, Text, cast, select

from erebus.trail.events import AuditEvent, AuditLog
from erebus.trail.tables import CONTENT, MAX_CAPACITY, MIN_CAPACITY, OPTIONAL, audit_events, audit_logs

if TYPE_CHECKING:
    from sqlalchemy import Column
    from sqlalchemy.engine import Connection, RowMapping
    from sqlalchemy.sql.elements import ColumnElement

_MOST = 2**53 - 1  # of numbers, and of milliseconds, that every reader of JSON keeps exactly
_LOG = ("project_id", "capacity", "head_number", "head_hash", "head_time", "seam_number")
_BOUNDS = {
    "capacity": (MIN_CAPACITY, MAX_CAPACITY),
    "head_number": (0, _MOST),
    "head_time": (0, _MOST),
    "seam_number": (0, _MOST),
}


def read_log(connection: Connection, log_id: str) -> AuditLog | None:
    """Return the log *log_id* with its kept events, newest first, as one statement saw it; None if there is none."""
    joined = audit_logs.outerjoin(audit_events, audit_events.c.log_id == audit_logs.c.id)
    columns = [*_columns(connection, _LOG), *(_readable(connection, c) for c in audit_events.c)]
    rows = connection.execute(select(*columns).select_from(joined).where(audit_logs.c.id == log_id)).mappings().all()
    events = sorted((_event(row) for row in rows if row["number"] is not None), key=lambda event: -event.number)
    return _log(log_id, rows[0], tuple(events)) if rows else None


def read_head(connection: Connection, log_id: str) -> AuditLog | None:
    """Return the log *log_id* without its events; None if there is none."""
    found = select(*_columns(connection, _LOG)).where(audit_logs.c.id == log_id)
    row = connection.execute(found).mappings().first()
    return None if row is None else _log(log_id, row, ())


def _columns(connection: Connection, names: tuple[str, ...]) -> list[ColumnElement[Any]]:
    return [_readable(connection, audit_logs.c[name]).label(f"log_{name}") for name in names]


def _readable(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    if connection.dialect.name != "sqlite":
        return column
    kind = LargeBinary if isinstance(column.type, (Text, LargeBinary)) else BigInteger
    return cast(column, kind).label(column.name)


def _log(log_id: str, row: RowMapping, events: tuple[AuditEvent, ...]) -> AuditLog:
    numbers = {name: row[f"log_{name}"] for name in _BOUNDS}
    wrong = [n for n, (least, most) in _BOUNDS.items() if numbers[n] is None or not least <= numbers[n] <= most]
    numbers |= {name: _BOUNDS[name][0] for name in wrong}
    return AuditLog(
        id=log_id,
        project_id=_text(row["log_project_id"]),
        head_hash=bytes(row["log_head_hash"] or b""),
        events=events,
        flaw=f"the log's {', '.join(wrong).replace('_', ' ')} was never written" if wrong else "",
        **numbers,
    )


def _event(row: RowMapping) -> AuditEvent:
    texts = {name: _text(row[name]) for name in (*CONTENT, "log_id") if name != "status"}
    texts |= {name: "" for name, text in texts.items() if text is None and name not in OPTIONAL}
    changes = texts.pop("changes")
    return AuditEvent(
        **texts,
        stored_changes=changes,
        number=row["number"],
        created_at=-1 if row["created_at"] is None else row["created_at"],
        status=bool(row["status"]),
        previous_hash=bytes(row["prev_hash"] or b""),
        hash=bytes(row["hash"] or b""),
    )


def _text(value: bytes | str | None) -> Any:  # noqa: ANN401 - text, or None
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else value
