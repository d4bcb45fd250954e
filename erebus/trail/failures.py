"""From an exception to what the log keeps of it: what was tried, on which entity, and why it did not happen.

A failure is a rollback that an exception caused: raised in a flush, in a listener, at the commit, or leaving the block
or the request that made the changes. A rollback by the code's own decision is none. Where one entity is known to have
failed, there is one line; where the database does not say which, one for each that was changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect
from sqlalchemy.exc import PendingRollbackError
from sqlalchemy.orm import object_mapper
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

from erebus.trail import registry
from erebus.trail.attempts import (
    Attempt,
    actor_of,
    attempt_to,
    complain,
    is_told,
    keep,
    leaving_idle,
    log_of,
    mark_told,
    note,
)
from erebus.trail.buffer import INFO, Buffer
from erebus.trail.changes import CREATE, DELETE, UPDATE, Capture, fold
from erebus.trail.constraints import CHECK, FOREIGN_KEY, NOT_NULL, UNIQUE, Violation, violation
from erebus.trail.refusal import Refused
from erebus.trail.rows import Key, Row, fields_of, held_values, identity_of, known_before, read_row, shape_of
from erebus.trail.telling import tell_failure
from erebus.trail.validators import Invalid, invalid
from erebus.trail.watching import Told, tell, tell_anew

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Mapper, Session

    from erebus.trail.buffer import Entry

REFUSED = "erebus_refused"


@dataclass(frozen=True)
class Failing:
    """What was tried, and the object that it was tried with, if it is still there."""

    capture: Capture
    target: object | None = None


def failed(session: Session, error: BaseException) -> None:
    """Keep as failures what the transaction of *session* has done, and was going to do: *error* ends it.

    Call it before the rollback; the lines are written when the outermost transaction has ended. What was kept already
    is not kept twice, however often the error is handed on.
    """
    try:
        _failed(session, error)
    except Exception as another:  # noqa: BLE001 - the rollback has to follow whatever is wrong with a description
        complain("a failed attempt could not be kept", another)


def _failed(session: Session, error: BaseException) -> None:
    if isinstance(error, Refused):
        note(session, error)
    elif not isinstance(error, PendingRollbackError) and not is_told(session, error):  # that one only says: roll back
        buffer, wrong = session.info.get(INFO) or Buffer(), invalid(error)
        found = _of_invalid(session, wrong) if wrong else [*_done(buffer, error), *_pending(session, buffer)]
        _keep(session, list(found), error)


def flush_failed(session: Session, buffer: Buffer, error: BaseException | None) -> None:
    """Keep what the flush of *session* was writing when *error* stopped it; the objects still hold their values."""
    if error is None or not is_told(session, error):
        entries = list(buffer.begun.values()) or buffer.flushed or buffer.settled
        found = [f for e in entries for f in _of_entry(session, e)] if entries else _pending(session, buffer)
        _keep(session, list(found), error)


def refused_by(session: Session, error: BaseException) -> Refused | None:
    """Return the refusal that the constraint behind *error* was mapped to, if the feature has mapped it."""
    known, refused = session.info.pop(REFUSED, (None, None))
    return refused if known is error else None


def _keep(session: Session, found: list[Failing], error: BaseException | None) -> None:
    if error is not None and found:
        mark_told(session, error)
    for failing in found:
        capture = failing.capture
        mapper: Mapper[Any] = inspect(capture.model)
        refused = _refusal(failing, violation(error, mapper)) if len(found) == 1 else None
        if refused is not None:
            mark_told(session, refused)
            session.info[REFUSED] = (error, refused)
        reason = refused.reason if refused else _reason(mapper, error)
        if content := tell_failure(capture, reason):
            keep(session, Attempt(capture.model, session.get_bind(mapper).engine, capture.log, content))


# What failed


def _done(buffer: Buffer, error: BaseException) -> Iterator[Failing]:
    """Yield what was flushed: of the table that the database names, if it names one."""
    captures = [c for c in fold([*buffer.written, *buffer.captures]) if isinstance(c, Capture)]
    found = violation(error)
    named = [c for c in captures if found and found.table in _tables(c)]
    return (Failing(capture) for capture in named or captures)


def _tables(capture: Capture) -> set[str]:
    mapper: Mapper[Any] = inspect(capture.model)
    return {table.description for table in mapper.tables}


def _pending(session: Session, buffer: Buffer) -> Iterator[Failing]:
    """Yield what was not flushed yet of *session*, but for what it has flushed before."""
    done = (*buffer.written, *buffer.captures)
    flushed = {(c.model, c.identity) for c in done if isinstance(c, Capture)}
    changed = [o for o in session.dirty if session.is_modified(o)]
    for action, targets in ((CREATE, session.new), (UPDATE, changed), (DELETE, session.deleted)):
        for target in targets:
            for failing in _attempted(session, target, action, None):
                if (failing.capture.model, failing.capture.identity) not in flushed:
                    yield failing


def _of_entry(session: Session, entry: Entry) -> Iterator[Failing]:
    if entry.action == DELETE:
        yield from _failing(session, entry.target, DELETE, entry.before, {}, entry.connection)
    else:
        yield from _attempted(session, entry.target, entry.action, entry.connection, entry.before)


def _of_invalid(session: Session, wrong: Invalid) -> Iterator[Failing]:
    state = instance_state(wrong.target)
    if state.has_identity:
        before, after, action = known_before(state, [wrong.field]), {}, UPDATE
    else:
        names = fields_of(state.mapper, registry.description_of(state.class_))
        before, after, action = {}, held_values(state, names), CREATE
    yield from _failing(session, wrong.target, action, before, {**after, wrong.field: wrong.value}, None)


def _attempted(
    session: Session, target: object, action: str, connection: Connection | None, row: Row | None = None
) -> Iterator[Failing]:
    """Yield what was tried with *target*, whose *row* was read before, or is read now."""
    mapper, state = object_mapper(target), instance_state(target)
    fields = fields_of(mapper, registry.description_of(mapper.class_))
    names = [n for n in fields if action != UPDATE or n in state.committed_state]
    before = {} if action == CREATE else {**(row or {}), **known_before(state, names)}
    connection = connection or attempt_to(lambda: session.connection(bind_arguments={"mapper": mapper}), None)
    if action != CREATE and connection is not None and not before.keys() >= {*names}:
        before = {**_read(mapper, connection, identity_of(mapper, target)), **before}
    before = {n: before[n] for n in names if n in before}
    after = {} if action == DELETE else {**(dict.fromkeys(names) if before else {}), **held_values(state, names)}
    yield from _failing(session, target, action, before, after, connection)


def _read(mapper: Mapper[Any], connection: Connection, identity: Key) -> Row:
    with leaving_idle(connection):
        return attempt_to(lambda: read_row(mapper, connection, identity), {})


def _failing(  # noqa: PLR0913, PLR0917 - the parts of a capture
    session: Session,
    target: object,
    action: str,
    before: dict[str, Any],
    after: dict[str, Any],
    connection: Connection | None,
) -> Iterator[Failing]:
    mapper, state = object_mapper(target), instance_state(target)
    if registry.is_exempt(mapper.class_):
        return
    told = _tell(session, mapper, target, connection)
    names = registry.description_of(mapper.class_).recorded
    current = {**known_before(state, names), **held_values(state, names)}
    identity = identity_of(mapper, target)
    actor = actor_of(registry.attachment_of(mapper.class_))
    parts = (mapper.class_, identity, identity, action, before, after, current, told.label, told.about, told.log, actor)
    yield Failing(Capture(*parts), target)


# What a session that has failed can still say


def _tell(session: Session, mapper: Mapper[Any], target: object, connection: Connection | None) -> Told:
    """Return what a line needs to know of *target*, each part as far as it can be had."""
    attachment, description = registry.attachment_of(mapper.class_), registry.description_of(mapper.class_)
    connection = connection or attempt_to(lambda: session.connection(bind_arguments={"mapper": mapper}), None)
    if connection is not None and (whole := _tell_whole(session, mapper, target, connection)):
        return whole
    with session.no_autoflush:
        label = attempt_to(lambda: str(description.label(target)), "")
        about = {n: attempt_to(partial(look, target), None) for n, look in description.about.items()}
        log = (
            attempt_to(lambda: log_of(attachment, target, connection), attachment.main)
            if connection
            else attachment.main
        )
    return Told(label, {n: value for n, value in about.items() if value is not None}, log)


def _tell_whole(session: Session, mapper: Mapper[Any], target: object, connection: Connection) -> Told | None:
    """Return what *target* says, or else its row: after a rollback an object cannot load what it lacks."""
    with session.no_autoflush, leaving_idle(connection):
        told = attempt_to(lambda: tell(target, connection), None)
        if told is None and instance_state(target).has_identity:
            told = attempt_to(lambda: tell_anew(mapper, connection, identity_of(mapper, target)), None)
        return told


# Why it failed


def _refusal(failing: Failing, found: Violation | None) -> Refused | None:
    """Return the refusal that the feature has mapped the violated constraint to."""
    capture = failing.capture
    rule = registry.description_of(capture.model).constraints.get(found.name or "") if found else None
    if rule is None or failing.target is None:
        return None
    return attempt_to(lambda: rule.refuse(failing.target, capture.after, capture.action), None)


def _field(mapper: Mapper[Any], column: str) -> str:
    """Return the field that lies in *column*."""
    return next((key for key, c in shape_of(mapper).columns.items() if c.name == column), column)


def _reason(mapper: Mapper[Any], error: BaseException | None) -> str:
    """Say in words of ours why it did not happen: the text of an error holds values that nobody may see."""
    if isinstance(error, (StaleDataError, ObjectDeletedError)):
        return "Somebody else changed or deleted it in the meantime."
    found = violation(error, mapper)
    if found is None:
        return f"An error stopped it ({type(error).__name__})." if error is not None else "An error stopped it."
    name_of = registry.description_of(mapper.class_).name_of
    names = " and ".join(name_of(_field(mapper, column)) for column in found.columns)
    return {
        UNIQUE: f"There is one with the same {names or 'values'} already.",
        CHECK: f"It breaks a rule of the database{f' ({found.name})' if found.name else ''}.",
        NOT_NULL: f"{names or 'A value'} is missing.",
        FOREIGN_KEY: "It refers to something that is not there, or something else still refers to it.",
    }[found.kind]
