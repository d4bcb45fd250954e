"""What a flush does, row by row: announced by the mapper's events, settled when all of it is written (`outcomes`).

Settling late has reasons, each met: a foreign key may be set after its row was written (``post_update``), a
many-to-many link always is, and what the database makes of a value is known only then. What a line needs to know of an
entity beside its fields is asked when the flush is over: only then may a new object's relationships be followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.orm.attributes import instance_state

from erebus.trail import registry
from erebus.trail.buffer import Entry, buffer_of
from erebus.trail.cascading import dependants, followers, referred
from erebus.trail.changes import CREATE, DELETE, UPDATE
from erebus.trail.connections import holds_reads, use
from erebus.trail.links import read_link
from erebus.trail.outcomes import told_of
from erebus.trail.prefetching import differing, row_of
from erebus.trail.rows import Key, Row, key_now, key_of, known_before, read_row
from erebus.trail.shapes import scope_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import DeclarativeBase, InstanceState, Mapper, Session

    from erebus.trail.buffer import Buffer
    from erebus.trail.watching import Watched

    State = InstanceState[Any]


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
        # What a listener returns means nothing to the unit of work; said so, SQLAlchemy puts no wrapper around it.
        event.listen(base, name, listener, raw=True, retval=True, propagate=True)


def _session_of(mapper: Mapper[Any], state: State) -> Session | None:
    return None if registry.is_exempt(mapper.class_) else state.session


def _before_insert(mapper: Mapper[Any], connection: Connection, state: State) -> None:
    if session := _session_of(mapper, state):
        buffer, key = buffer_of(session), key_now(state, mapper)
        old = _replaced(session, buffer, mapper, state, key)
        if old is None:
            _begin(session, buffer, mapper, connection, state, CREATE, key, {}).is_fresh = True
        else:
            _begin_switched(session, connection, state, key, old)


def _replaced(session: Session, buffer: Buffer, mapper: Mapper[Any], state: State, key: Key) -> State | None:
    """Return what is deleted and made anew under its *key* in one flush: the row is updated, a "row switch"."""
    old = session.identity_map.get(mapper.identity_key_from_primary_key(key, state.identity_token))
    is_deleted = old is not None and buffer.unit_of_work.is_deleted(instance_state(old))
    return instance_state(old) if is_deleted else None


def _begin_switched(session: Session, connection: Connection, state: State, key: Key, old: State) -> None:
    """Begin with an object that takes over the row of an *old* one; that is no deletion if both are of one class."""
    buffer, mapper = buffer_of(session), state.mapper
    before = read_row(mapper, connection, key)
    if before and old.class_ is not mapper.class_:
        _before_delete(old.mapper, connection, old)
        _after(old.mapper, connection, old)
        entry = _begin(session, buffer, mapper, connection, state, CREATE, key, {})
    else:
        entry = _begin(session, buffer, mapper, connection, state, UPDATE if before else CREATE, key, before)
        entry.links = dict(buffer.ahead.links.get(old, {})) if before else entry.links
    entry.is_switch, entry.is_fresh = bool(before), True


def _before_update(mapper: Mapper[Any], connection: Connection, state: State) -> None:
    if session := _session_of(mapper, state):
        _begin_written(session, mapper, connection, state, UPDATE)


def _before_delete(mapper: Mapper[Any], connection: Connection, state: State) -> None:
    if session := _session_of(mapper, state):
        entry = _begin_written(session, mapper, connection, state, DELETE)
        if not entry.is_gone:
            entry.told = told_of(session, entry)


def _begin_written(session: Session, mapper: Mapper[Any], connection: Connection, state: State, action: str) -> Entry:
    """Begin with an object that has a row: it was what the row held, wherever that is not what the object holds."""
    buffer, was = buffer_of(session), key_of(state, mapper)
    if (held := buffer.freshness.held.get(state)) is not None:
        entry = _begin(session, buffer, mapper, connection, state, action, was, held)
        entry.is_fresh = True
        return entry
    row = row_of(buffer, connection, state, is_deleted=action == DELETE)
    before = row or known_before(state, shape_of(mapper).columns)
    entry = _begin(session, buffer, mapper, connection, state, action, was, before)
    entry.is_stale = bool(row) and bool(differing(state, row))
    is_known = buffer.freshness.is_fresh(state, are_reads_held=holds_reads(connection))
    entry.is_fresh = is_known or (bool(row) and not entry.is_stale)
    entry.is_gone = action == DELETE and not row and not is_known
    return entry


def _begin(  # noqa: PLR0913, PLR0917 - what is known of a row before it is written
    session: Session,
    buffer: Buffer,
    mapper: Mapper[Any],
    connection: Connection,
    state: State,
    action: str,
    was: Key,
    before: Row,
) -> Entry:
    scope = scope_of(mapper)
    changed = frozenset(state.committed_state)  # an SQL expression drops out of it once written
    entry = Entry(mapper, scope, state, state.obj(), action, connection, was, was, before, changed)
    buffer.begun[state] = entry
    if buffer.connection is not connection:
        use(session, buffer, connection)
    if scope.links:
        entry.links = _links(entry, buffer.ahead.links.get(state, {}))
    if action != CREATE:
        entry.children = _children(entry)
    return entry


def _after(_mapper: Mapper[Any], _connection: Connection, state: State) -> None:
    session = state.session
    if session is not None and (entry := (buffer := buffer_of(session)).begun.pop(state, None)):
        buffer.flushed.append(entry)
        if entry.action == DELETE:
            buffer.freshness.lose(state)
        elif entry.is_fresh:
            (buffer.freshness.doubt if _has_set_inexact(entry) else buffer.freshness.know)(state)


def _has_set_inexact(entry: Entry) -> bool:
    """Return whether the object holds what was set, and its row what came of it: of a new one nothing was before."""
    scope = entry.scope
    if entry.action == CREATE or not scope.inexact:
        return False
    held = entry.state.dict
    written = held.keys() if entry.is_switch else entry.changed | scope.shape.automatic
    return any(n in written and held.get(n) is not None for n in scope.inexact)


# What a row takes with it


def _links(entry: Entry, read: Row) -> Row:
    """Return the many-to-many links of the entity that are going to change, as they were: as far as not *read* yet."""
    scope = entry.scope
    if entry.action == CREATE:
        return dict.fromkeys(scope.links, "")
    changing = [n for n in scope.links if entry.action == DELETE or n in entry.changed]
    held = {**entry.before, **dict(zip(scope.shape.key, entry.was, strict=True))}
    return read | {n: read_link(scope.shape.links[n], entry.connection, held) for n in changing if n not in read}


def _children(entry: Entry) -> Sequence[Watched]:
    """Return the rows that the database itself changes with this one."""
    if entry.action == DELETE:
        return dependants(entry.connection, [entry.leader]) if referred(entry.mapper).ondelete else ()
    leading = referred(entry.mapper).onupdate
    return followers(entry.connection, [entry.leader]) if leading and leading & entry.changed else ()
