"""Which session a connection works for, and which connection carries the lines of a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from sqlalchemy.exc import UnboundExecutionError

from erebus.trail.ledger import has_key

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine
    from sqlalchemy.orm import Mapper, Session

    from erebus.trail.buffer import Buffer

_sessions: WeakKeyDictionary[Connection, ref[Session]] = WeakKeyDictionary()
_holding: WeakKeyDictionary[Connection, bool] = WeakKeyDictionary()
_WRITES = "erebus_writes"
_HELD_LEVELS = {"REPEATABLE READ", "SERIALIZABLE"}


def keep(session: Session, connection: Connection) -> None:
    """Remember that *connection* works for *session*."""
    _sessions[connection] = ref(session)


def session_on(connection: Connection) -> Session | None:
    """Return the session that *connection* works for, if there is one."""
    found = _sessions.get(connection)
    return found() if found else None


def begin_reading(buffer: Buffer, connection: Connection) -> None:
    """Keep how what is read on *connection* holds, in a transaction of *buffer* that begins on it."""
    _holding[connection] = _is_holding(connection)
    buffer.writes[connection] = connection.info.get(_WRITES, 0)


def holds_reads(connection: Connection) -> bool:
    """Return whether a write on *connection* fails if what its transaction read has been changed by others."""
    return _holding.get(connection, False)


def _is_holding(connection: Connection) -> bool:
    """Ask the driver: the one of SQLite may not have begun, as its legacy mode begins with the first write only."""
    if connection.dialect.name == "sqlite":
        return _has_begun(connection)
    dialect = connection.dialect
    level = (
        connection.get_execution_options().get("isolation_level")
        or getattr(dialect, "_on_connect_isolation_level", None)
        or getattr(dialect, "default_isolation_level", None)
    )
    return str(level).upper() in _HELD_LEVELS


def _has_begun(connection: Connection) -> bool:
    return bool(getattr(connection.connection.dbapi_connection, "in_transaction", False))


def hold_reads(connection: Connection) -> None:
    """Begin what SQLite's driver would begin with the first write only: what is read from now on holds until then."""
    if connection.dialect.name == "sqlite" and not _has_begun(connection):
        connection.exec_driver_sql("BEGIN")


def write(buffer: Buffer, connection: Connection) -> bool:
    """Keep that *buffer* is going to write on *connection*. Return whether another has, since it began or last wrote.

    Sessions may share a connection, and so a transaction: no lock stands between them.
    """
    count = connection.info.get(_WRITES, 0)
    is_alone: bool = buffer.writes.get(connection) == count
    connection.info[_WRITES] = buffer.writes[connection] = count + 1
    return not is_alone


def use(session: Session, buffer: Buffer, connection: Connection) -> None:
    """Let *connection* carry changes of *session*, and choose the one that carries their lines.

    Raises RuntimeError for what could not be written together with its line: an AUTOCOMMIT connection; a second
    database, unless the session commits in two phases.
    """
    if buffer.connection is connection:
        return
    refuse_autocommit(connection)
    if buffer.connection is not None and buffer.connection.engine is connection.engine:
        return
    main = buffer.connection or _main(session, connection)
    if main.engine is not connection.engine and not session.twophase:
        message = "one transaction changes audited models in two databases: its log lines could be lost. Use two."
        raise RuntimeError(message)
    buffer.connection = main


def engine_with_log(session: Session, mapper: Mapper[Any]) -> Engine:
    """Return the engine whose database has the log of what *session* does to *mapper*: its own, or the usual one."""
    own = session.get_bind(mapper).engine
    if has_key(own):
        return own
    try:
        usual = session.get_bind().engine
    except UnboundExecutionError:
        return own
    return usual if has_key(usual) else own


def refuse_autocommit(connection: Connection) -> None:
    """Raise RuntimeError for a connection on which each statement is a transaction of its own."""
    driver = connection.connection.dbapi_connection
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT" or getattr(driver, "autocommit", None) is True:
        message = "an audited model cannot be changed on an AUTOCOMMIT connection: use a transaction"
        raise RuntimeError(message)


def _main(session: Session, connection: Connection) -> Connection:
    """Return the connection to the database that has the log: that of *connection*, or the session's own."""
    if has_key(connection):
        return connection
    try:
        usual = session.connection()
    except UnboundExecutionError:
        return connection
    return usual if has_key(usual) else connection
