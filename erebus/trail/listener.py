"""The session events: attached once a process, heard by every session, inside a request or not.

Flushes are captured row by row; what a savepoint's rollback takes back goes with it; at the outermost commit what is
left is folded, told and written in the same transaction. Traps, each met: ``before_commit`` fires also for savepoints,
and before that commit's own flush; what a later listener adds is flushed after our writing, and is appended at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.orm import Mapper, Session, object_session
from sqlalchemy.sql.dml import Delete, Insert, Update

from erebus.trail import attempts, registry
from erebus.trail.changes import Capture, fold
from erebus.trail.ledger import append
from erebus.trail.rows import column_values, fetch, identity_of, read_row
from erebus.trail.telling import tell_change

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, SessionTransaction

    from erebus.trail.actor import Actor
    from erebus.trail.events import Log

INFO = "erebus_trail"


@dataclass
class Buffer:
    """What a session's transaction has done so far, and how much of it at each open savepoint."""

    captures: list[Capture] = field(default_factory=list)
    marks: dict[SessionTransaction, int] = field(default_factory=dict)
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    connection: Connection | None = None
    is_written: bool = False


def attach(
    base: type[DeclarativeBase],
    *,
    log_of: Callable[[Any, Connection], Log],
    actor_of: Callable[[], Actor],
    clock: Callable[[], int],
) -> None:
    """Hear every session that flushes a class of *base*. Attaching again only renews the functions.

    *log_of* tells from a mapped object, and a connection to look things up, which log it belongs to; *actor_of* who is
    acting; *clock* the time in whole milliseconds since 1970, UTC. They may look up, but never change anything.
    """
    if not registry.bases():
        _listen_to_sessions()
    if base not in registry.bases():
        _listen_to_rows(base)
    registry.register(base, registry.Attachment(log_of, actor_of, clock))


def _listen_to_rows(base: type[DeclarativeBase]) -> None:
    for name, listener in (
        ("before_update", _before_change),
        ("before_delete", _before_change),
        ("after_insert", _after_insert),
        ("after_update", _after_update),
        ("after_delete", _after_delete),
    ):
        event.listen(base, name, listener, propagate=True)


def _listen_to_sessions() -> None:
    for name, listener in (
        ("do_orm_execute", _refuse_statements),
        ("before_commit", _before_commit),
        ("after_flush", _after_flush),
        ("after_transaction_create", _after_transaction_create),
        ("after_soft_rollback", _after_soft_rollback),
        ("after_transaction_end", _after_transaction_end),
    ):
        event.listen(Session, name, listener)


def _buffer(session: Session) -> Buffer:
    buffer: Buffer = session.info.setdefault(INFO, Buffer())
    return buffer


# Rows


def _before_change(mapper: Mapper[Any], connection: Connection, target: object) -> None:
    """Read the row while it still stands, if the object does not hold all of it (it was expired, say)."""
    session = object_session(target)
    if session is None or registry.is_exempt(mapper.class_):
        return
    known = column_values(target)
    if len(known.before) < len(mapper.column_attrs):
        _buffer(session).rows[id(target)] = {**read_row(mapper, connection, target), **known.before}


def _after_insert(mapper: Mapper[Any], connection: Connection, target: object) -> None:
    after = fetch(mapper, connection, target)
    _capture(mapper, connection, target, "create", {}, after, after)


def _after_update(mapper: Mapper[Any], connection: Connection, target: object) -> None:
    session = object_session(target)
    if session is None or registry.is_exempt(mapper.class_):
        return
    known = column_values(target)
    before = {**_buffer(session).rows.pop(id(target), {}), **known.before}
    current = {**before, **fetch(mapper, connection, target)}
    changed = [n for n in current if n in before and before[n] != current[n]]
    if changed:
        was, is_now = {n: before[n] for n in changed}, {n: current[n] for n in changed}
        _capture(mapper, connection, target, "update", was, is_now, current)


