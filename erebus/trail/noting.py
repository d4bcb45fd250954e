"""A refusal of a feature's rule, told: what was to be changed is known from the refusal itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect

from erebus.trail import registry
from erebus.trail.attempts import Attempt, is_told, keep, mark_told
from erebus.trail.best_effort import actor_of, log_of
from erebus.trail.changes import ChangeSet, entity_id
from erebus.trail.connections import engine_with_log
from erebus.trail.rows import Row, held_values, identity_of, known_before, read_row
from erebus.trail.shapes import shape_of
from erebus.trail.telling import field_change, tell_attempt

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Session

    from erebus.trail.description import AuditDescription
    from erebus.trail.refusal import Refused


def note(session: Session, refused: Refused) -> None:
    """Keep *refused* for the log: it is written when the outermost transaction of *session* ends, once."""
    if is_told(session, refused):
        return
    model = type(refused.entity)
    mapper, description = inspect(model), registry.description_of(model)
    with session.no_autoflush:
        connection = session.connection(bind_arguments={"mapper": mapper})
        log = log_of(refused.entity, connection)
        change = _change_set(refused, description, connection)
        told = tell_attempt(change, description, log, actor_of(model), refused.reason)
    keep(session, Attempt(model, engine_with_log(session, mapper), log, told))
    mark_told(session, refused)


def _change_set(refused: Refused, description: AuditDescription, connection: Connection) -> ChangeSet:
    entity, mapper = refused.entity, inspect(type(refused.entity))
    before, row = _row(entity, refused.action, connection)
    return ChangeSet(
        action=refused.action,
        entity_type=description.entity_type,
        entity_id=entity_id(identity_of(mapper, entity)),
        label=description.label(entity),
        fields=tuple(field_change(n, before.get(n), v, description) for n, v in refused.attempted.items()),
        current={n: row.get(n) for n in description.recorded},
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
