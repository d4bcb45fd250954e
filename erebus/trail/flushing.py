"""What a flush does, row by row: announced by the mapper's events, settled when the whole flush has been written.

Settling late has reasons, each met: a foreign key may be set after its row was written (``post_update``), a
many-to-many link always is, and what the database makes of a value is known only then. What a line needs to know of an
entity beside its fields is asked when the flush is over: only then may a new object's relationships be followed.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import object_session
from sqlalchemy.orm.attributes import instance_state

from erebus.trail import registry
from erebus.trail.buffer import Entry, buffer_of
from erebus.trail.cascading import dependants, followers, references
from erebus.trail.changes import CREATE, DELETE, UPDATE, Capture, changed_names
from erebus.trail.connections import holds_reads, use
from erebus.trail.links import read_link
from erebus.trail.prefetching import differing, row_of
from erebus.trail.rows import (
    Key,
    Row,
    fields_of,
    held_values,
    identity_of,
    known_after,
    known_before,
    links_of,
    read_row,
    read_rows,
    shape_of,
)
from erebus.trail.watching import Told, Watched, compare, tell, tell_anew

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import DeclarativeBase, Mapper, Session

    from erebus.trail.actor import Actor
    from erebus.trail.buffer import Buffer


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
        old = session.identity_map.get(mapper.identity_key_from_instance(target))
        before = read_row(mapper, connection, identity_of(mapper, target)) if old is not None else {}
        entry = _begin(session, mapper, connection, target, UPDATE if before else CREATE, before)
        entry.is_switch, entry.is_fresh = bool(before), True
        if before:
            entry.links = dict(buffer_of(session).ahead.links.get(instance_state(old), {}))


def _before_update(mapper: Mapper[Any], connection: Connection, target: object) -> None:
    if session := _session_of(mapper, target):
        _begin_written(session, mapper, connection, target, UPDATE)


def _before_delete(mapper: Mapper[Any], connection: Connection, target: object) -> None:
    if session := _session_of(mapper, target):
        entry = _begin_written(session, mapper, connection, target, DELETE)
        entry.told = _told(session, entry)


def _begin_written(session: Session, mapper: Mapper[Any], connection: Connection, target: object, action: str) -> Entry:
    """Begin with an object that has a row: it was what the row held, wherever that is not what the object holds."""
    state, buffer = instance_state(target), buffer_of(session)
    row = row_of(buffer, connection, state, is_deleted=action == DELETE)
    before = row or known_before(state, shape_of(mapper).columns)
    entry = _begin(session, mapper, connection, target, action, before)
    entry.is_stale = bool(row) and bool(differing(state, row))
    is_known = buffer.freshness.is_fresh(state, are_reads_held=holds_reads(connection))
    entry.is_fresh = is_known or (bool(row) and not entry.is_stale)
    return entry


def _begin(  # noqa: PLR0913, PLR0917 - what is known of a row before it is written
    session: Session, mapper: Mapper[Any], connection: Connection, target: object, action: str, before: Row
) -> Entry:
    buffer = buffer_of(session)
    was = identity_of(mapper, target)
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
        if entry.is_fresh and entry.action != DELETE:
            buffer_of(session).freshness.know(instance_state(target))


# What a row takes with it


def _links(entry: Entry, read: Row) -> dict[str, str]:
    """Return the many-to-many links of the entity that are going to change, as they were: as far as not *read* yet."""
    names = _link_names(entry)
    if entry.action == CREATE or not names:
        return dict.fromkeys(names, "")
    shape, row = shape_of(entry.mapper), dict(zip(shape_of(entry.mapper).key, entry.was, strict=True))
    changing = [n for n in names if entry.action == DELETE or n in entry.changed]
    held = {**entry.before, **row}
    return read | {n: read_link(shape.links[n], entry.connection, held) for n in changing if n not in read}


def _link_names(entry: Entry) -> Collection[str]:
    return links_of(entry.mapper, registry.description_of(entry.mapper.class_))


def _children(entry: Entry) -> list[Watched]:
    """Return the rows that the database itself changes with this one."""
    rule = {DELETE: "ondelete", UPDATE: "onupdate"}.get(entry.action)
    found = references(frozenset(entry.mapper.tables), rule) if rule else []
    referred = {entry.mapper.get_property_by_column(e.column).key for _, c in found for e in c.elements}
    if rule == "ondelete" and referred:
        return dependants(entry.connection, [entry.leader])
    return followers(entry.connection, [entry.leader]) if referred & entry.changed else []


# When the flush has been written


def settle(buffer: Buffer) -> None:
    """Work out what the rows of the flush have become; the objects still hold their history."""
    lacking: dict[Mapper[Any], list[Key]] = defaultdict(list)
    for entry in buffer.flushed:
        if owner := buffer.ahead.owners.pop((entry.mapper, entry.was), None):
            entry.links = {n: owner[1].row[n] for n in _link_names(entry)} | entry.links
        entry.identity = tuple(entry.mapper.primary_key_from_instance(entry.target))
        entry.after = {} if entry.action == DELETE else _held_after(entry)
        if entry.action != DELETE and _wanted(entry) - entry.after.keys():
            lacking[entry.mapper].append(entry.identity)
    rows = {mapper: read_rows(mapper, entry.connection, keys) for mapper, keys in lacking.items()}
    for entry in buffer.flushed:
        _finish(entry, rows.get(entry.mapper, {}).get(entry.identity, {}))
    buffer.settled += buffer.flushed
    buffer.flushed = []


def _wanted(entry: Entry) -> set[str]:
    """Return the fields whose values after the flush must be known."""
    fields = set(fields_of(entry.mapper, registry.description_of(entry.mapper.class_)))
    if entry.action == CREATE:
        return fields & set(registry.description_of(entry.mapper.class_).recorded)
    if entry.is_switch:
        return fields
    changed = fields & {*entry.changed, *instance_state(entry.target).committed_state}
    return changed | (fields & shape_of(entry.mapper).automatic) if changed else changed


def _held_after(entry: Entry) -> Row:
    """Return what the object holds of its row now: values to be told only where they are what the row holds."""
    if entry.is_switch or entry.is_stale:
        return {}
    state, description = instance_state(entry.target), registry.description_of(entry.mapper.class_)
    names = fields_of(entry.mapper, description) if entry.action == CREATE else _wanted(entry)
    told = [n for n in names if n in description.recorded]
    known = known_after(state, told, shape_of(entry.mapper), is_new=entry.action == CREATE)
    return {**held_values(state, (n for n in names if n not in description.recorded)), **known}


def _finish(entry: Entry, row: Row) -> None:
    """Take what was read of *row*, and the links, into what the entry became; of an update keep only what changed."""
    names = _wanted(entry) if entry.action != DELETE else set()
    after = {**{n: row[n] for n in names if n in row}, **entry.after}
    links = {} if entry.action == DELETE else _links_now(entry)
    recorded = registry.description_of(entry.mapper.class_).recorded
    entry.before |= entry.links
    entry.current = {**entry.before, **after, **links}
    entry.after = {**after, **{n: v for n, v in links.items() if v or entry.action == UPDATE}}
    if entry.action == UPDATE:
        changed = changed_names(entry.before, entry.after)
        entry.before = {n: entry.before[n] for n in changed if n in entry.before}
        entry.after = {n: entry.after[n] for n in changed}
    entry.current = {n: entry.current[n] for n in recorded if n in entry.current}


def _links_now(entry: Entry) -> dict[str, str]:
    if not entry.links:
        return {}
    row = held_values(instance_state(entry.target), shape_of(entry.mapper).columns)
    return {n: read_link(shape_of(entry.mapper).links[n], entry.connection, row) for n in entry.links}


def capture(session: Session, buffer: Buffer) -> None:
    """Add what the flush did to the captures; the objects may be asked for anything now."""
    entries, buffer.settled = buffer.settled, []
    for connection, owner in buffer.ahead.owners.values():
        buffer.captures += compare(connection, [owner], registry.attachment_of(owner.mapper.class_).actor_of())
    for entry in entries:
        if entry.children:
            buffer.captures += compare(entry.connection, entry.children, _actor(entry), {entry.leader: _row_now(entry)})
        if entry.action != UPDATE or entry.after:
            buffer.captures.append(capture_of(entry, entry.told or _told(session, entry)))


def _row_now(entry: Entry) -> Row:
    return {**entry.leader.row, **held_values(instance_state(entry.target), shape_of(entry.mapper).columns)}


def _told(session: Session, entry: Entry) -> Told:
    if entry.is_stale:
        return tell_anew(entry.mapper, entry.connection, entry.identity)
    with session.no_autoflush:
        try:
            return tell(entry.target, entry.connection)
        except InvalidRequestError:  # it was loaded with options that forbid to load what it lacks (``raiseload``)
            return tell_anew(entry.mapper, entry.connection, entry.identity)


def capture_of(entry: Entry, told: Told) -> Capture:
    """Return *entry* as a capture."""
    return Capture(
        model=entry.mapper.class_,
        was=entry.was,
        identity=entry.identity,
        action=entry.action,
        before={} if entry.action == CREATE else entry.before,
        after=entry.after,
        current=entry.current,
        label=told.label,
        about=told.about,
        log=told.log,
        actor=_actor(entry),
    )


def _actor(entry: Entry) -> Actor:
    return registry.attachment_of(entry.mapper.class_).actor_of()
