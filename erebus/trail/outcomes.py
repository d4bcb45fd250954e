"""What the rows of a flush have become, and what of it is told: worked out when all of it has been written."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm.attributes import instance_state

from erebus.trail import registry
from erebus.trail.changes import CREATE, DELETE, UPDATE, Capture, changed_names
from erebus.trail.links import read_link
from erebus.trail.rows import Key, Row, held_values, known_after, read_rows, scope_of, shape_of
from erebus.trail.watching import Told, compare, tell, tell_anew

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapper, Session

    from erebus.trail.actor import Actor
    from erebus.trail.buffer import Buffer, Entry


def settle(buffer: Buffer) -> None:
    """Work out what the rows of the flush have become; the objects still hold their history."""
    lacking: dict[Mapper[Any], list[Key]] = defaultdict(list)
    for entry in buffer.flushed:
        if owner := buffer.ahead.owners.pop((entry.mapper, entry.was), None):
            entry.links = {n: owner[1].row[n] for n in scope_of(entry.mapper).links} | entry.links
        entry.identity = tuple(entry.mapper.primary_key_from_instance(entry.target))
        entry.wanted = _wanted(entry)
        entry.after = _held_after(entry)
        if entry.wanted - entry.after.keys():
            lacking[entry.mapper].append(entry.identity)
    rows = {mapper: read_rows(mapper, entry.connection, keys) for mapper, keys in lacking.items()}
    for entry in buffer.flushed:
        _finish(entry, rows.get(entry.mapper, {}).get(entry.identity, {}))
    buffer.settled += buffer.flushed
    buffer.flushed = []


def _wanted(entry: Entry) -> frozenset[str]:
    """Return the fields whose values after the flush must be known."""
    scope = scope_of(entry.mapper)
    if entry.action == DELETE:
        return frozenset()
    if entry.action == CREATE:
        return scope.recorded
    if entry.is_switch:
        return scope.fields
    shape, changed = shape_of(entry.mapper), entry.changed | instance_state(entry.target).committed_state.keys()
    automatic = shape.automatic if changed & shape.columns.keys() else frozenset()
    return scope.fields & (changed | automatic)


def _held_after(entry: Entry) -> Row:
    """Return what the object holds of its row now: values to be told only where they are what the row holds."""
    if entry.is_switch or entry.is_stale or entry.action == DELETE:
        return {}
    state, scope = instance_state(entry.target), scope_of(entry.mapper)
    names = scope.fields if entry.action == CREATE else entry.wanted
    known = known_after(state, names & scope.recorded, shape_of(entry.mapper), is_new=entry.action == CREATE)
    return held_values(state, names - scope.recorded) | known


def _finish(entry: Entry, row: Row) -> None:
    """Take what was read of *row*, and the links, into what the entry became; of an update keep only what changed."""
    after = {n: row[n] for n in entry.wanted if n in row} | entry.after
    links = {} if entry.action == DELETE else _links_now(entry)
    entry.before |= entry.links
    current = entry.before | after | links
    entry.current = {n: current[n] for n in scope_of(entry.mapper).description.recorded if n in current}
    entry.after = after | {n: v for n, v in links.items() if v or entry.action == UPDATE}
    if entry.action == UPDATE:
        changed = changed_names(entry.before, entry.after)
        entry.before = {n: entry.before[n] for n in changed if n in entry.before}
        entry.after = {n: entry.after[n] for n in changed}


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
    with session.no_autoflush:
        for entry in entries:
            if entry.children:
                leader = {entry.leader: _row_now(entry)}
                buffer.captures += compare(entry.connection, entry.children, _actor(entry), leader)
            if not entry.is_gone and (entry.action != UPDATE or entry.after):
                buffer.captures.append(capture_of(entry, entry.told or _told(entry)))


def _row_now(entry: Entry) -> Row:
    return {**entry.leader.row, **held_values(instance_state(entry.target), shape_of(entry.mapper).columns)}


def told_of(session: Session, entry: Entry) -> Told:
    """Return what a line needs to know of *entry*: of its object, or of its row where they differ."""
    with session.no_autoflush:
        return _told(entry)


def _told(entry: Entry) -> Told:
    if entry.is_stale:
        return tell_anew(entry.mapper, entry.connection, entry.identity)
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
