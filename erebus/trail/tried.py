"""What was being tried when a transaction failed: told from the objects, which still hold what was to be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect
from sqlalchemy.orm import RelationshipDirection, object_mapper
from sqlalchemy.orm.attributes import instance_state

from erebus.trail import registry
from erebus.trail.best_effort import actor_of, connection_for, row_of, told_of
from erebus.trail.changes import CREATE, DELETE, UPDATE, Capture, fold
from erebus.trail.links import read_link
from erebus.trail.rows import Row, held_values, identity_of, known_before
from erebus.trail.shapes import field_in, scope_of, shape_of
from erebus.trail.tried_links import changes_links, held_row, id_of, links_tried

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


def done_or_pending(session: Session, buffer: Buffer) -> Iterator[Tried]:
    """Yield what *session* has flushed, and what it has not flushed yet of anything else."""
    captures = [c for c in (*buffer.written, *buffer.captures) if isinstance(c, Capture)]
    flushed = {(c.model, c.identity) for c in captures}
    yield from (Tried(capture) for capture in fold(captures) if isinstance(capture, Capture))
    yield from (t for t in pending(session, buffer) if (t.capture.model, t.capture.identity) not in flushed)


def pending(session: Session, buffer: Buffer) -> Iterator[Tried]:
    """Yield what waits in *session* to be flushed, but for what a flush that runs has written."""
    written = _written(session, buffer)
    with session.no_autoflush:  # a composite loads what it lacks
        changed = [o for o in session.dirty if session.is_modified(o) or changes_links(o)]
    for action, targets in ((CREATE, session.new), (UPDATE, changed), (DELETE, session.deleted)):
        for target in (o for o in targets if id(o) not in written):
            state, connection = instance_state(target), _open_connection(session, buffer, object_mapper(target))
            row, links = buffer.ahead.rows.get(state), buffer.ahead.links.get(state)
            yield from _with(session, target, action, connection, row, links)


def _written(session: Session, buffer: Buffer) -> set[int]:
    """Return the ids of the objects that a flush has written, and of those in whose place it has."""
    entries = [*buffer.flushed, *buffer.settled]
    places = [e.mapper.identity_key_from_primary_key(e.was) for e in entries if e.is_switch]
    return {id(e.target) for e in entries} | {id(session.identity_map.get(place)) for place in places}


def _open_connection(session: Session, buffer: Buffer, mapper: Mapper[Any]) -> Connection | None:
    """Return the connection to the table of *mapper*: a session that rolls back gives none, but still has one."""
    used = buffer.connection
    is_own = used is not None and used.engine is session.get_bind(mapper).engine
    return connection_for(session, mapper) or (used if is_own else None)


def in_flush(session: Session, entry: Entry) -> Iterator[Tried]:
    """Yield what a flush was doing with the row of *entry*."""
    if entry.action == DELETE:
        links = {n: ids for n, ids in entry.links.items() if ids}
        yield from attempted(session, entry.target, DELETE, entry.before | links, {}, entry.connection)
    else:
        yield from _with(session, entry.target, entry.action, entry.connection, entry.before, entry.links)


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
        row = {} if wrong.value is None else held_row(wrong.value)
        pairs = relationship.local_remote_pairs or ()
        return {
            field_in(mapper, here.name): row.get(field_in(relationship.mapper, there.name)) for here, there in pairs
        }
    if wrong.field not in scope_of(mapper).links:
        return {wrong.field: None}
    before = read_link(relationship, connection, held_row(wrong.target)) if connection is not None else ""
    return {wrong.field: ", ".join(sorted(wrong.applied_to({*before.split(", ")} - {""}, id_of)))}


def _whole_row(mapper: Mapper[Any], connection: Connection, target: object, link: str) -> Row:
    """Return the row of *target* and, of a many-to-many relationship called *link*, its links."""
    row = row_of(mapper, connection, identity_of(mapper, target))
    found = shape_of(mapper).links.get(link)
    return row if found is None else {**row, link: read_link(found, connection, row)}


def _with(  # noqa: PLR0913, PLR0917 - what is known of what was tried
    session: Session,
    target: object,
    action: str,
    connection: Connection | None,
    row: Row | None = None,
    links: Row | None = None,
) -> Iterator[Tried]:
    """Yield what was tried with *target*, whose *row* and *links* were read before, or are read now."""
    mapper, state = object_mapper(target), instance_state(target)
    fields = scope_of(mapper).fields
    names = [n for n in fields if action != UPDATE or n in state.committed_state]
    before = {} if action == CREATE else {**(row or {}), **known_before(state, names)}
    connection = connection or connection_for(session, mapper)
    if action != CREATE and connection is not None and not before.keys() >= {*names}:
        before = {**row_of(mapper, connection, identity_of(mapper, target)), **before}
    before = {n: before[n] for n in names if n in before}
    after = {} if action == DELETE else {**(dict.fromkeys(names) if before else {}), **held_values(state, names)}
    linked, to_link = links_tried(target, action, connection, links or {})
    yield from attempted(session, target, action, before | linked, after | to_link, connection)


def attempted(  # noqa: PLR0913, PLR0917 - the parts of a capture
    session: Session, target: object, action: str, before: Row, after: Row, connection: Connection | None
) -> Iterator[Tried]:
    """Yield what was tried with *target*, unless its class is exempt."""
    mapper, state = object_mapper(target), instance_state(target)
    model: type = mapper.class_
    if registry.is_exempt(model):
        return
    told, identity = told_of(session, target, connection), identity_of(mapper, target)
    names, links = registry.description_of(model).recorded, shape_of(mapper).links
    held = {**known_before(state, names), **held_values(state, names)}
    current = {n: v for n, v in held.items() if n not in links} | {n: v for n, v in after.items() if n in links}
    parts = (model, identity, identity, action, before, after, current, told.label, told.about, told.log)
    yield Tried(Capture(*parts, actor_of(model)), target, connection)
