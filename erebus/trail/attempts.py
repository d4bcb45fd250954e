"""What was tried and did not happen waits here for the end of its transaction, and is written then.

In the transaction's own commit where it commits; otherwise on a connection of its own, after the session has given its
own back (a pool of one must do). If even that cannot be written, the process's log says so: the change is undone
either way, and whoever tried it has been told.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from traceback import format_tb
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import inspect

from erebus.trail import registry
from erebus.trail.actor import NOBODY
from erebus.trail.buffer import INFO as BUFFER
from erebus.trail.buffer import buffer_of
from erebus.trail.changes import ChangeSet, entity_id
from erebus.trail.rows import Row, held_values, identity_of, known_before, read_row, shape_of
from erebus.trail.settling import append_failures, homes
from erebus.trail.telling import field_change, tell_attempt
from erebus.trail.values import recordable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Connection, Engine
    from sqlalchemy.orm import Session

    from erebus.trail.actor import Actor
    from erebus.trail.buffer import Buffer
    from erebus.trail.description import AuditDescription
    from erebus.trail.events import Log
    from erebus.trail.refusal import Refused

T = TypeVar("T")
INFO = "erebus_attempts"
_log = logging.getLogger("erebus.trail")


@dataclass(frozen=True)
class Attempt:
    """An attempt, told and waiting for the end of its transaction."""

    model: type
    engine: Engine
    log: Log
    content: dict[str, Any]


def note(session: Session, refused: Refused) -> None:
    """Keep *refused* for the log: it is written when the outermost transaction of *session* ends, once."""
    if is_told(session, refused):
        return
    model = type(refused.entity)
    attachment, description = registry.attachment_of(model), registry.description_of(model)
    with session.no_autoflush:
        connection = session.connection(bind_arguments={"mapper": inspect(model)})
        log = attempt_to(lambda: log_of(attachment, refused.entity, connection), attachment.main)
        change = _change_set(refused, description, connection)
        told = tell_attempt(change, description, log, actor_of(attachment), refused.reason)
    keep(session, Attempt(model, connection.engine, log, told))
    mark_told(session, refused)


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
                write(own, connection)
        except Exception as error:  # noqa: BLE001 - the change is undone already; nobody is left to be told but the operator
            complain(f"{len(own)} failed attempts could not be written to the log", error)


def write(attempts: list[Attempt], connection: Connection) -> None:
    """Append the lines of *attempts* on *connection*: several logs always in the same order."""
    attachment = registry.attachment_of(attempts[0].model)
    told_in = homes(connection, {a.log for a in attempts}, attachment.main)
    for log in sorted(set(told_in.values())):
        contents = [a.content for a in attempts if told_in[a.log] == log]
        append_failures(connection, log, contents, attachment.clock())


def is_told(session: Session, error: BaseException | None) -> bool:
    """Return whether *error*, or one of the same transaction that it came from, has been kept as a failure already."""
    if getattr(error, INFO, None) is not None:
        return True
    buffer: Buffer | None = session.info.get(BUFFER)
    seen: set[int] = set()
    while buffer and error is not None and id(error) not in seen:
        if getattr(error, INFO, None) is buffer.mark:
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def mark_told(session: Session, error: BaseException) -> None:
    """Remember with *error* that it has been kept: whoever hands it on must not have it kept again."""
    setattr(error, INFO, buffer_of(session).mark)


# What a session that has failed can still say


def attempt_to(ask: Callable[[], T], otherwise: T) -> T:
    """Return what *ask* gives, or *otherwise* if it fails: whatever it trips over, the failure is kept."""
    try:
        return ask()
    except Exception:  # noqa: BLE001 - as said
        return otherwise


def actor_of(attachment: registry.Attachment) -> Actor:
    """Return who is acting, or nobody known if that cannot be asked any more."""
    return attempt_to(attachment.actor_of, NOBODY)


def log_of(attachment: registry.Attachment, target: object, connection: Connection) -> Log:
    """Return the log of *target*, looked up on a connection that may have been rolled back already."""
    with leaving_idle(connection):
        return attachment.log_of(target, connection)


def complain(what: str, error: BaseException) -> None:
    """Tell the operator *what* went wrong and where, without the text of *error*: it may hold values."""
    _log.error("%s (%s)\n%s", what, type(error).__name__, "".join(format_tb(error.__traceback__)))


@contextmanager
def leaving_idle(connection: Connection) -> Iterator[None]:
    """Leave no transaction behind on *connection* if there was none."""
    was_idle = not connection.in_transaction()
    try:
        yield
    finally:
        if was_idle and connection.in_transaction():
            connection.rollback()


def _change_set(refused: Refused, description: AuditDescription, connection: Connection) -> ChangeSet:
    entity, mapper = refused.entity, inspect(type(refused.entity))
    before, row = _row(entity, refused.action, connection)
    return ChangeSet(
        action=refused.action,
        entity_type=description.entity_type,
        entity_id=entity_id(identity_of(mapper, entity)),
        label=description.label(entity),
        fields=tuple(field_change(n, before.get(n), v, description) for n, v in refused.attempted.items()),
        current={n: recordable(row.get(n)) for n in description.recorded},
        about={name: look(entity) for name, look in description.about.items()},
    )


def _row(entity: object, action: str, connection: Connection) -> tuple[Row, Row]:
    """Return what *entity* was before, and what its fields are, or were to be."""
    state, mapper = inspect(entity), inspect(type(entity))
    names = shape_of(mapper).columns
    if not state.has_identity:
        return {}, held_values(state, names)
    row = known_before(state, names)
    if len(row) < len(names):
        row = {**read_row(mapper, connection, identity_of(mapper, entity)), **row}
    return ({} if action == "create" else row), row
