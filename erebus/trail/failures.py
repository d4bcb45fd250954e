"""From an exception to what the log keeps of it: what was tried, on which entity, and why it did not happen.

A failure is a rollback that an exception caused: raised in a flush, in a listener, at the commit, or leaving the block
or the request that made the changes. A rollback by the code's own decision is none. Where one entity is known to have
failed, there is one line; where the database does not say which, one for each that was changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.engine import TwoPhaseTransaction
from sqlalchemy.exc import PendingRollbackError

from erebus.trail.attempts import Attempt, is_told, keep, mark_told, take
from erebus.trail.best_effort import complain
from erebus.trail.blame import blamed
from erebus.trail.buffer import INFO, Buffer
from erebus.trail.connections import engine_with_log, session_on
from erebus.trail.noting import note
from erebus.trail.reasons import reason, refusal_behind
from erebus.trail.refusal import Refused
from erebus.trail.telling import tell_failure
from erebus.trail.tried import done_or_pending, in_flush, in_validator, pending
from erebus.trail.validators import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Connection, ExceptionContext
    from sqlalchemy.orm import Session

    from erebus.trail.tried import Tried

REFUSED = "erebus_refused"


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
        found = [*in_validator(session, wrong)] if wrong else [*done_or_pending(session, buffer)]
        _keep_each(session, found, error)


def flush_failed(session: Session, buffer: Buffer, error: BaseException | None) -> None:
    """Keep what the flush of *session* was writing when *error* stopped it; the objects still hold their values."""
    if error is None or not is_told(session, error):
        entries = list(buffer.begun.values()) or buffer.flushed or buffer.settled
        found = [t for e in entries for t in in_flush(session, e)]
        if not buffer.begun:  # between two rows, or at a link, which may go before its owner is announced
            found += pending(session, buffer)
        _keep_each(session, found, error)


def statement_failed(session: Session, error: BaseException, tried: Iterable[Tried]) -> None:
    """Keep what a bulk statement of *session* was trying with each row when *error* stopped it."""
    try:
        if not is_told(session, error):
            _keep_each(session, tried, error)
    except Exception as another:  # noqa: BLE001 - what stopped the statement is what its caller has to hear of
        complain("a failed attempt could not be kept", another)


def connection_failed(context: ExceptionContext) -> None:
    """Keep an error that belongs to no statement, once the lines are written, as a failure: of the commit itself.

    Nobody knows whether what was prepared and then could not be committed will yet come true: of it nothing is kept.
    """
    session = session_on(context.connection) if context.connection is not None else None
    if session is None or context.connection is None or context.statement is not None:
        return
    buffer: Buffer | None = session.info.get(INFO)
    error = context.sqlalchemy_exception or context.original_exception
    if _is_prepared(context.connection):
        take(session)
        mark_told(session, error)
        complain("a prepared transaction with lines of the log waits for COMMIT PREPARED or ROLLBACK PREPARED", error)
    elif is_told(session, context.original_exception):  # a rollback fails, after what had to be rolled back
        mark_told(session, error)
    elif buffer is not None and buffer.is_written and not buffer.runs_flush(session):
        failed(session, error)


def _is_prepared(connection: Connection) -> bool:
    transaction = connection.get_transaction()
    return isinstance(transaction, TwoPhaseTransaction) and transaction._is_prepared  # noqa: SLF001 - there is no public name for it


def refused_by(session: Session, error: BaseException) -> Refused | None:
    """Return the refusal that the constraint behind *error* was mapped to, if the feature has mapped it."""
    known, refused = session.info.pop(REFUSED, (None, None))
    return refused if known is error else None


def _keep_each(session: Session, found: Iterable[Tried], error: BaseException | None) -> None:
    kept = blamed(list(found), error)
    buffer: Buffer | None = session.info.get(INFO)
    last_line = buffer.last_line if buffer is not None else None
    if error is not None and kept:
        mark_told(session, error)
    for tried in kept:
        capture = tried.capture
        refused = refusal_behind(tried, error) if len(kept) == 1 else None
        if refused is not None:
            mark_told(session, refused)
            session.info[REFUSED] = (error, refused)
        if content := tell_failure(capture, refused.reason if refused else reason(tried.mapper, error)):
            engine = engine_with_log(session, tried.mapper)
            keep(session, Attempt(capture.model, engine, capture.log, content, last_line))
