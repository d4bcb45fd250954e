"""The session events: attached once a process, heard by every session, inside a request or not.

Flushes are captured row by row; what a savepoint's rollback takes back goes with it; at the outermost commit what is
left is folded, told and written in the same transaction. Traps, each met: ``before_commit`` fires also for savepoints,
and before that commit's own flush; what a later listener adds is flushed after our writing, and is appended at once.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapper, Session

from erebus.trail import attempts, bulk, flushing, freshness, guard, outcomes, registry, savepoints
from erebus.trail.buffer import INFO, buffer_of, forget
from erebus.trail.changes import fold
from erebus.trail.connections import begin_reading, keep
from erebus.trail.failures import connection_failed, failed, flush_failed
from erebus.trail.ledger import append
from erebus.trail.lines import lines_of
from erebus.trail.prefetching import prefetch
from erebus.trail.settling import append_failures, homes
from erebus.trail.watching import is_reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import DeclarativeBase, SessionTransaction

    from erebus.trail.actor import Actor
    from erebus.trail.buffer import Buffer
    from erebus.trail.changes import Capture, Remark
    from erebus.trail.events import Log


def attach(
    base: type[DeclarativeBase],
    *,
    main: Log,
    log_of: Callable[[Any, Connection], Log],
    actor_of: Callable[[], Actor],
    clock: Callable[[], int],
) -> None:
    """Hear every session that flushes a class of *base*. Attaching again only renews the functions.

    *main* is the log of what belongs to no other; *log_of* tells from a mapped object, and a connection to look things
    up, which log it belongs to; *actor_of* who is acting; *clock* the time in whole milliseconds since 1970, UTC. They
    may look up, but never change anything.
    """
    if not registry.bases():
        _listen_to_sessions()
    if base not in registry.bases():
        flushing.listen(base)
        freshness.listen(base)
    registry.register(base, registry.Attachment(main, log_of, actor_of, clock))


def _listen_to_sessions() -> None:
    for name, listener in (
        ("do_orm_execute", bulk.execute),
        ("after_begin", _after_begin),
        ("before_flush", _before_flush),
        ("after_flush", _after_flush),
        ("after_flush_postexec", _after_flush_postexec),
        ("before_commit", _before_commit),
        ("after_commit", _after_commit),
        ("after_rollback", _after_rollback),
        ("after_transaction_create", _after_transaction_create),
        ("after_soft_rollback", _after_soft_rollback),
        ("after_transaction_end", _after_transaction_end),
    ):
        event.listen(Session, name, listener, insert=name == "after_commit")
    event.listen(Engine, "handle_error", connection_failed)
    event.listen(Engine, "after_cursor_execute", savepoints.follow)
    event.listen(Mapper, "after_mapper_constructed", registry.count_classes)
    guard.listen()


def _after_begin(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if not is_reader(session):
        keep(session, connection)
        if not transaction.nested:
            begin_reading(buffer_of(session), connection)


# Flushes


def _before_flush(session: Session, context: object, _objects: object) -> None:
    buffer_of(session).begin_flush(context)


def _after_flush(session: Session, _context: object) -> None:
    outcomes.settle(buffer_of(session))


def _after_flush_postexec(session: Session, _context: object) -> None:
    buffer = buffer_of(session)
    outcomes.capture(session, buffer)
    buffer.end_flush()
    if buffer.is_written:
        _write(session, buffer)


# Commits


def _before_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return
    try:
        session.flush()
        _write(session, buffer_of(session))
    except BaseException as error:  # of a listener before the flush, say: nothing is rolled back by itself then
        failed(session, error)
        raise


def _write(session: Session, buffer: Buffer) -> None:
    """Write the lines of what the transaction did, then of what was tried in it and refused."""
    buffer.is_written = True
    captures, buffer.captures = buffer.captures, []
    buffer.written += captures
    tried = attempts.take(session)
    if not captures and not tried:
        return
    attachment = registry.attachment_of((captures or tried)[0].model)
    changed: dict[Log, list[Capture | Remark]] = defaultdict(list)
    for capture in fold(captures):
        changed[capture.log].append(capture)
    connection, now = buffer.connection or session.connection(), attachment.clock()
    told_in = homes(connection, {a.log for a in tried}, attachment.main, making=changed)
    for log in sorted({*changed, *told_in.values()}):
        is_due = False
        if log in changed:
            lines = lines_of(changed[log])
            is_due = append(connection, log, lines, now)
            buffer.last_line = lines[-1]["id"]
        failures = [a.content for a in tried if told_in[a.log] == log]
        if failures or is_due:
            append_failures(connection, log, failures, now)


def _after_commit(session: Session) -> None:
    """Forget what has come true: an error of somebody who listens to the commit, too, makes no failure of it."""
    if not session.in_nested_transaction():
        forget(session)


# Rollbacks


def _after_rollback(session: Session) -> None:
    """Keep a rollback in the middle of a flush as a failure; the objects still hold what was to be written."""
    buffer = buffer_of(session)
    if buffer.runs_flush(session):
        flush_failed(session, buffer, sys.exc_info()[1])
        buffer.end_flush()


def _after_transaction_create(session: Session, transaction: SessionTransaction) -> None:
    buffer = buffer_of(session)
    if transaction.nested:
        buffer.marks[transaction] = len(buffer.captures)
    elif buffer.runs_flush(session):
        _prefetch(session, buffer, transaction)


def _prefetch(session: Session, buffer: Buffer, transaction: SessionTransaction) -> None:
    """Read what the flush that begins its work here is going to write: nothing may be added to it any more.

    Whatever stops it stops the flush, which is not ready yet to roll back by itself.
    """
    try:
        prefetch(session, buffer)
    except BaseException:
        transaction.rollback(_capture_exception=True)
        raise


def _after_soft_rollback(session: Session, previous: SessionTransaction) -> None:
    buffer = buffer_of(session)
    if previous in buffer.marks:  # fires after the end of the savepoint's own transaction: marks live until the root's
        buffer.take_back(buffer.marks.pop(previous))


def _after_transaction_end(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is not None:
        return
    session.info.pop(INFO, None)
    if tried := attempts.take(session):
        attempts.write_apart(tried)
