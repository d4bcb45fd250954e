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


def keep(session: Session, connection: Connection) -> None:
    """Remember that *connection* works for *session*."""
    _sessions[connection] = ref(session)


def session_on(connection: Connection) -> Session | None:
    """Return the session that *connection* works for, if there is one."""
    found = _sessions.get(connection)
    return found() if found else None


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