def _after_delete(mapper: Mapper[Any], connection: Connection, target: object) -> None:
    session = object_session(target)
    if session is None or registry.is_exempt(mapper.class_):
        return
    before = {**_buffer(session).rows.pop(id(target), {}), **column_values(target).before}
    _capture(mapper, connection, target, "delete", before, {}, before)


def _capture(  # noqa: PLR0913, PLR0917 - the parts of a capture
    mapper: Mapper[Any],
    connection: Connection,
    target: object,
    action: str,
    before: dict[str, Any],
    after: dict[str, Any],
    current: dict[str, Any],
) -> None:
    session = object_session(target)
    if session is None or registry.is_exempt(mapper.class_):
        return
    buffer = _buffer(session)
    _check_connection(buffer, connection)
    description, attachment = registry.description_of(mapper.class_), registry.attachment_of(mapper.class_)
    with session.no_autoflush:
        buffer.captures.append(
            Capture(
                model=mapper.class_,
                identity=identity_of(mapper, target),
                action=action,
                before=before,
                after=after,
                current=current,
                label=description.label(target),
                about={name: look(target) for name, look in description.about.items()},
                log=attachment.log_of(target, connection),
                actor=attachment.actor_of(),
            )
        )


def _check_connection(buffer: Buffer, connection: Connection) -> None:
    """Refuse what could not be written together with its line."""
    if buffer.connection is not None and buffer.connection.engine is not connection.engine:
        message = "one transaction changes audited models in two databases: its log lines could be lost. Use two."
        raise RuntimeError(message)
    driver = connection.connection.dbapi_connection
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT" or getattr(driver, "autocommit", None) is True:
        message = "an audited model cannot be changed on an AUTOCOMMIT connection: use a transaction"
        raise RuntimeError(message)
    buffer.connection = connection


# Transactions


def _refuse_statements(state: ORMExecuteState) -> None:
    """Refuse statements that would change audited rows past the unit of work."""
    statement = state.statement
    if not isinstance(statement, (Insert, Update, Delete)):
        return
    table = statement.entity_description["table"]
    for base in registry.bases():
        for mapper in base.registry.mappers:
            if mapper.local_table is table and not registry.is_exempt(mapper.class_):
                message = f"{mapper.class_.__name__} is audited: change its objects through the session, one by one"
                raise RuntimeError(message)


def _before_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    _write(session)


def _after_flush(session: Session, _context: object) -> None:
    if _buffer(session).is_written:
        _write(session)


def _write(session: Session) -> None:
    """Write the lines of what the transaction did, then of what was tried in it and refused."""
    buffer = _buffer(session)
    buffer.is_written = True
    captures, buffer.captures = buffer.captures, []
    events = [(c.log, c.model, told) for c in fold(captures) if (told := tell_change(c))]
    if events and buffer.connection is not None:
        _append(buffer.connection, events)
    if tried := attempts.take(session):
        attempts.write(tried, session.connection(), registry.attachment_of(tried[0].model).clock())


def _append(connection: Connection, events: list[tuple[Log, type, dict[str, Any]]]) -> None:
    """Append *events* to their logs: several logs always in the same order, or two writers could wait in a circle."""
    now = registry.attachment_of(events[0][1]).clock()
    for log in sorted({log for log, _, _ in events}):
        append(connection, log, [told for owner, _, told in events if owner == log], now)


def _after_transaction_create(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        buffer = _buffer(session)
        buffer.marks[transaction] = len(buffer.captures)


def _after_soft_rollback(session: Session, previous: SessionTransaction) -> None:
    buffer = _buffer(session)
    if previous in buffer.marks:  # fires after the end of the savepoint's own transaction: marks live until the root's
        del buffer.captures[buffer.marks.pop(previous) :]


def _after_transaction_end(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is not None:
        return
    session.info.pop(INFO, None)
    if tried := attempts.take(session):
        attempts.write_apart(tried, registry.attachment_of(tried[0].model).clock())
