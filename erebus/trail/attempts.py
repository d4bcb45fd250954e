"""What was tried and did not happen waits here for the end of its transaction, and is written then.

In the transaction's own commit where it commits; otherwise on a connection of its own, after the session has given its
own back (a pool of one must do). If even that cannot be written, the process's log says so: the change is undone
either way, and whoever tried it has been told.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from erebus.trail import registry
from erebus.trail.best_effort import complain
from erebus.trail.buffer import INFO as BUFFER
from erebus.trail.buffer import buffer_of
from erebus.trail.refusal import Refused
from erebus.trail.settling import append_failures, homes
from erebus.trail.tables import audit_events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection, Engine
    from sqlalchemy.orm import Session

    from erebus.trail.buffer import Buffer
    from erebus.trail.events import Log

INFO = "erebus_attempts"
_log = logging.getLogger("erebus.trail")


@dataclass(frozen=True)
class Attempt:
    """An attempt, told and waiting for the end of its transaction; *engine* is the one whose database has the log.

    *unless* is the id of the last line that the transaction had written. Where it is found, the commit came true, and
    only its acknowledgement was lost: then nothing has failed.
    """

    model: type
    engine: Engine
    log: Log
    content: dict[str, Any]
    unless: str | None = None


def keep(session: Session, attempt: Attempt) -> None:
    """Let *attempt* wait for the end of the outermost transaction of *session*."""
    session.info.setdefault(INFO, []).append(attempt)


def take(session: Session) -> list[Attempt]:
    """Return the attempts that wait in *session*, and forget them there."""
    waiting: list[Attempt] = session.info.pop(INFO, [])
    return waiting


def write_apart(attempts: list[Attempt]) -> None:
    """Append the lines of *attempts* in a transaction of their own. What cannot be written is in the process's log."""
    for engine in {attempt.engine for attempt in attempts}:
        own = [a for a in attempts if a.engine is engine]
        try:
            with engine.connect().execution_options(erebus_write=True) as connection, connection.begin():
                _write(_without_true(own, connection), connection)
        except Exception as error:  # noqa: BLE001 - the change is undone already; nobody is left to be told but the operator
            complain(f"{len(own)} failed attempts could not be written to the log", error)


def _without_true(attempts: list[Attempt], connection: Connection) -> list[Attempt]:
    lines = {a.unless for a in attempts if a.unless is not None}
    found = select(audit_events.c.id).where(audit_events.c.id.in_(lines))
    true = {*connection.execute(found).scalars()} if lines else set()
    if true:
        _log.error("a commit came true, though the database did not say so: no failure is told of it")
    return [a for a in attempts if a.unless not in true]


def _write(attempts: list[Attempt], connection: Connection) -> None:
    """Append the lines of *attempts* on *connection*: several logs always in the same order."""
    if not attempts:
        return
    attachment = registry.attachment_of(attempts[0].model)
    told_in = homes(connection, {a.log for a in attempts}, attachment.main)
    for log in sorted(set(told_in.values())):
        contents = [a.content for a in attempts if told_in[a.log] == log]
        append_failures(connection, log, contents, attachment.clock())


# Once, and not more


def mark_told(session: Session, error: BaseException) -> None:
    """Remember with *error* that it has been kept: whoever hands it on must not have it kept again."""
    setattr(error, INFO, buffer_of(session).mark)


def is_told(session: Session, error: BaseException) -> bool:
    """Return whether *error*, or one of the same transaction that it came from, has been kept as a failure already.

    A refusal is another one than that in whose handling it was raised; of any other error it is a translation.
    """
    if getattr(error, INFO, None) is not None:
        return True
    buffer: Buffer | None = session.info.get(BUFFER)
    return buffer is not None and any(getattr(e, INFO, None) is buffer.mark for e in _sources(error))


def _sources(error: BaseException) -> Iterator[BaseException]:
    """Yield what *error* came from; of a refusal, up to the next one."""
    seen, source = {id(error)}, error.__cause__ or error.__context__
    while source is not None and id(source) not in seen:
        if isinstance(error, Refused) and isinstance(source, Refused):
            return
        yield source
        seen.add(id(source))
        source = source.__cause__ or source.__context__
