"""What was being tried when a transaction failed: told from the objects, which still hold what was to be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect
from sqlalchemy.orm import RelationshipDirection, object_mapper
from sqlalchemy.orm.attributes import instance_state

from erebus.trail import registry
from erebus.trail.best_effort import actor_of, connection_for, row_of, told_of
from erebus.trail.changes import CREATE, DELETE, UPDATE, Capture, entity_id, fold
from erebus.trail.links import read_link
from erebus.trail.rows import Row, held_values, identity_of, known_before
from erebus.trail.shapes import field_in, scope_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Mapper, Session

    from erebus.trail.buffer import Buffer, Entry
    from erebus.trail.validators import Invalid


@dataclass(frozen=True)
class Tried:
    """What was tried; the object that it was tried with, if it is still there, and the connection to its table."""

    capture: Capture
    target: object | None = None
    connection: Connection | None = None

    @property
    def mapper(self) -> Mapper[Any]:
        """The mapper of the entity."""
        mapper: Mapper[Any] = inspect(self.capture.model)
        return mapper

    @property
    def row(self) -> Row:
        """What is known of the row as it was to be, by the names of the attributes."""
        capture, shape = self.capture, shape_of(self.mapper)
        key = {n: v for n, v in zip(shape.key, capture.identity, strict=True) if v is not None}
        unset = dict.fromkeys(shape.null if capture.action == CREATE else ())
        return {**unset, **key, **capture.current, **capture.before, **capture.after}


def done(buffer: Buffer) -> Iterator[Tried]:
    """Yield what was flushed."""
    captures = fold([*buffer.written, *buffer.captures])
    return (Tried(capture) for capture in captures if isinstance(capture, Capture))


def pending(session: Session, buffer: Buffer) -> Iterator[Tried]:
    """Yield what was not flushed yet of *session*, but for what it has flushed before."""
    flushed = {(c.model, c.identity) for c in (*buffer.written, *buffer.captures) if isinstance(c, Capture)}
    changed = [o for o in session.dirty if session.is_modified(o)]
    for action, targets in ((CREATE, session.new), (UPDATE, changed), (DELETE, session.deleted)):
        for target in targets:
            for tried in _with(session, target, action, _open_connection(session, buffer, object_mapper(target))):
                if (tried.capture.model, tried.capture.identity) not in flushed:
                    yield tried


def _open_connection(session: Session, buffer: Buffer, mapper: Mapper[Any]) -> Connection | None:
    """Return the connection to the table of *mapper*: a session that rolls back gives none, but still has one."""
    used = buffer.connection
    is_own = used is not None and used.engine is session.get_bind(mapper).engine
    return connection_for(session, mapper) or (used if is_own else None)


def in_flush(session: Session, entry: Entry) -> Iterator[Tried]:
    """Yield what a flush was doing with the row of *entry*."""
    if entry.action == DELETE:
        yield from attempted(session, entry.target, DELETE, entry.before, {}, entry.connection)
    else:
        yield from _with(session, entry.target, entry.action, entry.connection, entry.before)


def in_validator(session: Session, wrong: Invalid) -> Iterator[Tried]:
    """Yield what was to be set when a validator refused it."""
    state = instance_state(wrong.target)
    connection = connection_for(session, state.mapper) if state.has_identity else None
    after = _refused_values(wrong, connection)
    if state.has_identity:
        before = known_before(state, after)
        if connection is not None and not before.keys() >= after.keys():
            before = {**_whole_row(state.mapper, connection, wrong.target, wrong.field), **before}
        before = {n: before[n] for n in after if n in before}
        yield from attempted(session, wrong.target, UPDATE, before, after, connection)
    else:
        names = scope_of(state.mapper).fields
        yield from attempted(session, wrong.target, CREATE, {}, {**held_values(state, names), **after}, None)


def _refused_values(wrong: Invalid, connection: Connection | None) -> Row:
    """Return the fields that were to be set: of a relationship its foreign keys, or its links where they are told.

    Of any other relationship there is nothing to tell but its name.
    """
    mapper = object_mapper(wrong.target)
    relationship = mapper.relationships.get(wrong.field)
    if relationship is None:
        return {wrong.field: wrong.value}
    if relationship.direction is RelationshipDirection.MANYTOONE:
        row = {} if wrong.value is None else _held_row(wrong.value)
        pairs = relationship.local_remote_pairs or ()
        return {
            field_in(mapper, here.name): row.get(field_in(relationship.mapper, there.name)) for here, there in pairs
        }
    if wrong.field not in scope_of(mapper).links:
        return {wrong.field: None}
    before = read_link(relationship, connection, _held_row(wrong.target)) if connection is not None else ""
    return {wrong.field: ", ".join(sorted(wrong.applied_to({*before.split(", ")} - {""}, _id_of)))}


def _whole_row(mapper: Mapper[Any], connection: Connection, target: object, link: str) -> Row:
    """Return the row of *target* and, of a many-to-many relationship called *link*, its links."""
    row = row_of(mapper, connection, identity_of(mapper, target))
    found = shape_of(mapper).links.get(link)
    return row if found is None else {**row, link: read_link(found, connection, row)}


def _held_row(target: object) -> Row:
    """Return what *target* holds of its row, its primary key included."""
    mapper = object_mapper(target)
    held = held_values(instance_state(target), shape_of(mapper).columns)
    key = dict(zip(shape_of(mapper).key, identity_of(mapper, target), strict=True))
    return {**key, **held}


def _id_of(target: object) -> str:
    model = type(target)
    return entity_id(identity_of(object_mapper(target), target)) or f"new {registry.description_of(model).entity_type}"


def _with(
    session: Session, target: object, action: str, connection: Connection | None, row: Row | None = None
) -> Iterator[Tried]:
    """Yield what was tried with *target*, whose *row* was read before, or is read now."""
    mapper, state = object_mapper(target), instance_state(target)
    fields = scope_of(mapper).fields
    names = [n for n in fields if action != UPDATE or n in state.committed_state]
    before = {} if action == CREATE else {**(row or {}), **known_before(state, names)}
    connection = connection or connection_for(session, mapper)
    if action != CREATE and connection is not None and not before.keys() >= {*names}:
        before = {**row_of(mapper, connection, identity_of(mapper, target)), **before}
    before = {n: before[n] for n in names if n in before}
    after = {} if action == DELETE else {**(dict.fromkeys(names) if before else {}), **held_values(state, names)}
    yield from attempted(session, target, action, before, after, connection)


def attempted(  # noqa: PLR0913, PLR0917 - the parts of a capture
    session: Session, target: object, action: str, before: Row, after: Row, connection: Connection | None
) -> Iterator[Tried]:
    """Yield what was tried with *target*, unless its class is exempt."""
    mapper, state = object_mapper(target), instance_state(target)
    model: type = mapper.class_
    if registry.is_exempt(model):
        return
    told, identity = told_of(session, target, connection), identity_of(mapper, target)
    names = registry.description_of(model).recorded
    current = {**known_before(state, names), **held_values(state, names)}
    parts = (model, identity, identity, action, before, after, current, told.label, told.about, told.log)
    yield Tried(Capture(*parts, actor_of(model)), target, connection)
