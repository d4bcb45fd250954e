"""On SQLite: the app's connections may read and change rows, and nothing else.

What triggers cannot stop is a change of the schema, a temporary table or trigger that stands in front of the log, and
a pragma that switches checks off. PostgreSQL keeps these to the owner of the tables; SQLite knows no owner, but asks
an authorizer when a statement is prepared: one from the driver's cache costs nothing. Migrations use an engine
without it. Whoever opens the file with another program is not stopped: that is what the chain is for.
"""

from __future__ import annotations

import sqlite3
import sys
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.exc import DatabaseError

from erebus.trail.tables import audit_zero

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Engine, ExceptionContext

    Info = dict[Any, Any]

INFO = "erebus_refused"
_FREE = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
        sqlite3.SQLITE_SAVEPOINT,
    }
)
_ROWS = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
_HARMLESS = frozenset(
    {
        "busy_timeout",
        "foreign_key_check",
        "foreign_key_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "integrity_check",
        "quick_check",
        "read_uncommitted",  # SQLAlchemy sets it with every isolation level; it means nothing without a shared cache
        "table_info",
        "table_list",
        "table_xinfo",
        "wal_checkpoint",
    }
)
"""Pragmas that may be given a value. Any may be read."""


def guard_connections(engine: Engine) -> None:
    """Let the connections of *engine* change rows only; inert on PostgreSQL.

    Call it after whatever else sets new connections up: their own pragmas would be refused. A refused statement raises
    `sqlalchemy.exc.DatabaseError`, which says what was refused and why.
    """
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _guard)
    event.listen(engine, "handle_error", _explain, retval=True)


def _guard(connection: sqlite3.Connection, record: Any) -> None:  # noqa: ANN401 - the pool's own
    connection.set_authorizer(_authorizer(record.info))
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)  # noqa: FBT003 - its arguments have no names


def _authorizer(info: Info) -> Callable[..., int]:
    """Return an authorizer that leaves in *info* what it last refused."""

    def authorize(action: int, first: str | None, second: str | None, _schema: object, _inner: object) -> int:
        if action in _FREE or not (refused := _refused(action, first or "", second)):
            return sqlite3.SQLITE_OK
        info[INFO] = refused
        return sqlite3.SQLITE_DENY

    return authorize


def _refused(action: int, first: str, second: str | None) -> str:
    """Return what is refused of an action that is not free; nothing if it may be done."""
    if action in _ROWS:
        if first.startswith("sqlite_"):
            return "the schema changes in migrations only"
        return f"{first} never changes" if first == audit_zero.name else ""
    if action == sqlite3.SQLITE_PRAGMA:
        is_allowed = second is None or first.lower() in _HARMLESS
        return "" if is_allowed else f"PRAGMA {first} is set when a connection is made, and never after"
    return "the schema changes in migrations only, and no other database is attached"


def _explain(context: ExceptionContext) -> DatabaseError | None:
    """Return an error in plain words for SQLite's *not authorized*."""
    if context.connection is None or str(context.original_exception) != "not authorized":
        return None
    refused = context.connection.info.pop(INFO, "the app changes rows only")
    hides = context.connection.engine.hide_parameters
    orig = sqlite3.DatabaseError(f"refused on a connection of the app: {refused}")
    return DatabaseError(context.statement, context.parameters, orig, hide_parameters=hides)
