"""What a flush does, row by row: announced by the mapper's events, settled when all of it is written (`outcomes`).

Settling late has reasons, each met: a foreign key may be set after its row was written (``post_update``), a
many-to-many link always is, and what the database makes of a value is known only then. What a line needs to know of an
entity beside its fields is asked when the flush is over: only then may a new object's relationships be followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.orm import object_session
from sqlalchemy.orm.attributes import instance_state

from erebus.trail import registry
from erebus.trail.buffer import Entry, buffer_of
from erebus.trail.cascading import dependants, followers, referred
from erebus.trail.changes import CREATE, DELETE, UPDATE
from erebus.trail.connections import holds_reads, use
from erebus.trail.links import read_link
from erebus.trail.outcomes import told_of
from erebus.trail.prefetching import differing, row_of
from erebus.trail.rows import Key, Row, identity_of, known_before, read_row, scope_of, shape_of

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import DeclarativeBase, Mapper, Session

    from erebus.trail.watching import Watched


def listen(base: type[DeclarativeBase]) -> None:
    """Hear the rows of all classes mapped on *base*, now and later."""
    for name, listener in (
        ("before_insert", _before_insert),
        ("before_update", _before_update),
        ("before_delete", _before_delete),
        ("after_insert", _after),
        ("after_update", _after),
        ("after_delete", _after),
    ):
        event.listen(base, name, listener, propagate=True)


def _session_of(mapper: Mapper[Any], target: object) -> Session | None:
    return None if registry.is_exempt(mapper.class_) else object_session(target)


def _before_insert(mapper: Mapper[Any], connection: Connection, target: object) -> None:
    if session := _session_of(mapper, target):
        # Deleted and made anew under one key in one flush, the row is updated: SQLAlchemy's "row switch".
        place = mapper.identity_key_from_instance(target)
        key, old = tuple(place[1]), session.identity_map.get(place)
        is_deleted = old is not None and buffer_of(session).unit_of_work.is_deleted(instance_state(old))
        before = read_row(mapper, connection, key) if is_deleted else {}
        entry = _begin(session, mapper, connection, target, UPDATE if before else CREATE, key, before)
        entry.is_switch, entry.is_fresh = bool(before), True
        if before:
            entry.links = dict(buffer_of(session).ahead.links.get(instance_state(old), {}))


def _before_update(mapper: Mapper[Any], connection: Connection, target: object) -> None:
    if session := _session_of(mapper, target):
        _begin_written(session, mapper, connection, target, UPDATE)


def _before_delete(mapper: Mapper[Any], connection: Connection, target: object) -> None:
    if session := _session_of(mapper, target):
        entry = _begin_written(session, mapper, connection, target, DELETE)
        if not entry.is_gone:
            entry.told = told_of(session, entry)


def _begin_written(session: Session, mapper: Mapper[Any], connection: Connection, target: object, action: str) -> Entry:
    """Begin with an object that has a row: it was what the row held, wherever that is not what the object holds."""
    state, buffer = instance_state(target), buffer_of(session)
    row = row_of(buffer, connection, state, is_deleted=action == DELETE)
    before = row or known_before(state, shape_of(mapper).columns)
    entry = _begin(session, mapper, connection, target, action, identity_of(mapper, target), before)
    entry.is_stale = bool(row) and bool(differing(state, row))
    is_known = buffer.freshness.is_fresh(state, are_reads_held=holds_reads(connection))
    entry.is_fresh = is_known or (bool(row) and not entry.is_stale)
    entry.is_gone = action == DELETE and not row and not is_known
    return entry


def _begin(  # noqa: PLR0913, PLR0917 - what is known of a row before it is written
    session: Session, mapper: Mapper[Any], connection: Connection, target: object, action: str, was: Key, before: Row
) -> Entry:
    buffer = buffer_of(session)
    changed = frozenset(instance_state(target).committed_state)  # an SQL expression drops out of it once written
    entry = buffer.begun[id(target)] = Entry(mapper, target, action, connection, was, was, before, changed)
    use(session, buffer, connection)
    entry.links = _links(entry, buffer.ahead.links.get(instance_state(target), {}))
    entry.children = _children(entry)
    return entry


def _after(_mapper: Mapper[Any], _connection: Connection, target: object) -> None:
    session = object_session(target)
    if session is not None and (entry := buffer_of(session).begun.pop(id(target), None)):
        buffer_of(session).flushed.append(entry)
        freshness, state = buffer_of(session).freshness, instance_state(target)
        if entry.action == DELETE:
            freshness.lose(state)
        elif entry.is_fresh:
            (freshness.doubt if _has_set_inexact(entry) else freshness.know)(state)


def _has_set_inexact(entry: Entry) -> bool:
    """Return whether the object holds what was set, and its row what came of it: of a new one nothing was before."""
    if entry.action == CREATE:
        return False
    held, inexact = instance_state(entry.target).dict, scope_of(entry.mapper).inexact
    written = held.keys() if entry.is_switch else entry.changed | shape_of(entry.mapper).automatic
    return any(n in written and held.get(n) is not None for n in inexact)


# What a row takes with it


def _links(entry: Entry, read: Row) -> dict[str, str]:
    """Return the many-to-many links of the entity that are going to change, as they were: as far as not *read* yet."""
    names = scope_of(entry.mapper).links
    if entry.action == CREATE or not names:
        return dict.fromkeys(names, "")
    shape, row = shape_of(entry.mapper), dict(zip(shape_of(entry.mapper).key, entry.was, strict=True))
    changing = [n for n in names if entry.action == DELETE or n in entry.changed]
    held = {**entry.before, **row}
    return read | {n: read_link(shape.links[n], entry.connection, held) for n in changing if n not in read}


def _children(entry: Entry) -> list[Watched]:
    """Return the rows that the database itself changes with this one."""
    if entry.action == DELETE and referred(entry.mapper, "ondelete"):
        return dependants(entry.connection, [entry.leader])
    if entry.action == UPDATE and referred(entry.mapper, "onupdate") & entry.changed:
        return followers(entry.connection, [entry.leader])
    return []
