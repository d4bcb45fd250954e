"""The database: base class, naming convention, engine set-up for SQLite and PostgreSQL, and `transaction`.

SQLite's driver begins nothing by itself here. A transaction that is going to write begins IMMEDIATE, any other
deferred: so no update is lost, and a reader never waits for a writer.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Enum, MetaData, String, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator
from ulid import ULID

from erebus.trail import Refused, failed, refused_by

if TYPE_CHECKING:
    import enum
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection, Dialect, Engine
    from sqlalchemy.orm import Session

WRITES = {"erebus_write": True}
PATIENCE = 5  # seconds that a connection of the app waits for a lock
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={PATIENCE * 1000}")
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_BUSY_STATES = frozenset({"55P03", "57014", "40001", "40P01"})  # lock, statement timeout, serialization, deadlock
_AWAY_STATES = frozenset({"57P01", "57P02", "57P03"})  # shut down, crashed, not up yet
_NO_RIGHT = "42501"
_FILE_CODES = frozenset(
    {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOTADB}
)


class Base(DeclarativeBase):
    """What every model of Erebus and of its plugins is mapped on, and what the trail is attached to."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True)

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


class Timestamp(TypeDecorator[datetime]):
    """A moment: aware and UTC in Python, kept as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - given
        """Turn any aware moment into UTC; a naive one is a mistake."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a moment must be aware of its zone"
            raise ValueError(message)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - given
        """Give back an aware moment in UTC (SQLite keeps no zone)."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def choice(kind: type[enum.StrEnum], name: str) -> Enum:
    """Return the column type that keeps a member of *kind* by its value, under a CHECK called *name*."""
    values = [member.value for member in kind]
    return Enum(
        kind, name=name, native_enum=False, create_constraint=True, length=16, values_callable=lambda _kind: values
    )


class Identified:
    """A row whose id is made in Python when the object is made: a prefix and a ULID, ``proj_01…``."""

    id_prefix = ""
    id: Mapped[str] = mapped_column(String(40), primary_key=True)

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - columns of any type
        """Make the object with its id: also one that is going to be refused has one to be told by."""
        values.setdefault("id", f"{self.id_prefix}{ULID()}")
        super().__init__(**values)


def prepare(engine: Engine) -> None:
    """Set *engine* up: SQLite's pragmas and who begins how; inert on PostgreSQL."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _connect_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def limit_waiting(engine: Engine) -> None:
    """Let nobody on *engine* wait for a lock for more than `PATIENCE`; inert on SQLite, where nobody ever does."""
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _connect_postgresql)


def _connect_postgresql(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own
    connection.execute(f"SET lock_timeout = '{PATIENCE}s'")
    connection.commit()  # or the first rollback would take the setting back


def _connect_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("erebus_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit what the block changes, all or nothing; yield the session. An inner call joins the outer one.

    The one place that commits. On SQLite the write lock is taken at the start, on fresh data: objects loaded before
    are read anew inside. An exception that leaves the block is a failure, and kept as such in the log. What violates a
    constraint behind which a feature has put a rule leaves it as that rule's `Refused`. What an inner block refuses is
    kept also where the outer one goes on.

    Raises RuntimeError if the session holds changes made before the block, for they would be lost.
    """
    session = db.session()
    if session.info.get("erebus_in_transaction"):
        with _keeping_refusals(session):
            yield session
        return
    if session.new or session.dirty or session.deleted:
        message = "make changes inside transaction(): the session holds some made before it"
        raise RuntimeError(message)
    session.rollback()
    session.info["erebus_in_transaction"] = True
    try:
        session.connection(execution_options=WRITES)
        yield session
        session.commit()
    except BaseException as error:
        failed(session, error)
        session.rollback()
        if refused := refused_by(session, error):
            raise refused from None
        raise
    finally:
        session.info.pop("erebus_in_transaction", None)


@contextmanager
def _keeping_refusals(session: Session) -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        failed(session, refused)
        raise


# What an error of the database means


def is_busy(error: BaseException) -> bool:
    """Return whether somebody else held for too long what was needed: a lock, or all connections."""
    if isinstance(error, PoolTimeoutError):
        return True
    orig = getattr(error, "orig", None)
    return _sqlite_code(orig) in _BUSY or getattr(orig, "sqlstate", None) in _BUSY_STATES


def is_unreachable(error: BaseException) -> bool:
    """Return whether there is no database to be reached, or the connection to it was lost.

    Codes are those of PostgreSQL's manual, appendix A; where no server answered there is none.
    """
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", "")
    no_answer = state is None and isinstance(error, OperationalError)
    has_no_file = _sqlite_code(error.orig) == sqlite3.SQLITE_CANTOPEN
    return error.connection_invalidated or no_answer or has_no_file or state in _AWAY_STATES


def trouble(error: BaseException) -> str:
    """Return, in the driver's words, why the database cannot be worked with at all; empty for any other error.

    These words hold no value and no password: they are of the address without it, of the file, or of a right.
    """
    orig = getattr(error, "orig", None)
    is_of_client = isinstance(error, DBAPIError) and error.statement is None and getattr(orig, "sqlstate", "") is None
    is_of_file = _sqlite_code(orig) in _FILE_CODES
    if is_unreachable(error) or is_of_client or is_of_file or getattr(orig, "sqlstate", "") == _NO_RIGHT:
        return str(orig).partition("\n")[0]
    return ""


def is_in_doubt(error: BaseException) -> bool:
    """Return whether *error* came in a commit that may have been done all the same: all of it, or nothing."""
    if not isinstance(error, DBAPIError) or error.statement is not None:
        return False
    return error.connection_invalidated or _sqlite_code(error.orig) == sqlite3.SQLITE_IOERR


def _sqlite_code(error: BaseException | None) -> int:
    """Return SQLite's primary code, 0 for what is no error of SQLite."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
