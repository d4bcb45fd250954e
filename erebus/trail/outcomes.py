"""What the rows of a flush have become, and what of it is told: worked out when all of it has been written."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import InvalidRequestError

from erebus.trail import registry
from erebus.trail.changes import CREATE, DELETE, UPDATE, Capture, changed_names
from erebus.trail.links import read_link
from erebus.trail.rows import held_values, key_now, known_after, read_rows
from erebus.trail.watching import Told, compare, tell, tell_anew

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapper, Session

    from erebus.trail.actor import Actor
    from erebus.trail.buffer import Buffer, Entry
    from erebus.trail.rows import Key, Row


def settle(buffer: Buffer) -> None:
    """Work out what the rows of the flush have become; the objects still hold their history."""
    lacking: dict[Mapper[Any], list[Key]] = defaultdict(list)
    for entry in buffer.flushed:
        if owner := buffer.ahead.owners.pop((entry.mapper, entry.was), None) if buffer.ahead.owners else None:
            entry.links = {n: owner[1].row[n] for n in entry.scope.links} | entry.links
        entry.identity = key_now(entry.state, entry.mapper)
        if entry.action != DELETE:
            entry.wanted = _wanted(entry)
            if not entry.is_stale and not entry.is_switch:
                entry.after = _held_after(entry)
            if not entry.wanted <= entry.after.keys():
                lacking[entry.mapper].append(entry.identity)
    rows = {mapper: read_rows(mapper, entry.connection, keys) for mapper, keys in lacking.items()}
    for entry in buffer.flushed:
        if rows:
            _take(entry, rows.get(entry.mapper, {}).get(entry.identity, {}))
        _finish(entry)
    buffer.settled += buffer.flushed
    buffer.flushed = []


def _wanted(entry: Entry) -> frozenset[str]:
    """Return the fields whose values after the flush must be known."""
    scope = entry.scope
    if entry.is_switch:
        return scope.fields
    if entry.action == CREATE:
        return scope.recorded
    changed, set_now = entry.changed, entry.state.committed_state.keys()
    if set_now != changed:
        changed |= set_now
    is_written = scope.automatic and not changed.isdisjoint(scope.shape.columns)
    return (scope.fields & changed) | scope.automatic if is_written else scope.fields & changed


def _held_after(entry: Entry) -> Row:
    """Return what the object holds of its row now: values to be told only where they are what the row holds."""
    state, scope, is_new = entry.state, entry.scope, entry.action == CREATE
    if is_new:
        return held_values(state, scope.unrecorded) | known_after(state, scope.recorded, scope.shape, is_new=True)
    names = entry.wanted
    if names <= scope.recorded:
        return known_after(state, names, scope.shape, is_new=False)
    known = known_after(state, names & scope.recorded, scope.shape, is_new=False)
    return held_values(state, names - scope.recorded) | known


def _take(entry: Entry, row: Row) -> None:
    """Take what was read of *row* into what the entry became."""
    entry.after = {n: row[n] for n in entry.wanted if n in row} | entry.after


def _finish(entry: Entry) -> None:
    """Take the links into what the entry became; of an update keep only what changed."""
    if entry.links:
        _take_links(entry)
    entry.current = {**entry.before, **entry.after} if entry.before else entry.after
    if entry.action == UPDATE:
        changed = changed_names(entry.before, entry.after)
        entry.before = {n: entry.before[n] for n in changed if n in entry.before}
        entry.after = {n: entry.after[n] for n in changed}


def _take_links(entry: Entry) -> None:
    entry.before = entry.before | entry.links
    if entry.action != DELETE:
        row = held_values(entry.state, entry.scope.shape.columns)
        links = {n: read_link(entry.scope.shape.links[n], entry.connection, row) for n in entry.links}
        entry.after = entry.after | {n: v for n, v in links.items() if v or entry.action == UPDATE}


def capture(session: Session, buffer: Buffer) -> None:
    """Add what the flush did to the captures; the objects may be asked for anything now."""
    entries, buffer.settled = buffer.settled, []
    for connection, owner in buffer.ahead.owners.values():
        buffer.captures += compare(connection, [owner], registry.actor_for(owner.mapper.class_))
    actors: dict[Mapper[Any], Actor] = {}
    with session.no_autoflush:
        for entry in entries:
            actor = actors.get(entry.mapper) or actors.setdefault(entry.mapper, registry.actor_for(entry.mapper.class_))
            if entry.children:
                leader = {entry.leader: _row_now(entry)}
                buffer.captures += compare(entry.connection, entry.children, actor, leader)
            if not entry.is_gone and (entry.action != UPDATE or entry.after):
                buffer.captures.append(_capture_of(entry, actor))


def _row_now(entry: Entry) -> Row:
    return {**entry.leader.row, **held_values(entry.state, entry.scope.shape.columns)}


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


def _capture_of(entry: Entry, actor: Actor) -> Capture:
    model: type = entry.mapper.class_
    before = {} if entry.action == CREATE else entry.before
    told = entry.told or _told(entry)
    return Capture(model, entry.was, entry.identity, entry.action, before, entry.after, entry.current, *told, actor)
