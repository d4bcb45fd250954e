"""What was tried and did not happen: a rule refused it, and the log keeps the attempt with the reason.

A service raises a `Refused`. The attempt is told at once, while the objects still hold their values, and written when
the outermost transaction has ended: in its commit where it commits, otherwise on a connection of its own after the
session has given its own back (a pool of one must do).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect

from erebus.trail import registry
from erebus.trail.changes import ChangeSet, entity_id
from erebus.trail.ledger import append
from erebus.trail.rows import column_values, identity_of, read_row
from erebus.trail.telling import field_change, tell_attempt
from erebus.trail.values import recordable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection, Engine
    from sqlalchemy.orm import Session

    from erebus.trail.description import AuditDescription
    from erebus.trail.events import Log

INFO = "erebus_attempts"


class Refused(Exception):  # noqa: N818 - subclasses are named after what happened: KeyIsRevoked
    """A rule of a feature does not allow a change. Its text says why, and what to do instead.

    *entity* is the object that was to be changed, or, of a refused creation, one that was never added to a session;
    *attempted* the values that its fields were to get; *field* the form field that the text belongs to.
    """

    def __init__(
        self,
        entity: object,
        attempted: Mapping[str, Any],
        *,
        reason: str,
        action: str = "update",
        field: str | None = None,
    ) -> None:
        """Keep what was tried."""
        super().__init__(reason)
        self.entity = entity
        self.attempted = dict(attempted)
        self.reason = reason
        self.action = action
        self.field = field


@dataclass(frozen=True)
class Attempt:
    """An attempt, told and waiting for the end of its transaction."""

    model: type
    engine: Engine
    log: Log
    content: dict[str, Any]


def note(session: Session, refused: Refused) -> None:
    """Keep *refused* for the log: it is written when the outermost transaction of *session* ends."""
    model = type(refused.entity)
    attachment, description = registry.attachment_of(model), registry.description_of(model)
    with session.no_autoflush:
        connection = session.connection(bind_arguments={"mapper": inspect(model)})
        log = attachment.log_of(refused.entity, connection)
        change = _change_set(refused, description, connection)
        told = tell_attempt(change, description, log, attachment.actor_of(), refused.reason)
    session.info.setdefault(INFO, []).append(Attempt(model, connection.engine, log, told))


def take(session: Session) -> list[Attempt]:
    """Return the attempts that wait in *session*, and forget them there."""
    waiting: list[Attempt] = session.info.pop(INFO, [])
    return waiting


def write(attempts: list[Attempt], connection: Connection, now: int) -> None:
    """Append the lines of *attempts* on *connection*."""
    for log in sorted({attempt.log for attempt in attempts}):
        append(connection, log, [a.content for a in attempts if a.log == log], now)


def write_apart(attempts: list[Attempt], now: int) -> None:
    """Append the lines of *attempts* in a transaction of their own."""
    for engine in {attempt.engine for attempt in attempts}:
        with engine.connect().execution_options(erebus_write=True) as connection, connection.begin():
            write([a for a in attempts if a.engine is engine], connection, now)


def _change_set(refused: Refused, description: AuditDescription, connection: Connection) -> ChangeSet:
    entity, mapper = refused.entity, inspect(type(refused.entity))
    held = column_values(entity)
    row = held.before if inspect(entity).has_identity else held.after
    if inspect(entity).has_identity and len(row) < len(mapper.column_attrs):
        row = {**read_row(mapper, connection, entity), **row}
    before = {} if refused.action == "create" else row
    return ChangeSet(
        action=refused.action,
        entity_type=description.entity_type,
        entity_id=entity_id(identity_of(mapper, entity)),
        label=description.label(entity),
        fields=tuple(field_change(n, before.get(n), v, description) for n, v in refused.attempted.items()),
        current={n: recordable(row.get(n)) for n in description.recorded},
        about={name: look(entity) for name, look in description.about.items()},
    )
